/** Wrong monoids and merges. */
import * as fc from 'fast-check'
import * as Setting from '../../../laws/arbitrary/Settings.js'
import { monoid } from '../../../laws/rules/monoids.js'
import { merging } from '../../../laws/rules/session.js'
import * as RedirectPolicy from '../../../src/session/RedirectPolicy.js'
import * as Settings from '../../../src/session/Settings.js'
import * as Merge from '../../../src/stages/Merge.js'
import * as Override from '../../../src/values/Override.js'
import * as Query from '../../../src/values/Query.js'
import type { Case } from './Lawbreaker.js'

type Source = Override.Layer<Query.Source>

const verdict = fc.constantFrom(
  RedirectPolicy.toFollow,
  RedirectPolicy.toStop,
  RedirectPolicy.toRefuse('a'),
  RedirectPolicy.toRefuse('b'),
)

export const monoids: Case = {
  set: 'monoid',
  lawful: monoid(Settings.Monoid, Setting.settings),
  breakers: [
    {
      mistake: 'the first wins',
      history: 'the environment over the session in requests (#3829)',
      breaks: ['empty is a left identity'],
      rules: monoid({ ...Override.getMonoid<number>(), concat: <A>(x: A): A => x }, Setting.override),
    },
    {
      mistake: 'a default that is a value: None for both inherited and removed',
      history: 'merge_setting in requests, None',
      breaks: ['empty is a right identity'],
      rules: monoid({ empty: Override.unset, concat: Override.getMonoid<number>().concat }, Setting.override),
    },
    {
      mistake: 'text and records of a query merged by "the later, unless both are records"',
      history: 'merge_setting in requests',
      breaks: ['concat is associative'],
      rules: monoid(
        {
          empty: Override.inherit,
          concat: (x: Source, y: Source): Source => {
            if (y._tag === 'Inherit') return x
            return x._tag === 'Inherit' ? y : Override.extend(Query.SourceSemigroup.concat(x.value, y.value))
          },
        },
        Setting.queryLayer,
      ),
    },
    {
      mistake: 'policies that stop by default',
      history: 'a deny list with the wrong default',
      breaks: ['empty is a left identity', 'empty is a right identity'],
      rules: monoid({ empty: RedirectPolicy.toStop, concat: RedirectPolicy.VerdictMonoid.concat }, verdict),
    },
  ],
}

const reversed: typeof Merge.merge = (session) => (request) => ({
  session,
  request,
  settings: Settings.Monoid.concat(request.settings, session.settings),
})

/** Sends a header of the request and, under another spelling, that of the session. */
const cased: typeof Merge.merge = (session) => (request) => {
  const merged = Merge.merge(session)(request)
  const doubled = new Map(merged.settings.headers)
  for (const [key, header] of session.settings.headers) doubled.set(` ${key}`, header)
  return { ...merged, settings: { ...merged.settings, headers: doubled } }
}

export const merges: Case = {
  set: 'merging',
  lawful: merging(Merge.merge),
  breakers: [
    {
      mistake: 'the session wins',
      history: 'requests, of the environment and the session (#3829)',
      breaks: ['a setting of the request has precedence', 'a setting that the request removes is removed'],
      rules: merging(reversed),
    },
    {
      mistake: 'names are looked up with case',
      history: 'headers in a plain record',
      breaks: ['a setting of the request has precedence', 'a setting that the request removes is removed'],
      rules: merging(cased),
    },
    {
      mistake: 'a request without headers repeats the headers of the session',
      history: 'requests #5833: Session.prepare_request and Request.prepare differ',
      breaks: ['merge is a monoid action'],
      rules: merging((session) => (request) => {
        const merged = Merge.merge(session)(request)
        const isSilent = request.settings.headers.size === 0
        return isSilent ? { ...merged, settings: { ...merged.settings, headers: Override.noKeys } } : merged
      }),
    },
  ],
}

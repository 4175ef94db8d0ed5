/**
 * Renders the result of `Jar.why` for a terminal: every cookie of a jar, whether it is sent, and why not.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Jar, Why } from 'requests-ts'
 *
 * const now = new Date(0)
 * const [jar] = Jar.absorb(new URL('https://example.com/'), ['sid=1', 'old=2; Path=/old'], now)(Jar.empty)
 * assert.equal(pipe(jar, Jar.why(new URL('https://example.com/'), now), Why.render()), [
 *   '  sid                sent       for example.com/, until the session ends',
 *   '                                set by https://example.com/',
 *   '  old                not sent   it is for another path',
 *   '                                for example.com/old, until the session ends',
 *   '                                set by https://example.com/'].join('\n'))
 */
import * as O from 'fp-ts/lib/Option.js'
import type * as Jar from '../cookies/Jar.js'
import { REASONS } from './explain/Omitted.js'
import * as Layout from './Layout.js'
import * as Paint from './Paint.js'
import { scopeAndExpiry } from './Story.js'

const NAME = 18
const VERDICT = 10

/** Returns one block for each cookie, in creation order. Never shows values. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (whys: ReadonlyArray<Jar.Why>): string => {
    if (whys.length === 0) return '  no cookies'
    return whys
      .flatMap(({ cookie, verdict, setBy }) => {
        const isSent = verdict === 'sent'
        const status = {
          text: isSent ? 'sent' : 'not sent',
          width: VERDICT,
          paint: isSent ? paint.good : paint.warning,
        }
        const details = [scopeAndExpiry(cookie), O.isSome(setBy) ? `set by ${setBy.value}` : 'set by hand']
        const [first = '', ...others] = isSent ? details : [REASONS[verdict], ...details]
        return [
          ...Layout.row([{ text: cookie.name, width: NAME, paint: paint.name }, status, { text: first }], columns),
          ...others.flatMap((line) => Layout.paragraph(line, columns, NAME + VERDICT + 4, paint.faint)),
        ]
      })
      .join('\n')
  }

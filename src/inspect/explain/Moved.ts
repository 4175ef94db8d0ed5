/**
 * What stayed behind when a request left the base's origin, or when a plan followed a redirect.
 */
import * as O from 'fp-ts/lib/Option.js'
import { isOfContent, shouldStripAuth } from '../../stages/Redirect.js'
import * as HeadersOf from '../../values/Headers.js'
import * as Proxy from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import type { Before, Entry, Ground } from './Ground.js'
import { label } from './Part.js'
import type { Dropped } from './Source.js'

const AWAY = 'an absolute URL away from the base takes no credentials, query or Host of the session along'

/** The session's credentials that a request to another origin does not take along. */
const left = ({ leaves, given, merged }: Ground): ReadonlyArray<Dropped> => {
  if (!leaves) return []
  const before = given.session.settings
  const after = merged.session.settings
  const drop = (what: string): Dropped => ({ what, layer: 'session', value: Secret.REDACTED, why: AWAY })
  const headers = [...before.headers].flatMap(([key, override]) =>
    override._tag === 'Set' && !after.headers.has(key) ? [drop(`header ${override.value.name}`)] : [],
  )
  const cookies = [...before.cookies].flatMap(([name, override]) =>
    override._tag === 'Set' ? [drop(`cookie ${name}`)] : [],
  )
  return [
    ...(before.auth._tag === 'Set' ? [drop('auth')] : []),
    ...(before.query._tag === 'Inherit' ? [] : [drop('query')]),
    ...headers,
    ...cookies,
    ...(before.certificate._tag === 'Set' ? [drop('client certificate')] : []),
  ]
}

const reasonFor = (ground: Ground, { plan }: Before, name: string, value: HeadersOf.Value): string => {
  if (isOfContent(name) && plan.method !== ground.plan.method) return 'the body is not sent again'
  const strips = shouldStripAuth(plan.url, ground.plan.url)
  if (strips && HeadersOf.sameName(name, 'Host')) return 'it named the host before'
  if (strips && Secret.is(value)) return `it is secret, and ${ground.plan.url.origin} is another origin`
  return 'it was worked out anew'
}

const lines = (ground: Ground, before: Before): ReadonlyArray<Dropped> =>
  before.entries.flatMap(({ part, layer }: Entry): ReadonlyArray<Dropped> => {
    if (part._tag === 'Cookie') {
      const has = Secret.reveal(HeadersOf.find(ground.plan.headers, 'Cookie') ?? '').split('; ')
      if (has.includes(Secret.reveal(part.pair))) return []
      const isJars = layer === 'jar'
      const why = isJars ? 'the jar has it no more for this URL' : 'it was given along to the first origin only'
      return [{ what: `cookie ${label(part).name}`, layer, value: Secret.REDACTED, why }]
    }
    if (part._tag !== 'Header' || HeadersOf.has(part.name)(ground.plan.headers)) return []
    const why = reasonFor(ground, before, part.name, part.value)
    return [{ what: `header ${part.name}`, layer, value: label(part).value, why }]
  })

const others = (ground: Ground, { plan, head }: Before): ReadonlyArray<Dropped> => {
  const found: Dropped[] = []
  if (plan.body._tag !== 'Empty' && ground.plan.body._tag === 'Empty') {
    const value = label({ _tag: 'Body', body: plan.body }).value
    const why = `a ${head.status} turns ${plan.method} into ${ground.plan.method}, which has none`
    found.push({ what: 'body', layer: 'request', value, why })
  }
  const { proxy } = plan.route
  if (O.isSome(proxy) && O.isSome(proxy.value.authorization)) {
    const next = ground.plan.route.proxy
    if (O.isNone(next) || !Proxy.sameServer(proxy.value, next.value)) {
      const why = 'another proxy, or none, carries the next request'
      found.push({ what: 'Proxy-Authorization', layer: 'request', value: Secret.REDACTED, why })
    }
  }
  return found
}

/** What stayed behind. */
export const dropped = (ground: Ground): ReadonlyArray<Dropped> =>
  O.isNone(ground.before)
    ? left(ground)
    : [...lines(ground, ground.before.value), ...others(ground, ground.before.value)]

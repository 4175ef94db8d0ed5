/**
 * A client that answers digest challenges as D24 specifies: a model independent of the library's implementation.
 *
 * | rule                                                                               |
 * |------------------------------------------------------------------------------------|
 * | only a 401 is a challenge, once for each hop, and only if credentials are allowed  |
 * | the challenge is stored for its origin and realm; a new nonce counts from 1        |
 * | the answer is for the realm of the challenge, or else the newest one of the origin |
 * | a known challenge is answered at once, on the first request and after a redirect   |
 * | cookies of a 401 are sent with the answer                                          |
 */
import type { AnswerSpec } from '../shapes.js'
import { type Cookies, placeOf, sentTo, takeAll } from './cookie-jar.js'
import { authorization, type Challenge, cnonceFor, firstAnswerable } from './digest.js'
import { cookiePairs } from './given-cookies.js'
import { onTheWire } from './normal-url.js'
import { stripsAuth } from './strip.js'

export interface Credentials {
  readonly user: string
  readonly pass: string
}

interface Known {
  readonly origin: string
  readonly challenge: Challenge
  readonly count: number
}

/** The known challenges, newest last. */
type Memory = ReadonlyArray<Known>

export interface Held {
  readonly memory: Memory
  readonly cookies: Cookies
  /** Epoch milliseconds. */
  readonly now: number
}

/** A request before credentials and cookies are added. */
export interface Outgoing {
  readonly method: string
  readonly url: string
  /** Base64; null without a body. */
  readonly body: string | null
  /** Whether the body can be read only once. */
  readonly once: boolean
}

export interface Sent extends Omit<Outgoing, 'once'> {
  readonly authorization: string | null
  readonly cookie: string | null
}

export interface Exchange {
  readonly requests: ReadonlyArray<Sent>
  readonly status?: number
  readonly history?: ReadonlyArray<number>
  readonly error?: string
}

const originOf = (url: string): string => new URL(url).origin
const targetOf = (url: string): string => /^[^:]+:\/\/[^/?#]*([^#]*)/.exec(url)?.[1] ?? '/'

const sameContent = (x: Challenge, y: Challenge): boolean =>
  x.nonce === y.nonce && x.opaque === y.opaque && x.algorithm === y.algorithm && x.qop === y.qop

const remembered = (memory: Memory, origin: string, challenge: Challenge): Memory => {
  const isSame = (known: Known): boolean => known.origin === origin && known.challenge.realm === challenge.realm
  const old = memory.find(isSame)
  if (old !== undefined && sameContent(old.challenge, challenge)) return memory
  const count = old?.challenge.nonce === challenge.nonce ? old.count : 0
  return [...memory.filter((known) => !isSame(known)), { origin, challenge, count }]
}

/** Returns the challenge of the realm, or by default the newest one. */
const knownFor = (memory: Memory, url: string, realm: string | undefined): Known | undefined =>
  memory.findLast(
    ({ origin, challenge }) => origin === originOf(url) && (realm === undefined || challenge.realm === realm),
  )

const counted = (memory: Memory, used: Known): Memory =>
  memory.map((known) => (known === used ? { ...known, count: known.count + 1 } : known))

interface Signed {
  readonly authorization: string | null
  readonly memory: Memory
}

const sign = (
  memory: Memory,
  { user, pass }: Credentials,
  { method, url }: Outgoing,
  realm: string | undefined,
): Signed => {
  const known = knownFor(memory, url, realm)
  if (known === undefined) return { authorization: null, memory }
  const { challenge } = known
  const count = known.count + 1
  const cnonce = cnonceFor(challenge.nonce, count)
  const header = authorization({ user, pass, challenge, method, target: targetOf(url), count, cnonce })
  return { authorization: header, memory: counted(memory, known) }
}

const valuesOf = ({ headers }: AnswerSpec, wanted: string): ReadonlyArray<string> =>
  headers.flatMap(([name, value]) => (name.toLowerCase() === wanted && value._tag === 'Str' ? [value.text] : []))

const redirected = (outgoing: Outgoing, answer: AnswerSpec): Outgoing | undefined => {
  const [location] = valuesOf(answer, 'location')
  const { status } = answer
  if (location === undefined || location === '' || ![301, 302, 303, 307, 308].includes(status)) return undefined
  const { method } = outgoing
  const becomesGet = method !== 'HEAD' && (status === 302 || status === 303 || (status === 301 && method === 'POST'))
  const url = onTheWire(new URL(location, outgoing.url).href)
  return becomesGet ? { method: 'GET', url, body: null, once: false } : { ...outgoing, url }
}

/** Runs a request with its redirects and challenges. `settingCookies` are the cookies of the session's settings. */
export const run = (
  held: Held,
  credentials: Credentials,
  first: Outgoing,
  script: ReadonlyArray<AnswerSpec>,
  settingCookies: ReadonlyArray<string>,
): readonly [Exchange, Held] => {
  let { memory, cookies, now } = held
  let outgoing = first
  let trusted = true
  let asking: string | undefined
  const requests: Sent[] = []
  const statuses: number[] = []
  const ended = (rest: Omit<Exchange, 'requests'>): readonly [Exchange, Held] => [
    { requests, ...rest },
    { memory, cookies, now },
  ]
  for (const answer of script) {
    const signed = trusted ? sign(memory, credentials, outgoing, asking) : { authorization: null, memory }
    memory = signed.memory
    const pairs = cookiePairs(sentTo(cookies, placeOf(outgoing.url, now)), trusted ? settingCookies : [])
    const { once, ...sent } = outgoing
    requests.push({
      ...sent,
      authorization: signed.authorization,
      cookie: pairs.length === 0 ? null : pairs.join('; '),
    })
    now += (answer.advance ?? 0) * 1000
    cookies = takeAll(cookies, placeOf(outgoing.url, now), valuesOf(answer, 'set-cookie'))
    const challenge = answer.status === 401 ? firstAnswerable(valuesOf(answer, 'www-authenticate')) : undefined
    if (challenge !== undefined && trusted && asking === undefined) {
      if (once) return ended({ error: 'UnrewindableBodyError' })
      memory = remembered(memory, originOf(outgoing.url), challenge)
      asking = challenge.realm
      statuses.push(answer.status)
      continue
    }
    const next = redirected(outgoing, answer)
    if (next === undefined) return ended({ status: answer.status, history: statuses })
    trusted = trusted && stripsAuth(outgoing.url, next.url) === false
    outgoing = next
    asking = undefined
    statuses.push(answer.status)
  }
  return ended({})
}

/**
 * Lets the programs of one client share a token request: of those that would send the same request at the same time, one sends
 * it, and the others wait for its token.
 *
 * | the request that has the token                            | the others                              |
 * |-----------------------------------------------------------|-----------------------------------------|
 * | obtains it                                                | use it                                  |
 * | is refused, or gets no token                              | fail in the same way                    |
 * | is aborted, or reaches its total timeout                  | one of them sends the request           |
 *
 * Two requests are the same if they have the same bytes (cookies included), credentials, name and way to the server. So programs
 * of different users do not share a token. Functions are compared by identity: a signer, `read`, and a scheme that makes the
 * token of the request itself. The newest tokens are kept, for programs that started earlier.
 */
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Jar from '../cookies/Jar.js'
import type { Session } from '../session/Session.js'
import type { TokenFailed, TokenRefused } from '../stages/AuthError.js'
import type { Exchange, Waiting } from '../stages/ExchangeState.js'
import { isDigestAnswer } from '../stages/prepare/ProxyDigest.js'
import { signatureOf, unsigned } from '../stages/Unsigned.js'
import * as Hash from '../values/Hash.js'
import * as Headers from '../values/Headers.js'
import * as Octets from '../values/Octets.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Plan from '../wire/Plan.js'

/** How a token request ended. */
export type Landing =
  | { readonly _tag: 'Obtained'; readonly jar: Jar.Jar }
  | {
      readonly _tag: 'Failed'
      readonly error: TokenRefused | TokenFailed
      /** With a refresh token that the server replaced nevertheless. */
      readonly jar: Jar.Jar
    }
  | { readonly _tag: 'Left' }

/** A token request that runs. */
export interface Flight {
  /** Reports its end, once. */
  readonly land: (landing: Landing) => void
}

/** The token requests of a client. */
export interface SharedTokens {
  /**
   * Returns a text that is the same for equal requests; `undefined` if the body is a stream, which cannot be compared. The mounts
   * select the transport.
   */
  readonly keyOf: (x: Exchange, mounts: Session['mounts']) => string | undefined
  /** Returns a jar with the token that an equal request obtained last. */
  readonly known: (request: string) => Jar.Jar | undefined
  /** Returns the end of an equal request that runs now. */
  readonly running: (request: string) => Promise<Landing> | undefined
  /** Starts a request. */
  readonly start: (request: string) => Flight
}

/** The answer to a digest challenge differs for each plan, so what it is made from is compared: as Basic, if it is not known yet. */
const proxyParts = (proxy: Proxy.Proxy): ReadonlyArray<unknown> => {
  const { credentials, authorization } = proxy
  const sent = O.toUndefined(O.map(Secret.reveal)(authorization)) ?? ''
  if (O.isNone(credentials)) return [Proxy.show(proxy), sent]
  const [user, pass] = [Secret.reveal(credentials.value.user), Secret.reveal(credentials.value.pass)]
  return [Proxy.show(proxy), user, pass, isDigestAnswer(sent) ? Secret.reveal(Proxy.basic(user, pass)) : sent]
}

const contentOf = (part: unknown): string | null => {
  const content = Secret.is(part) ? Secret.open<unknown>(part) : part
  if (content instanceof Uint8Array) return Octets.toBase64(content)
  return typeof content === 'string' ? content : null
}

const certificateParts = ({ cert, key, pfx, passphrase }: Plan.ClientCertificate): ReadonlyArray<string | null> =>
  [cert, key, pfx, passphrase].map(contentOf)

/** What decides how a request reaches its server, and how long it may take. The total timeout is that of one program. */
const routeParts = ({ proxy, tls, timeouts, limits }: Plan.Route): ReadonlyArray<unknown> => {
  const { connect, read } = timeouts
  const through = O.isNone(proxy) ? null : proxyParts(proxy.value)
  const certificate = O.isNone(tls.certificate) ? null : certificateParts(tls.certificate.value)
  return [through, tls.verify, O.toNullable(tls.ca), certificate, connect ?? null, read ?? null, limits.body]
}

/** What identifies the caller to the server, and is not in the bytes of an unsigned plan. */
const authParts = ({ plan, merged }: Exchange, idOf: (o: object) => number): ReadonlyArray<unknown> => {
  const { auth } = merged.settings
  if (auth._tag !== 'Set') return []
  switch (auth.value._tag) {
    case 'Digest':
      return [auth.value.user, Secret.reveal(auth.value.pass)]
    case 'Signer':
    case 'SignerTask':
      return [idOf(auth.value)]
    case 'Renewable': {
      const used = signatureOf(plan)?.token
      return [idOf(auth.value), used === undefined ? null : Secret.reveal(used.token.accessToken)]
    }
    default:
      return []
  }
}

const textOf = (x: Exchange, waiting: Waiting, mounts: Session['mounts'], idOf: (o: object) => number): string => {
  const { method, url, headers: all } = Plan.wire(unsigned(x.plan))
  // In the parts of the route.
  const headers = all.filter(([name]) => !Headers.sameName(name, 'Proxy-Authorization'))
  const { auth, key } = waiting
  return JSON.stringify([
    ...[method, url, headers, key.name, key.endpoint, idOf(auth.read)],
    ...[routeParts(x.plan.route), authParts(x, idOf), idOf(mounts)],
  ])
}

/** A request that no other one can share. */
export const ALONE: Flight = { land: () => {} }

/** How many tokens are kept. */
const LIMIT = 180

/** Makes the state of a client. */
export const make: IO<SharedTokens> = () => {
  const ids = new WeakMap<object, number>()
  let lastId = 0
  const idOf = (o: object): number => {
    const id = ids.get(o) ?? lastId + 1
    if (id > lastId) {
      lastId = id
      ids.set(o, id)
    }
    return id
  }
  const keyOf: SharedTokens['keyOf'] = (x, mounts) => {
    const { body } = x.plan
    if (x.waiting === undefined || body._tag === 'Stream' || body._tag === 'Once') return undefined
    const content = body._tag === 'Bytes' ? Secret.open(body.bytes) : ''
    return Hash.hex('sha256', textOf(x, x.waiting, mounts, idOf), content)
  }

  const known = new Map<string, Jar.Jar>()
  const running = new Map<string, Promise<Landing>>()

  const keep = (request: string, jar: Jar.Jar): void => {
    known.delete(request)
    known.set(request, jar)
    const [oldest] = known.keys()
    if (known.size > LIMIT && oldest !== undefined) known.delete(oldest)
  }

  const start = (request: string): Flight => {
    let resolve: (landing: Landing) => void = () => {}
    const landed = new Promise<Landing>((settle) => {
      resolve = settle
    })
    running.set(request, landed)
    const land = (landing: Landing): void => {
      if (running.get(request) === landed) running.delete(request)
      if (landing._tag === 'Obtained') keep(request, landing.jar)
      resolve(landing)
    }
    return { land }
  }

  return { keyOf, known: (request) => known.get(request), running: (request) => running.get(request), start }
}

/**
 * What fetch cannot do, as a list. `refusals` checks a plan before anything is sent, `Transport.fetch` returns the result as
 * `Unsupported`, and the table of the guide has one row for each entry.
 *
 * A field is not refused if fetch writes it itself and its loss changes nothing: a Host of the URL, the Content-Length of the
 * body, and what `Session.defaults` sets: Accept-Encoding, User-Agent and `Connection: keep-alive`. Messages have names of
 * fields, but no values.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { supported } from '../../wire/coding/ContentEncoding.js'
import type { Plan } from '../../wire/Plan.js'
import { BAD_PORTS } from './BadPorts.js'
import type { Capabilities } from './Capabilities.js'

/**
 * The name of something that fetch cannot do.
 *
 * @since 0.2.0
 * @category model
 */
export type RestrictionName =
  | 'scheme'
  | 'port'
  | 'method'
  | 'method case'
  | 'body of GET'
  | 'stream'
  | 'cookie'
  | 'host'
  | 'content length'
  | 'header'
  | 'header syntax'
  | 'proxy'
  | 'tls'
  | 'connect timeout'

/**
 * Something that fetch cannot do.
 *
 * @since 0.2.0
 * @category model
 */
export interface Restriction {
  /** Is stable, and is in the field `unsupported` of the fault. */
  readonly name: RestrictionName
  /** One line for a table. */
  readonly title: string
  /** What to do instead. */
  readonly hint: string
  /** Returns what a plan needs that fetch does not do, or `undefined`. */
  readonly problem: (plan: Plan, fetch: Capabilities) => string | undefined
}

/**
 * Why a plan cannot be sent.
 *
 * @since 0.2.0
 * @category model
 */
export interface Refusal {
  /** That of the restriction. */
  readonly name: RestrictionName
  /** What fetch does not do, without values of header fields. */
  readonly problem: string
  /** What to do instead. */
  readonly hint: string
}

// --- header fields ---------------------------------------------------------------------------------------------------

const hostOf = ({ url }: Plan): string => url.origin.slice(url.protocol.length + 2)

/** Returns the length that fetch sends for a body, or `undefined` if it does not know it. */
const lengthOf = ({ body }: Plan): number | undefined => (body._tag === 'Empty' ? 0 : O.toUndefined(Body.length(body)))

/** The methods that the Fetch standard forbids, and those that it writes in upper case. */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])
const UPPER_CASE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

/** Fields that name another method. They are forbidden only with a forbidden method. */
const OVERRIDES: ReadonlySet<string> = new Set(['x-http-method', 'x-http-method-override', 'x-method-override'])

/** The User-Agent of `Session.defaults`. */
const DEFAULT_USER_AGENT = /^requests-ts\/[\d.]+$/

/** Whether losing a field changes nothing, because fetch writes it itself. */
const isWrittenByFetch = (plan: Plan, name: string, value: string): boolean => {
  switch (name) {
    case 'connection':
      return value.toLowerCase() === 'keep-alive'
    case 'user-agent':
      return DEFAULT_USER_AGENT.test(value)
    case 'accept-encoding':
      return value === supported
    case 'host':
      return value.toLowerCase() === hostOf(plan).toLowerCase()
    case 'content-length':
      return value === String(lengthOf(plan))
    default:
      return false
  }
}

/** Whether fetch rejects, drops or overwrites a field. The name is in lower case. */
export const isForbiddenName = (name: string, { forbiddenHeaders }: Capabilities): boolean =>
  forbiddenHeaders.some((given) => (given.endsWith('*') ? name.startsWith(given.slice(0, -1)) : given === name))

const isForbidden = (name: string, value: string, fetch: Capabilities): boolean => {
  if (!isForbiddenName(name, fetch)) return false
  if (!OVERRIDES.has(name)) return true
  return value.split(',').some((method) => FORBIDDEN_METHODS.has(method.trim().toUpperCase()))
}

/**
 * How a field of a plan reaches the server.
 *
 * | treatment | the field                                                 |
 * |-----------|-----------------------------------------------------------|
 * | `Sent`    | is passed to fetch                                        |
 * | `Written` | is not passed: fetch writes the same                      |
 * | `Refused` | cannot be sent                                            |
 */
export type Treatment = 'Sent' | 'Written' | 'Refused'

/** Returns how a field reaches the server. */
export const treatment = (plan: Plan, fetch: Capabilities, [name, value]: Headers.Field): Treatment => {
  const key = name.toLowerCase()
  const text = Secret.reveal(value)
  // Framing, which no transport takes from a plan.
  if (key === 'transfer-encoding') return 'Written'
  const isLength = key === 'content-length'
  if (isLength && lengthOf(plan) !== undefined && text !== String(lengthOf(plan))) return 'Refused'
  if (!isLength && !isForbidden(key, text, fetch)) return 'Sent'
  if (isWrittenByFetch(plan, key, text)) return 'Written'
  return isLength && !isForbiddenName(key, fetch) ? 'Sent' : 'Refused'
}

const refusedNames = (plan: Plan, fetch: Capabilities): ReadonlyArray<string> => {
  const names = plan.headers.fields.flatMap((field) => (treatment(plan, fetch, field) === 'Refused' ? [field[0]] : []))
  return [...new Set(names)]
}

/** Fields with a restriction of their own, and its hint. */
const SPECIAL: ReadonlySet<string> = new Set(['cookie', 'host', 'content-length'])

const refusedField =
  (wanted: string) =>
  (plan: Plan, fetch: Capabilities): string | undefined =>
    refusedNames(plan, fetch).some((name) => name.toLowerCase() === wanted)
      ? `it does not send the field ${wanted} of a request`
      : undefined

// --- the list --------------------------------------------------------------------------------------------------------

/** Whether fetch sends a method in upper case instead. */
const isRewritten = (method: string, methods: Capabilities['methods']): boolean => {
  const upper = method.toUpperCase()
  return method !== upper && (methods === 'Standard' ? UPPER_CASE_METHODS.has(upper) : methods.includes(upper))
}

const portOf = ({ url }: Plan): number => Number(url.port)

const isStream = ({ body }: Plan): boolean => body._tag === 'Stream' || body._tag === 'Once'

const isStreamed = ({ url }: Plan, { requestStreams }: Capabilities): boolean =>
  requestStreams === 'Any' || (requestStreams === 'Https' && url.protocol === 'https:')

const isGet = ({ method }: Plan): boolean => /^(?:get|head)$/i.test(method)

const hasDefaultTls = ({ url, route: { tls } }: Plan): boolean =>
  url.protocol === 'http:' || (tls.verify && O.isNone(tls.ca) && O.isNone(tls.certificate))

/**
 * Everything that a fetch cannot do, in the order of the guide.
 *
 * @since 0.2.0
 * @category constructors
 */
export const restrictions: ReadonlyArray<Restriction> = [
  {
    name: 'scheme',
    title: 'URLs other than http and https, such as those of unix sockets',
    hint: 'use Transport.undici',
    problem: ({ url }) => (Url.isHttp(url) ? undefined : `it does not send to ${url.protocol} URLs`),
  },
  {
    name: 'port',
    title: 'ports of other protocols, such as 25',
    hint: 'use another port, or Transport.undici',
    problem: (plan, { badPorts }) =>
      badPorts === 'Blocked' && BAD_PORTS.has(portOf(plan)) ? `it blocks port ${portOf(plan)}` : undefined,
  },
  {
    name: 'method',
    title: 'methods such as CONNECT and TRACE, and methods that are not a token',
    hint: 'use another method, or Transport.undici',
    problem: ({ method }, { methods }) => {
      if (!Headers.isName(method)) return 'the method is not a token'
      const isSent = methods === 'Standard' ? !FORBIDDEN_METHODS.has(method.toUpperCase()) : methods.includes(method)
      return isSent || isRewritten(method, methods) ? undefined : `it does not send the method ${method}`
    },
  },
  {
    name: 'method case',
    title: 'standard methods in lower case',
    hint: 'write the method in upper case',
    problem: ({ method }, { methods }) =>
      isRewritten(method, methods) ? `it would send the method ${method} as ${method.toUpperCase()}` : undefined,
  },
  {
    name: 'body of GET',
    title: 'a body with GET or HEAD',
    hint: 'use POST or QUERY, or Transport.undici',
    problem: (plan) =>
      isGet(plan) && (isStream(plan) || lengthOf(plan) !== 0)
        ? `it does not send a body with ${plan.method}`
        : undefined,
  },
  {
    name: 'stream',
    title: 'a body that is streamed',
    hint: 'read the stream into memory and use withBytes',
    problem: (plan, fetch) =>
      isStream(plan) && !isStreamed(plan, fetch)
        ? `it does not stream a request body to ${plan.url.protocol} URLs`
        : undefined,
  },
  {
    name: 'cookie',
    title: 'the field Cookie, and so a cookie jar',
    hint: "use the cookies of the browser: Transport.fetch({ init: { credentials: 'include' } }) with an empty jar",
    problem: refusedField('cookie'),
  },
  {
    name: 'host',
    title: 'a Host other than that of the URL',
    hint: 'put the host into the URL, or use Transport.undici',
    problem: refusedField('host'),
  },
  {
    name: 'content length',
    title: 'a Content-Length other than that of the body',
    hint: 'remove the field: fetch computes it',
    problem: refusedField('content-length'),
  },
  {
    name: 'header',
    title: 'other fields that fetch writes itself',
    hint: 'remove them, or use Transport.undici',
    problem: (plan, fetch) => {
      const names = refusedNames(plan, fetch).filter((name) => !SPECIAL.has(name.toLowerCase()))
      return names.length === 0 ? undefined : `it does not send these fields of a request: ${names.join(', ')}`
    },
  },
  {
    name: 'header syntax',
    title: 'field values that are not ASCII, or not Latin-1, and control characters',
    hint: 'encode the value, for example as RFC 8187 describes',
    problem: ({ headers }, { headerValues }) => {
      const isWritten = (value: string): boolean => headerValues === 'Latin1' || /^[\t\x20-\x7e]*$/.test(value)
      const isValid = ([name, value]: Headers.Field): boolean =>
        Headers.isName(name) && Headers.isValue(Secret.reveal(value)) && isWritten(Secret.reveal(value))
      const count = headers.fields.filter((field) => !isValid(field)).length
      return count === 0 ? undefined : `${count} of the header fields have an invalid name or value`
    },
  },
  {
    name: 'proxy',
    title: 'a proxy',
    hint: 'use Session.withoutProxy, or Session.withAmbient({ proxies: false }) for one of the environment, or Transport.undici',
    problem: ({ route: { proxy } }) => (O.isSome(proxy) ? 'it does not use the proxy of the plan' : undefined),
  },
  {
    name: 'tls',
    title: '`verify: false`, a CA or a client certificate',
    hint: 'remove them, or use Session.withAmbient({ certificates: false }) for a CA of the environment, or Transport.undici',
    problem: (plan) =>
      hasDefaultTls(plan) ? undefined : 'it does not use verify, CA and client certificate of the plan',
  },
  {
    name: 'connect timeout',
    title: 'a connect timeout without a read timeout',
    hint: 'set timeouts.read too: fetch must then return a head within the sum of both',
    problem: ({ route: { timeouts } }) =>
      timeouts.connect !== undefined && timeouts.read === undefined
        ? 'it does not show when a connection is open'
        : undefined,
  },
]

/**
 * Returns everything that a plan needs and fetch does not do; empty if the plan can be sent. Pure: sends nothing.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Fetch, Plan, Request, Session } from 'requests-ts'
 *
 * const plan = pipe(
 *   Request.get('https://h.test/'), Request.withHeader('Cookie', 'a=1'), Request.withBytes(new Uint8Array(2)),
 *   Plan.plan({ session: Session.defaults }))
 * const names = E.map((one: Plan.Plan) => Fetch.refusals(Fetch.browser)(one).map(({ name }) => name))
 * assert.deepEqual(names(plan), E.right(['body of GET', 'cookie']))
 */
export const refusals =
  (fetch: Capabilities) =>
  (plan: Plan): ReadonlyArray<Refusal> =>
    restrictions.flatMap(({ name, hint, problem }) => {
      const found = problem(plan, fetch)
      return found === undefined ? [] : [{ name, problem: found, hint }]
    })

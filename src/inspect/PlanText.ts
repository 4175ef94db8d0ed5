/**
 * A plan as the text of its HTTP/1.1 message, and as canonical JSON. Secrets and the body are hidden by default;
 * `{ reveal: true }` shows them.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const message = pipe(
 *   Request.post('https://example.com/login?next=1'), Request.withForm({ user: 'me' }),
 *   Plan.plan({ session: Session.empty }), E.map(Plan.toHttp({ reveal: true })))
 * assert.deepEqual(message, E.right([
 *   'POST /login?next=1 HTTP/1.1', 'Host: example.com', 'Content-Length: 7',
 *   'Content-Type: application/x-www-form-urlencoded', '', 'user=me'].join('\r\n')))
 *
 * const text = (entropy: string) => pipe(
 *   Request.post('https://example.com/'), Request.withMultipart({ a: 'b' }),
 *   Plan.plan({ session: Session.defaults, entropy }), E.map(Plan.canonical({ reveal: true })))
 * assert.deepEqual(text('one'), text('two'))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as KeyHeader from '../stages/prepare/KeyHeader.js'
import { codingOf } from '../stages/prepare/Provenance.js'
import type * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Multipart from '../values/Multipart.js'
import * as Octets from '../values/Octets.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import { decode } from '../wire/coding/Coding.js'
import { type Plan, wireHeaders } from '../wire/Plan.js'
import { revealed } from './explain/FieldContent.js'
import { label } from './explain/FieldLabel.js'
import type { Of } from './explain/PlanField.js'
import * as Reveal from './Reveal.js'
import * as Shell from './Shell.js'

/** The request target: the whole URL if a proxy forwards the request (RFC 9112 3.2.2). */
const targetOf = ({ url, route }: Plan, options: Reveal.Reveal): string => {
  const target = Reveal.isOpen(options) ? Url.target(url) : `${url.pathname}${url.search}`
  return O.isSome(route.proxy) && Proxy.forwards(url.protocol)(route.proxy.value) ? `${url.origin}${target}` : target
}

const hostOf = ({ url: { protocol, hostname, port } }: Plan): string =>
  port === '' || port === Url.defaultPort(protocol) ? hostname : `${hostname}:${port}`

const bodyText = (body: Body.Payload, options: Reveal.Reveal): string => {
  if (body._tag === 'Empty') return ''
  const shown = `‹${label({ _tag: 'Body', body }).value}›`
  if (body._tag !== 'Bytes' || !Reveal.isOpen(options)) return shown
  return Shell.toText(Shell.ofBytes(Secret.open(body.bytes))) ?? shown
}

/**
 * Returns the message: request line, header lines, an empty line, the body. Lines end with CRLF, and header values have one
 * character for each octet, as on the wire. Streamed bodies, and those that are not UTF-8 text, are replaced by a label.
 * `Host` and `Connection` are where a transport writes them. Never fails.
 */
export const toHttp =
  (options: Reveal.Reveal = {}) =>
  (plan: Plan): string => {
    const open = Reveal.opening(options)
    return [
      `${plan.method} ${targetOf(plan, options)} HTTP/1.1`,
      ...(Headers.has('Host')(plan.headers) ? [] : [`Host: ${hostOf(plan)}`]),
      ...wireHeaders(plan).fields.map(([name, value]) => `${name}: ${open(value)}`),
      '',
      bodyText(plan.body, options),
    ].join('\r\n')
  }

const BOUNDARY = '‹boundary›'
const KEY = '‹idempotency key›'
const COMPRESSED_LENGTH = '‹compressed length›'

const boundaryOf = ({ headers }: Plan): string | undefined => {
  const type = Secret.reveal(Headers.find(headers, 'Content-Type') ?? '')
  return /^multipart\//i.test(type) ? Multipart.boundaryOf(type) : undefined
}

const headersOf = (plan: Plan, open: Reveal.Open): ReadonlyArray<string> => {
  const boundary = boundaryOf(plan)
  const minted = KeyHeader.mintedOf(plan)
  const isSizeRandom = boundary !== undefined && codingOf(plan)?._tag === 'Compressed'
  return plan.headers.fields.map(([name, value]) => {
    const key = name.toLowerCase()
    if (isSizeRandom && key === 'content-length') return `${key}: ${COMPRESSED_LENGTH}`
    const text = minted !== undefined && Headers.sameName(minted.name, name) ? KEY : open(value)
    return `${key}: ${key === 'content-type' && boundary !== undefined ? text.replace(boundary, BOUNDARY) : text}`
  })
}

/** The compressed bytes depend on the random boundary. Undefined if the plan did not compress them, or the runtime cannot decode. */
const beforeCompression = (plan: Plan, sent: Uint8Array): Uint8Array | undefined => {
  const decision = codingOf(plan)
  if (decision?._tag !== 'Compressed' || decision.size === undefined) return undefined
  return E.getOrElse<unknown, Uint8Array | undefined>(() => undefined)(decode([decision.coding], sent, decision.size))
}

const bodyOf = (plan: Plan, options: Reveal.Reveal): string | object => {
  const { body } = plan
  const described = label({ _tag: 'Body', body }).value
  if (body._tag !== 'Bytes' || !Reveal.isOpen(options)) return described
  const sent = Secret.open(body.bytes)
  const plain = beforeCompression(plan, sent)
  const octets = Shell.ofBytes(plain ?? sent)
  const boundary = boundaryOf(plan)
  const known = boundary === undefined ? octets : octets.replaceAll(`--${boundary}`, `--${Shell.ofText(BOUNDARY)}`)
  const text = Shell.toText(known)
  const content = text === undefined ? { base64: Octets.toBase64(Shell.toBytes(known)) } : { text }
  return plain === undefined ? content : { ...content, compressed: true }
}

const routeOf = ({ route: { proxy, tls, timeouts, limits } }: Plan, options: Reveal.Reveal): object => {
  const shown = (part: Of<'Proxy' | 'Certificate'>): string | object =>
    Reveal.isOpen(options) ? revealed(part) : label(part).value
  const { connect, read, total } = timeouts
  return {
    proxy: shown({ _tag: 'Proxy', proxy }),
    tls: {
      verify: tls.verify,
      ca: O.isSome(tls.ca) ? tls.ca.value : 'the built-in roots',
      certificate: shown({ _tag: 'Certificate', certificate: tls.certificate }),
    },
    timeouts: { connect, read, total },
    limits: { body: limits.body },
  }
}

/**
 * Returns the plan as canonical JSON, without its provenance: the same request gives the same text on every run and every
 * machine. Keys have a fixed order, header names are in lower case, absent values are left out, the random boundary of a multipart
 * body is `‹boundary›`, and a minted idempotency key is `‹idempotency key›`. With `{ reveal: true }` it has the body before it was
 * compressed, as text if it is UTF-8, else as base64.
 *
 * Law: equal plans have equal texts; plans that differ in what is written here have different texts. Never fails.
 */
export const canonical =
  (options: Reveal.Reveal = {}) =>
  (plan: Plan): string => {
    const json = {
      method: plan.method,
      url: Reveal.isOpen(options) ? Url.sentHref(plan.url) : plan.url.href,
      headers: headersOf(plan, Reveal.opening(options)),
      body: bodyOf(plan, options),
      route: routeOf(plan, options),
      cause: plan.cause,
    }
    return JSON.stringify(json, null, 2)
  }

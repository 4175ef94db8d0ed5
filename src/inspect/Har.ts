/**
 * Converts plans and their replies to a HAR 1.2 archive, the format of browsers' network panels.
 *
 * Secret headers, cookies and bodies are hidden by default; `{ reveal: true }` shows them. A plan that was not sent has
 * an empty response with status 0, which HAR requires. Bodies of replies are not included (D20).
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const har = pipe(
 *   Request.get('https://example.com/?q=a+b'), Request.withCookie('sid', 'hunter2'),
 *   Plan.plan({ session: Session.empty }), E.map(Plan.toHar()))
 * if (E.isLeft(har)) assert.fail()
 * const [entry] = har.right.log.entries
 * assert.deepEqual(entry?.request.queryString, [{ name: 'q', value: 'a b' }])
 * assert.deepEqual(entry?.request.cookies, [{ name: 'sid', value: '‹secret›' }])
 */
import * as O from 'fp-ts/lib/Option.js'
import { reasonOf } from '../session/auth/oauth2/ServerText.js'
import { VERSION } from '../session/Session.js'
import * as Provenance from '../stages/prepare/Provenance.js'
import { hide } from '../stages/ReplyRedaction.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Multipart from '../values/Multipart.js'
import * as Octets from '../values/Octets.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import { type Plan, wireHeaders } from '../wire/Plan.js'
import type { Head, Hop, Unread } from '../wire/Reply.js'
import { label, queryLabel } from './explain/FieldLabel.js'
import { split } from './explain/PlanField.js'
import type { FormParam, Har, HarEntry, HarRequest, HarResponse, HarTimings, NameValue, PostData } from './HarFormat.js'
import * as Reveal from './Reveal.js'
import * as Shell from './Shell.js'

export type {
  FormParam,
  Har,
  HarEntry,
  HarRequest,
  HarResponse,
  HarTimings,
  NameValue,
  PostData,
} from './HarFormat.js'

// --- forms ---------------------------------------------------------------------------------------------------------

// Only quotes and line ends are percent-encoded in names (WHATWG HTML, multipart/form-data encoding).
const unescaped = (text: string): string =>
  text.replace(/%0a|%0d|%22/gi, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)))

const parameter = (disposition: string, name: string): string | undefined => {
  const start = disposition.indexOf(`; ${name}="`)
  if (start < 0) return undefined
  const from = start + name.length + 4
  const end = disposition.indexOf('"', from)
  return end < 0 ? undefined : unescaped(Shell.toText(disposition.slice(from, end)) ?? disposition.slice(from, end))
}

const field = (lines: ReadonlyArray<string>, name: string): string | undefined => {
  const line = lines.find((one) => one.toLowerCase().startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim()
}

const partOf = (part: string): FormParam | undefined => {
  const end = part.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const lines = part.slice(0, end).split('\r\n')
  const disposition = field(lines, 'content-disposition') ?? ''
  const name = parameter(disposition, 'name')
  if (name === undefined) return undefined
  const value = Shell.toText(part.slice(end + 4))
  const fileName = parameter(disposition, 'filename')
  const contentType = field(lines, 'content-type')
  return {
    name,
    ...(value === undefined ? {} : { value }),
    ...(fileName === undefined ? {} : { fileName }),
    ...(contentType === undefined ? {} : { contentType }),
  }
}

const multipart = (bytes: Uint8Array, boundary: string): ReadonlyArray<FormParam> => {
  // The first delimiter is not preceded by a line end (RFC 2046 5.1.1).
  const [, ...parts] = `\r\n${Shell.ofBytes(bytes)}`.split(`\r\n--${boundary}`)
  return parts.flatMap((part) => {
    const found = part.startsWith('\r\n') ? partOf(part.slice(2)) : undefined
    return found === undefined ? [] : [found]
  })
}

/** Returns the fields of a form body; empty if the media type is not that of a form. */
const formParams = (mimeType: string, bytes: Uint8Array): ReadonlyArray<FormParam> => {
  if (/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(mimeType)) {
    return Array.from(new URLSearchParams(Octets.toText(bytes)), ([name, value]) => ({ name, value }))
  }
  const boundary = /^multipart\/form-data\s*(?:;|$)/i.test(mimeType) ? Multipart.boundaryOf(mimeType) : undefined
  return boundary === undefined || boundary === '' ? [] : multipart(bytes, boundary)
}

// --- requests ------------------------------------------------------------------------------------------------------

const fields = (headers: Headers.Headers, open: Reveal.Open): ReadonlyArray<NameValue> =>
  headers.fields.map(([name, value]) => ({ name, value: open(value) }))

const cookiesOf = (plan: Plan, options: Reveal.Reveal): ReadonlyArray<NameValue> =>
  split(plan).flatMap((part) => {
    if (part._tag !== 'Cookie') return []
    const { name, value } = label(part)
    const text = Secret.reveal(part.pair)
    return [{ name, value: Reveal.isOpen(options) ? text.slice(text.indexOf('=') + 1) : value }]
  })

const queryOf = (plan: Plan, options: Reveal.Reveal): ReadonlyArray<NameValue> =>
  split(plan).flatMap((part) => {
    if (part._tag !== 'Query') return []
    const { name, value } = queryLabel(Reveal.isOpen(options) ? Secret.reveal(part.text) : part.shown)
    return [{ name, value }]
  })

const postDataOf = ({ body, headers }: Plan, options: Reveal.Reveal): PostData | undefined => {
  if (body._tag === 'Empty') return undefined
  const mimeType = Secret.show(Headers.find(headers, 'Content-Type') ?? '')
  const described = `‹${label({ _tag: 'Body', body }).value}›`
  if (body._tag !== 'Bytes' || !Reveal.isOpen(options)) return { mimeType, text: described, params: [] }
  const bytes = Secret.open(body.bytes)
  const text = Shell.toText(Shell.ofBytes(bytes))
  // HAR 1.2 cannot express the content coding of a request. The text is the bytes as sent, and the fields cannot be read from it.
  const params = Headers.has('Content-Encoding')(headers) ? [] : formParams(mimeType, bytes)
  return text === undefined
    ? { mimeType, text: Octets.toBase64(bytes), params, _encoding: 'base64' }
    : { mimeType, text, params }
}

const requestOf = (plan: Plan, httpVersion: string, options: Reveal.Reveal): HarRequest => {
  const postData = postDataOf(plan, options)
  const size = Body.length(plan.body)
  // HAR 1.2: without the fragment.
  const url = Url.withHash('')(plan.url)
  return {
    method: plan.method,
    url: Reveal.isOpen(options) ? Url.sentHref(url) : url.href,
    httpVersion,
    cookies: cookiesOf(plan, options),
    headers: fields(wireHeaders(plan), Reveal.opening(options)),
    queryString: queryOf(plan, options),
    ...(postData === undefined ? {} : { postData }),
    headersSize: -1,
    bodySize: plan.body._tag === 'Empty' ? 0 : O.isSome(size) ? size.value : -1,
  }
}

// --- replies -------------------------------------------------------------------------------------------------------

const UNSENT: Head = { status: 0, reason: '', headers: Headers.empty, elapsed: 0 }

const versionOf = ({ httpVersion }: Head): string => httpVersion ?? 'HTTP/1.1'

const setCookies = ({ headers }: Head, open: Reveal.Open): ReadonlyArray<NameValue> =>
  Headers.valuesOf(headers, 'Set-Cookie').map((value) => {
    const [pair = ''] = Secret.reveal(value).split(';', 1)
    const equals = pair.indexOf('=')
    const text = pair.slice(equals + 1).trim()
    return { name: pair.slice(0, Math.max(0, equals)).trim(), value: open(Secret.make(text)) }
  })

const responseOf = (head: Head, open: Reveal.Open): HarResponse => {
  const text = (name: string): string => open(Headers.find(head.headers, name) ?? '')
  return {
    status: head.status,
    statusText: head.reason,
    httpVersion: versionOf(head),
    cookies: setCookies(head, open),
    headers: fields(head.headers, open),
    content: { size: -1, mimeType: text('Content-Type') || 'x-unknown' },
    redirectURL: text('Location'),
    headersSize: -1,
    bodySize: -1,
  }
}

// --- archives ------------------------------------------------------------------------------------------------------

const timingsOf = ({ elapsed, timings }: Head): HarTimings => {
  if (timings === undefined) return { send: 0, wait: elapsed, receive: 0 }
  const { queue, dns, connect, tls, send, wait, receive = 0 } = timings
  return {
    blocked: queue,
    ...(dns === undefined ? {} : { dns }),
    ...(connect === undefined && tls === undefined ? {} : { connect: (connect ?? 0) + (tls ?? 0) }),
    ...(tls === undefined ? {} : { ssl: tls }),
    ...{ send, wait, receive },
  }
}

const connectionOf = ({ timings }: Head): Pick<HarEntry, 'serverIPAddress' | 'connection'> => ({
  ...(timings?.remoteAddress === undefined ? {} : { serverIPAddress: timings.remoteAddress }),
  ...(timings?.localPort === undefined ? {} : { connection: String(timings.localPort) }),
})

/** Hides the secrets of the request in fields and reason. Revealing opens the fields. */
const shownHead = (plan: Plan, head: Head, { reveal = false }: Reveal.Reveal): Head => ({
  ...hide(plan, head),
  reason: reveal ? head.reason : reasonOf({ ...head, plan, history: [] }),
})

const entryOf = (plan: Plan, head: Head, options: Reveal.Reveal): HarEntry => ({
  startedDateTime: (O.toUndefined(Provenance.of(plan))?.now ?? new Date(0)).toISOString(),
  time: head.elapsed + (head.timings?.receive ?? 0),
  request: requestOf(plan, versionOf(head), options),
  response: responseOf(shownHead(plan, head, options), Reveal.opening(options)),
  cache: {},
  timings: timingsOf(head),
  ...connectionOf(head),
})

const archive = (entries: ReadonlyArray<HarEntry>): Har => ({
  log: { version: '1.2', creator: { name: 'requests-ts', version: VERSION }, entries },
})

/** Returns the archive of one plan that was not sent. Never fails. */
export const toHar =
  (options: Reveal.Reveal = {}) =>
  (plan: Plan): Har =>
    archive([entryOf(plan, UNSENT, options)])

/** Returns the archive of the hops of a trace, or of a history and its final reply. */
export const ofHops =
  (options: Reveal.Reveal = {}) =>
  (hops: ReadonlyArray<Hop>): Har =>
    archive(hops.map(({ plan, head }) => entryOf(plan, head, options)))

/**
 * Returns the archive of a response with the redirects and challenges before it. `Transport.undici({ timings: true })` records the
 * phases.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Client, Har, Http, Transport } from 'requests-ts'
 *
 * const transport = Transport.memory({
 *   'GET /': { status: 302, headers: { location: '/home' } },
 *   'GET /home': { status: 200, body: 'welcome' } })
 * const archive = pipe(Http.get('https://shop.test/'), Http.map(Har.ofResponse()))
 * const outcome = await pipe(archive, Client.runWith({ transport }))()
 * if (E.isLeft(outcome)) assert.fail()
 * assert.deepEqual(outcome.right.log.entries.map(({ response }) => response.status), [302, 200])
 */
export const ofResponse =
  (options: Reveal.Reveal = {}) =>
  (response: Unread): Har =>
    ofHops(options)([...response.history, { plan: response.plan, head: response }])

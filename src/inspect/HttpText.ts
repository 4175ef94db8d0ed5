/**
 * Converts a plan to the text of its HTTP/1.1 message: request line, header lines, an empty line, the body.
 *
 * Secrets and the body are hidden by default; `{ reveal: true }` shows them. Lines end with CRLF. Streamed bodies, and
 * those that are not UTF-8 text, are replaced by a label. `Host` and `Connection` are where a transport writes them.
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
 */
import * as O from 'fp-ts/lib/Option.js'
import type * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import { type Plan, wireHeaders } from '../wire/Plan.js'
import { label } from './explain/FieldLabel.js'
import * as Reveal from './Reveal.js'
import * as Shell from './Shell.js'

/** The request target: the whole URL if a proxy forwards the request (RFC 9112 3.2.2). */
const targetOf = ({ url, route }: Plan, options: Reveal.Reveal): string => {
  const target = Reveal.isOpen(options) ? Url.target(url) : `${url.pathname}${url.search}`
  return O.isSome(route.proxy) && Proxy.forwards(route.proxy.value, url.protocol) ? `${url.origin}${target}` : target
}

const hostOf = ({ url: { protocol, hostname, port } }: Plan): string =>
  port === '' || port === Url.defaultPort(protocol) ? hostname : `${hostname}:${port}`

const bodyText = (body: Body.Payload, options: Reveal.Reveal): string => {
  if (body._tag === 'Empty') return ''
  const shown = `‹${label({ _tag: 'Body', body }).value}›`
  if (body._tag !== 'Bytes' || !Reveal.isOpen(options)) return shown
  return Shell.toText(Shell.ofBytes(Secret.open(body.bytes))) ?? shown
}

/** Returns the message. Header values have one character for each octet, as on the wire. Never fails. */
export const toHttp =
  (options: Reveal.Reveal = {}) =>
  (plan: Plan): string => {
    const open = Reveal.opening(options)
    const host = Headers.has('Host')(plan.headers) ? [] : [`Host: ${hostOf(plan)}`]
    const lines = wireHeaders(plan).fields.map(([name, value]) => `${name}: ${open(value)}`)
    return [
      `${plan.method} ${targetOf(plan, options)} HTTP/1.1`,
      ...host,
      ...lines,
      '',
      bodyText(plan.body, options),
    ].join('\r\n')
  }

/**
 * What is lawful in a plan and most likely not meant.
 *
 * | rule                     | when                                                                          |
 * |--------------------------|-------------------------------------------------------------------------------|
 * | `credentials-over-http`  | a secret header or cookie travels unencrypted, but to this machine            |
 * | `proxy-credentials`      | a password for a proxy that is reached unencrypted                            |
 * | `secret-in-url`          | a query pair that is called like a secret: URLs end in logs                   |
 * | `unmarked-secret`        | a header that is called like a secret, and is not one: it would follow redirects |
 * | `body-on-get`            | a body on GET, HEAD, DELETE, OPTIONS or TRACE (RFC 9110 9.3)                  |
 * | `no-content-type`        | a body whose type nobody names                                                |
 * | `content-type`           | a JSON type over bytes that are not JSON; another type over a multipart body  |
 * | `header-overwritten`     | a header of the user's that a stage or an auth took the place of              |
 * | `one-shot-body`          | a body that can be read once, where a challenge, a redirect or a retry may need it again |
 * | `verify-off`             | certificates are not checked                                                  |
 * | `no-timeout`             | neither the whole nor the silence is bounded                                  |
 * | `long-url`, `long-headers` | above 8,000 octets, which servers refuse (RFC 9110 4.1)                     |
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const found = pipe(
 *   Request.get('http://example.com/?api_key=1'), Request.withBasicAuth('me', 'hunter2'), Request.withJson({}),
 *   Plan.plan({ session: Session.defaults }),
 *   E.map((plan) => Plan.lint(plan).map(({ rule }) => rule)))
 * assert.deepEqual(found, E.right(['credentials-over-http', 'secret-in-url', 'body-on-get']))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as JsonText from '../values/JsonText.js'
import * as Multipart from '../values/Multipart.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import type { Url } from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'
import { explain } from './Explain.js'
import { label } from './explain/FieldLabel.js'
import { split } from './explain/PlanField.js'
import * as Layout from './Layout.js'
import * as Paint from './Paint.js'
import * as Shell from './Shell.js'

export type Rule =
  | 'credentials-over-http'
  | 'proxy-credentials'
  | 'secret-in-url'
  | 'unmarked-secret'
  | 'body-on-get'
  | 'no-content-type'
  | 'content-type'
  | 'header-overwritten'
  | 'one-shot-body'
  | 'verify-off'
  | 'no-timeout'
  | 'long-url'
  | 'long-headers'

export interface Finding {
  readonly rule: Rule
  /** What is odd, and what to do. Never shows a secret. */
  readonly message: string
}

type Check = (plan: Plan) => ReadonlyArray<string>

// --- secrets -------------------------------------------------------------------------------------------------------

const isHere = ({ hostname }: Pick<Url, 'hostname'>): boolean =>
  /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

const names = (all: ReadonlyArray<string>): string => [...new Set(all)].join(', ')

const credentialsOverHttp: Check = ({ url, headers }) => {
  const secrets = headers.fields.filter(([, value]) => Secret.is(value)).map(([name]) => name)
  if (url.protocol !== 'http:' || secrets.length === 0 || isHere(url)) return []
  return [`${names(secrets)} can be read by everyone on the way to ${url.hostname}; use https`]
}

const proxyCredentials: Check = ({ route: { proxy } }) => {
  if (O.isNone(proxy) || proxy.value.protocol === 'https:') return []
  const { credentials, authorization, hostname } = proxy.value
  if ((O.isNone(credentials) && O.isNone(authorization)) || isHere({ hostname })) return []
  return [`the password for ${Proxy.show(proxy.value)} can be read by everyone on the way; use an https proxy`]
}

const SECRET_NAME =
  /(?:^|[-_.])(?:api[-_]?key|access[-_]?key|token|secret|pass(?:wd|word)?|sig(?:nature)?|auth|credentials?|session[-_]?id)$/i

const secretInUrl: Check = (plan) =>
  split(plan).flatMap((part) => {
    const { name, value } = label(part)
    if (part._tag !== 'Query' || !SECRET_NAME.test(name) || value === '') return []
    return [`the query holds ${name}, and URLs end in logs; send it as a header with withSecretHeader`]
  })

const unmarkedSecret: Check = ({ headers }) =>
  headers.fields.flatMap(([name, value]) =>
    Secret.is(value) || value === '' || !SECRET_NAME.test(name)
      ? []
      : [`${name} is shown and follows redirects to any origin; give it with withSecretHeader if it is a secret`],
  )

// --- the body ------------------------------------------------------------------------------------------------------

const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])

const bodyOnGet: Check = ({ method, body }) =>
  body._tag !== 'Empty' && WITHOUT_BODY.has(method)
    ? [`a body has no meaning in ${method}, and servers and caches may refuse or drop it; use POST or PUT`]
    : []

const noContentType: Check = ({ headers, body }) => {
  const isNothing = body._tag === 'Empty' || O.getOrElse(() => 1)(Body.length(body)) === 0
  return isNothing || Headers.has('Content-Type')(headers)
    ? []
    : ["the body has no Content-Type, so the server has to guess; name it with withHeader('Content-Type', …)"]
}

/** Whether bytes are as `withMultipart` makes them. */
const isMultipartBody = (bytes: Uint8Array): boolean => {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 200)).toString('latin1')
  return /^--[^\r\n]+\r\nContent-Disposition: form-data;/.test(start)
}

const contentType: Check = ({ headers, body }) => {
  const type = Secret.show(Headers.find(headers, 'Content-Type') ?? '')
  if (body._tag === 'Bytes' && isMultipartBody(Secret.open(body.bytes)) && !Multipart.isMultipart(type)) {
    return [`the body is multipart, though Content-Type says ${type}; remove that header`]
  }
  if (body._tag !== 'Bytes' || !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return []
  const json = JsonText.parse(Shell.toText(Shell.ofBytes(Secret.open(body.bytes))) ?? '')
  return E.isRight(json) ? [] : [`the body is no JSON, though Content-Type says ${type}; use withJson, or another type`]
}

const oneShotBody: Check = ({ body, method }) =>
  body._tag === 'Once'
    ? [`the body can be sent once: a 307, a 308, a challenge or a retry of this ${method} fails; use withStream`]
    : []

// --- headers, route, size ------------------------------------------------------------------------------------------

const headerOverwritten: Check = (plan) => {
  const { entries, dropped } = explain(plan)
  const over = entries.flatMap(({ part, layer, how, overrode }) => {
    if (part._tag !== 'Header') return []
    const isTaken = layer === 'prepare' || (Headers.sameName(part.name, 'Authorization') && layer !== 'defaults')
    const lost = overrode.filter((one) => one.layer === 'session' || one.layer === 'request')
    const isHeader = lost.some(({ value }) => layer === 'prepare' || value.startsWith('Authorization: '))
    if (!isTaken || !isHeader) return []
    const isCompleted = Headers.sameName(part.name, 'Content-Type') && Multipart.isMultipart(Secret.reveal(part.value))
    return isCompleted
      ? ['Content-Type has no boundary, so the boundary of the body was added; remove the header']
      : [`your ${part.name} is not sent: ${how} takes its place`]
  })
  const gone = dropped.flatMap(({ what, why }) =>
    /^header (?:Transfer-Encoding|Proxy-Authorization)$/i.test(what) && !why.includes('travels')
      ? [`your ${what.slice(7)} is not sent: ${why}`]
      : [],
  )
  return [...over, ...gone]
}

const verifyOff: Check = ({ url, route: { tls } }) =>
  tls.verify || url.protocol === 'http:'
    ? []
    : ['certificates are not checked, so anyone on the way can answer; name the roots with withCa']

const noTimeout: Check = ({ route: { timeouts } }) =>
  timeouts.read === undefined && timeouts.total === undefined
    ? ['a server that goes silent is waited for for ever; use withTimeouts']
    : []

const LONG = 8000

const longUrl: Check = ({ url: { href } }) =>
  href.length > LONG ? [`the URL has ${href.length} octets, and servers may refuse more than 8000; use a body`] : []

const longHeaders: Check = ({ headers }) => {
  const size = Headers.reveal(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  return size > LONG
    ? [`the headers have ${size} octets, and servers may refuse more than 8000; look at the cookies`]
    : []
}

const CHECKS: ReadonlyArray<readonly [Rule, Check]> = [
  ['credentials-over-http', credentialsOverHttp],
  ['proxy-credentials', proxyCredentials],
  ['secret-in-url', secretInUrl],
  ['unmarked-secret', unmarkedSecret],
  ['body-on-get', bodyOnGet],
  ['no-content-type', noContentType],
  ['content-type', contentType],
  ['header-overwritten', headerOverwritten],
  ['one-shot-body', oneShotBody],
  ['verify-off', verifyOff],
  ['no-timeout', noTimeout],
  ['long-url', longUrl],
  ['long-headers', longHeaders],
]

/** Everything that is odd, in the order of the table; none for a plan in good order. */
export const lint = (plan: Plan): ReadonlyArray<Finding> =>
  CHECKS.flatMap(([rule, check]) => check(plan).map((message): Finding => ({ rule, message })))

/** The findings as lines; one line that says so where there is none. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (findings: ReadonlyArray<Finding>): string =>
    findings.length === 0
      ? paint.good('nothing to remark')
      : findings
          .flatMap(({ rule, message }) =>
            Layout.row(
              [
                { text: rule, width: 22, paint: paint.warning },
                { text: message, paint: (text) => text },
              ],
              columns,
              0,
            ),
          )
          .join('\n')

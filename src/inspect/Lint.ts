/**
 * Finds what is valid in a plan and probably not intended.
 *
 * | rule                     | when                                                                          |
 * |--------------------------|-------------------------------------------------------------------------------|
 * | `credentials-over-http`  | a secret header or cookie is sent unencrypted to another machine              |
 * | `token-over-http`        | a token is obtained unencrypted from another machine                          |
 * | `proxy-credentials`      | a password is sent unencrypted to a proxy                                     |
 * | `secret-in-url`          | a query key with the name of a secret: URLs are logged                        |
 * | `unmarked-secret`        | a header with the name of a secret that is not secret: it would follow redirects |
 * | `body-on-get`            | a body on GET, HEAD, DELETE, OPTIONS or TRACE (RFC 9110 9.3)                  |
 * | `no-content-type`        | a body without a Content-Type                                                 |
 * | `content-type`           | a JSON type over bytes that are not JSON; another type over a multipart body  |
 * | `header-overwritten`     | a header of the user that a stage or the auth replaced                        |
 * | `unsigned-body`          | a signature and a stream, whose bytes it cannot cover, without a digest field |
 * | `one-shot-body`          | a body that can be read once; a challenge, a redirect or a retry may need it again |
 * | `verify-off`             | certificates are not verified                                                 |
 * | `no-timeout`             | neither a total nor a read timeout is set                                     |
 * | `long-url`, `long-headers` | more than 8,000 octets, which servers may reject (RFC 9110 4.1)             |
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
import type { Renewable, SignerTask } from '../session/auth/Auth.js'
import { tokenKey } from '../stages/Authorize.js'
import * as Provenance from '../stages/prepare/Provenance.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Multipart from '../values/Multipart.js'
import * as Octets from '../values/Octets.js'
import * as Printable from '../values/Printable.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import { parse, type Url } from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'
import { explain } from './Explain.js'
import { label } from './explain/FieldLabel.js'
import { schemeAddedLater } from './explain/LaterCredentials.js'
import { split } from './explain/PlanField.js'
import * as Layout from './Layout.js'
import * as Paint from './Paint.js'
import * as Shell from './Shell.js'

/** The name of a rule, as in the table. */
export type Rule = keyof typeof CHECKS

/** A rule that a plan breaks. */
export interface Finding {
  /** The rule that found it: see the table of this module. */
  readonly rule: Rule
  /** What was found, and what to do. Never shows a secret. */
  readonly message: string
}

type Check = (plan: Plan) => ReadonlyArray<string>

const isHere = ({ hostname }: Pick<Url, 'hostname'>): boolean =>
  /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

const SECRET_NAME =
  /(?:^|[-_.])(?:api[-_]?key|access[-_]?key|token|secret|pass(?:wd|word)?|sig(?:nature)?|auth|credentials?|session[-_]?id)$/i

const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])

/** Returns whether bytes are a body of `withMultipart`. */
const isMultipartBody = (bytes: Uint8Array): boolean => {
  const start = Octets.toLatin1(bytes.subarray(0, 200))
  return /^--[^\r\n]+\r\nContent-Disposition: form-data;/.test(start)
}

const LONG = 8000

/** Returns the URL of the request for the token that a plan has, needs or obtains. */
const tokenEndpointOf = (plan: Plan): Pick<Url, 'protocol' | 'hostname'> | undefined => {
  if (Provenance.isForToken(plan)) return plan.url
  const provenance = O.toUndefined(Provenance.of(plan))
  const later = schemeAddedLater(plan)
  const key = later?._tag === 'Renewable' && provenance !== undefined ? tokenKey(provenance.merged, later) : undefined
  const endpoint = (key ?? provenance?.signature?.token)?.endpoint
  const located = endpoint === undefined ? E.left(undefined) : parse(endpoint)
  return E.isRight(located) ? located.right.url : undefined
}

const nameLater = (scheme: SignerTask | Renewable): string =>
  scheme._tag === 'SignerTask' ? `the signature of '${scheme.name}'` : `the token of '${scheme.name}'`

/** RFC 9530, and what AWS calls the same. */
const DIGESTS = ['Content-Digest', 'Repr-Digest', 'Digest', 'X-Amz-Content-Sha256']

const hasDigest = (headers: Headers.Headers): boolean =>
  DIGESTS.some((name) => {
    const value = Headers.find(headers, name)
    return value !== undefined && !/^UNSIGNED-PAYLOAD/.test(Secret.reveal(value))
  })

const CHECKS = {
  'credentials-over-http': (plan) => {
    const { url, headers } = plan
    const later = schemeAddedLater(plan)
    const written = headers.fields.flatMap(([name, value]) => (Secret.is(value) ? [name] : []))
    const secrets = new Set([...written, ...(later === undefined ? [] : [nameLater(later)])])
    if (url.protocol !== 'http:' || secrets.size === 0 || isHere(url)) return []
    return [`${[...secrets].join(', ')} can be read by anyone on the network path to ${url.hostname}; use https`]
  },
  'token-over-http': (plan) => {
    const endpoint = tokenEndpointOf(plan)
    return endpoint === undefined || endpoint.protocol !== 'http:' || isHere(endpoint)
      ? []
      : [`the token and the secret of the client can be read by anyone on the path to ${endpoint.hostname}; use https`]
  },
  'proxy-credentials': ({ route: { proxy } }) => {
    if (O.isNone(proxy) || proxy.value.protocol === 'https:') return []
    const { credentials, authorization, hostname } = proxy.value
    if ((O.isNone(credentials) && O.isNone(authorization)) || isHere({ hostname })) return []
    return [`the password for ${Proxy.show(proxy.value)} can be read by anyone on the network path; use an https proxy`]
  },
  'secret-in-url': (plan) =>
    split(plan).flatMap((part) => {
      const { name, value } = label(part)
      if (part._tag !== 'Query' || !SECRET_NAME.test(name) || value === '') return []
      return [`the query contains ${name}, and URLs are logged; send it as a header with withSecretHeader`]
    }),
  'unmarked-secret': ({ headers }) =>
    headers.fields.flatMap(([name, value]) =>
      Secret.is(value) || value === '' || !SECRET_NAME.test(name)
        ? []
        : [`${name} is printed and follows redirects to any origin; use withSecretHeader if it is a secret`],
    ),
  'body-on-get': ({ method, body }) =>
    body._tag !== 'Empty' && WITHOUT_BODY.has(method)
      ? [
          `a body has no defined meaning in ${method}; servers and caches may reject or drop it; use ${method === 'GET' ? 'QUERY or POST' : 'POST or PUT'}`,
        ]
      : [],
  'no-content-type': ({ headers, body }) => {
    const isNothing = body._tag === 'Empty' || O.getOrElse(() => 1)(Body.length(body)) === 0
    return isNothing || Headers.has('Content-Type')(headers)
      ? []
      : ["the body has no Content-Type, so the server has to guess it; set it with withHeader('Content-Type', …)"]
  },
  'content-type': ({ headers, body }) => {
    if (Headers.has('Content-Encoding')(headers)) return []
    const type = Secret.show(Headers.find(headers, 'Content-Type') ?? '')
    if (body._tag === 'Bytes' && isMultipartBody(Secret.open(body.bytes)) && !Multipart.isMultipart(type)) {
      return [`the body is multipart, but Content-Type is ${type}; remove that header`]
    }
    if (body._tag !== 'Bytes' || !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return []
    const json = Printable.parseJson(Shell.toText(Shell.ofBytes(Secret.open(body.bytes))) ?? '')
    return E.isRight(json)
      ? []
      : [`the body is not valid JSON, but Content-Type is ${type}; use withJson or another type`]
  },
  'header-overwritten': (plan) => {
    const { entries, dropped } = explain(plan)
    const over = entries.flatMap(({ part, layer, how, overrode }) => {
      if (part._tag !== 'Header') return []
      const isTaken = layer === 'prepare' || (Headers.sameName(part.name, 'Authorization') && layer !== 'defaults')
      const lost = overrode.filter((one) => one.layer === 'session' || one.layer === 'request')
      const isHeader = lost.some(({ value }) => layer === 'prepare' || value.startsWith('Authorization: '))
      if (!isTaken || !isHeader) return []
      const isCompleted =
        Headers.sameName(part.name, 'Content-Type') && Multipart.isMultipart(Secret.reveal(part.value))
      return isCompleted
        ? ['Content-Type has no boundary, so the boundary of the body was added; remove the header']
        : [`your ${part.name} is not sent, it was replaced: ${how}`]
    })
    const gone = dropped.flatMap(({ what, why }) =>
      /^header Transfer-Encoding$/i.test(what) ||
      (/^header Proxy-Authorization$/i.test(what) && O.isNone(plan.route.proxy))
        ? [`your ${what.slice(7)} is not sent: ${why}`]
        : [],
    )
    return [...over, ...gone]
  },
  'unsigned-body': (plan) => {
    const { body, headers } = plan
    const signature = O.toUndefined(Provenance.of(plan))?.signature
    const later = schemeAddedLater(plan)
    const signer =
      later?._tag === 'SignerTask' ? later.name : signature?.token === undefined ? signature?.scheme : undefined
    const isStream = body._tag === 'Stream' || body._tag === 'Once'
    if (signer === undefined || !isStream || hasDigest(headers)) return []
    return [`the signature of '${signer}' does not cover the bytes of the stream; send bytes, or a digest field`]
  },
  'one-shot-body': ({ body, method }) =>
    body._tag === 'Once'
      ? [`the body can be sent once: a 307, a 308, a challenge or a retry of this ${method} fails; use withStream`]
      : [],
  'verify-off': ({ url, route: { tls } }) =>
    tls.verify || url.protocol === 'http:'
      ? []
      : ['certificates are not verified, so anyone on the network path can answer; set the roots with withCa'],
  'no-timeout': ({ route: { timeouts } }) =>
    timeouts.read === undefined && timeouts.total === undefined
      ? ['the request waits forever for a silent server; use withTimeouts']
      : [],
  'long-url': ({ url: { href } }) =>
    href.length > LONG ? [`the URL has ${href.length} octets, and servers may reject more than 8000; use a body`] : [],
  'long-headers': ({ headers }) => {
    const size = Headers.reveal(headers).reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
    return size > LONG
      ? [`the headers have ${size} octets, and servers may reject more than 8000; check the cookies`]
      : []
  },
} satisfies Readonly<Record<string, Check>>

// The cast: `Object.keys` widens the rules to string.
const RULES = Object.keys(CHECKS) as ReadonlyArray<Rule>

/** Returns the findings, in the order of the table. */
export const lint = (plan: Plan): ReadonlyArray<Finding> =>
  RULES.flatMap((rule) => CHECKS[rule](plan).map((message): Finding => ({ rule, message })))

/** Prints the findings, one per line. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (findings: ReadonlyArray<Finding>): string =>
    findings.length === 0
      ? paint.good('no issues found')
      : findings
          .flatMap(({ rule, message }) =>
            Layout.row([{ text: rule, width: 22, paint: paint.warning }, { text: message }], columns, 0),
          )
          .join('\n')

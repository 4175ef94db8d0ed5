/**
 * Converts a plan to a curl line.
 *
 * Secrets are hidden by default. With `{ reveal: true }`, curl run with the line sends the same method, target, headers
 * and body. Headers that curl adds by itself are removed (`-H 'Accept:'`). The line runs in any POSIX shell; only PEM text
 * and PKCS#12 bytes need bash or zsh. A streamed body is read from the standard input.
 *
 * | plan                              | curl                                                                |
 * |-----------------------------------|---------------------------------------------------------------------|
 * | body                              | `--data-raw '…'`, or `printf '…' \| curl … --data-binary @-`        |
 * | AWS signature                     | `--aws-sigv4 aws:amz:…` and `--user`; signed headers if curl would sign differently |
 * | proxy                             | `-x`; `--noproxy` if the environment has proxy variables            |
 * | TLS                               | `-k`, `--cacert`, `--capath` (a path that ends in `/`), `--cert`, `--key`, `--pass` |
 * | timeouts                          | `--connect-timeout`, `--max-time`; curl has no `read`               |
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const line = pipe(
 *   Request.get('https://example.com/'), Request.withBearer('token'),
 *   Plan.plan({ session: Session.withHeaders({ Accept: 'text/html', 'User-Agent': 'me' })(Session.empty) }),
 *   E.map(Plan.toCurl()))
 * assert.deepEqual(line, E.right([
 *   'curl https://example.com/ --http1.1 -H \'Accept: text/html\' -H \'User-Agent: me\'',
 *   '-H \'Authorization: ‹secret›\''].join(' \\\n  ')))
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Provenance from '../stages/prepare/Provenance.js'
import * as Body from '../values/Body.js'
import * as Headers from '../values/Headers.js'
import * as Proxy from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import type { Plan, Tls } from '../wire/Plan.js'
import * as CurlAws from './curl/CurlAws.js'
import { percentEncode } from './curl/CurlBody.js'
import * as Reveal from './Reveal.js'
import * as Shell from './Shell.js'

/** A plan and how its secrets are written. */
interface Context {
  readonly plan: Plan
  readonly isOpen: boolean
  readonly open: Reveal.Open
}

const quotedText = (text: string): string => Shell.word(Shell.ofText(text))

// --- body ----------------------------------------------------------------------------------------------------------

/** Linux allows 128 KiB for one argument. */
const LONGEST_ARGUMENT = 100_000
/** curl adds `Expect: 100-continue` to larger bodies. */
const EXPECTS_ABOVE = 1_000_000

interface BodyParts {
  readonly options: ReadonlyArray<string>
  /** The text before `curl`. */
  readonly before?: string
  /** A comment after the line. */
  readonly note?: string
}

const contentOf = ({ plan: { body }, isOpen }: Context): BodyParts => {
  if (body._tag === 'Empty') return { options: [] }
  if (body._tag !== 'Bytes') {
    return { options: ['--data-binary @-'], note: ' # the body is a stream: pass it on the standard input' }
  }
  const octets = isOpen ? Shell.ofBytes(Secret.open(body.bytes)) : Shell.ofText(String(body.bytes))
  const isArgument = Shell.isReadable(octets) && octets.length <= LONGEST_ARGUMENT
  return isArgument || !isOpen
    ? { options: [`--data-raw ${Shell.word(octets)}`] }
    : { options: ['--data-binary @-'], before: `${Shell.printf(octets)} | ` }
}

// --- headers -------------------------------------------------------------------------------------------------------

/** The -H option of a header. An empty value needs the form `Name;`. */
const headerOption = (name: string, value: string, option = '-H'): string => {
  // A label such as ‹secret› has characters outside Latin-1 and is written as UTF-8.
  const octets = /^[\0-\xff]*$/.test(value) ? value : Shell.ofText(value)
  return `${option} ${Shell.word(value === '' ? `${name};` : `${name}: ${octets}`)}`
}

/** Removes the headers that curl adds and the plan does not have. */
const removedHeaders = ({ plan: { body, headers } }: Context): ReadonlyArray<string> => {
  const size = Body.length(body)
  const isEmpty = body._tag === 'Empty'
  const expects = !isEmpty && (O.isNone(size) || size.value > EXPECTS_ABOVE)
  const names = ['User-Agent', 'Accept', ...(isEmpty ? [] : ['Content-Type']), ...(expects ? ['Expect'] : [])]
  return names.filter((name) => !Headers.has(name)(headers)).map((name) => `-H '${name}:'`)
}

const headerOptions = ({ plan, open }: Context): ReadonlyArray<string> => {
  const size = Body.length(plan.body)
  const isAddedByCurl = ([name, value]: Headers.Field): boolean =>
    Headers.sameName(name, 'Content-Length') && O.isSome(size) && Secret.reveal(value) === String(size.value)
  return plan.headers.fields
    .filter((field) => !isAddedByCurl(field))
    .map(([name, value]) => headerOption(name, open(value)))
}

// --- route ---------------------------------------------------------------------------------------------------------

const percent = (text: string | Secret.Secret): string => percentEncode(Shell.ofText(Secret.reveal(text)))

const proxyUrl = (proxy: Proxy.Proxy, isOpen: boolean): string => {
  if (O.isNone(proxy.credentials) || !isOpen) return Proxy.show(proxy)
  const { user, pass } = proxy.credentials.value
  return `${proxy.protocol}//${percent(user)}:${percent(pass)}@${proxy.hostname}:${proxy.port}`
}

const hasVariable = (plan: Plan, pattern: RegExp): boolean => {
  const variables = O.toUndefined(Provenance.of(plan))?.environment.variables ?? []
  return [...variables].some(([name, value]) => pattern.test(name) && Secret.reveal(value) !== '')
}

const proxyOptions = ({ plan, isOpen, open }: Context): ReadonlyArray<string> => {
  const { proxy } = plan.route
  // curl reads the environment too, and applies NO_PROXY even to the proxy of -x.
  if (O.isNone(proxy)) return hasVariable(plan, /^(?!no_proxy).*_proxy$/i) ? ["--noproxy '*'"] : []
  const { credentials, authorization } = proxy.value
  return [
    `-x ${quotedText(proxyUrl(proxy.value, isOpen))}`,
    ...(hasVariable(plan, /^no_proxy$/i) ? ["--noproxy ''"] : []),
    ...(Proxy.forwards(plan.url.protocol)(proxy.value) ? ["-H 'Proxy-Connection:'"] : []),
    ...(O.isNone(credentials) && O.isSome(authorization)
      ? [headerOption('Proxy-Authorization', open(authorization.value), '--proxy-header')]
      : []),
  ]
}

const isPem = (text: string): boolean => text.includes('-----BEGIN ')

/** Writes PEM text as a process substitution, and a path as it is. */
const fileOf = (value: string): string => (isPem(value) ? Shell.file(Shell.ofText(value)) : quotedText(value))

/** `--cert` takes the text after a colon as password, so colons are escaped. */
const certificateFile = (value: string): string => fileOf(isPem(value) ? value : value.replace(/[\\:]/g, '\\$&'))

const certificateOptions = ({ certificate }: Tls, { isOpen, open }: Context): ReadonlyArray<string> => {
  if (O.isNone(certificate)) return []
  const { cert, key, pfx, passphrase } = certificate.value
  const shown = (value: string | Secret.Secret, write: (text: string) => string): string =>
    isOpen || typeof value === 'string' ? write(Secret.reveal(value)) : quotedText(Secret.show(value))
  const pfxFile = (content: NonNullable<typeof pfx>): string => {
    if (typeof content === 'string') return certificateFile(content)
    const bytes = content instanceof Uint8Array ? content : Secret.open(content)
    return isOpen ? Shell.file(Shell.ofBytes(bytes)) : quotedText(`‹${bytes.length} bytes›`)
  }
  return [
    ...(cert === undefined ? [] : [`--cert ${shown(cert, certificateFile)}`]),
    ...(key === undefined ? [] : [`--key ${shown(key, fileOf)}`]),
    ...(pfx === undefined ? [] : [`--cert ${pfxFile(pfx)} --cert-type P12`]),
    ...(passphrase === undefined ? [] : [`--pass ${quotedText(open(passphrase))}`]),
  ]
}

const tlsOptions = (context: Context): ReadonlyArray<string> => {
  const { tls } = context.plan.route
  return [
    ...(tls.verify ? [] : ['-k']),
    ...(O.isNone(tls.ca) ? [] : [`${tls.ca.value.endsWith('/') ? '--capath' : '--cacert'} ${fileOf(tls.ca.value)}`]),
    ...certificateOptions(tls, context),
  ]
}

const timeoutOptions = ({ plan }: Context): ReadonlyArray<string> => {
  const { connect, total } = plan.route.timeouts
  return [
    ...(connect === undefined ? [] : [`--connect-timeout ${connect / 1000}`]),
    ...(total === undefined ? [] : [`--max-time ${total / 1000}`]),
  ]
}

// --- signatures ----------------------------------------------------------------------------------------------------

const signatureOptions = (signed: CurlAws.SignedByCurl | undefined, { open }: Context): ReadonlyArray<string> => {
  if (signed === undefined) return []
  const { option, accessKeyId, secretAccessKey } = signed
  return [`--aws-sigv4 ${quotedText(option)}`, `--user ${quotedText(`${accessKeyId}:${open(secretAccessKey)}`)}`]
}

// --- the line ------------------------------------------------------------------------------------------------------

const methodOptions = ({ method, body }: Plan): ReadonlyArray<string> => {
  if (method === 'HEAD' && body._tag === 'Empty') return ['-I']
  return method === (body._tag === 'Empty' ? 'GET' : 'POST') ? [] : [`-X ${Shell.word(method)}`]
}

const urlOptions = ({ plan: { url }, isOpen }: Context): ReadonlyArray<string> => {
  const { protocol, hostname } = url
  const href = isOpen ? Url.sentHref(url) : url.href
  const rest = href.replace(hostname, '')
  return [
    quotedText(href),
    ...(/[[\]{}]/.test(rest) ? ['-g'] : []),
    ...(/\/\.\.?(?:[/?#]|$)/.test(rest) ? ['--path-as-is'] : []),
    ...(protocol === 'https:' ? ['--http1.1'] : []),
  ]
}

/** Breaks the command into lines of at most 80 columns where possible. */
const folded = (first: string, options: ReadonlyArray<string>): string => {
  const lines: string[] = []
  let line = first
  for (const option of options) {
    const joined = `${line} ${option}`
    if (joined.length <= 78 && !option.includes('\n')) line = joined
    else {
      lines.push(line)
      line = `  ${option}`
    }
  }
  return [...lines, line].join(' \\\n')
}

/** Returns the plan as a curl line. Never fails. */
export const toCurl =
  (options: Reveal.Reveal = {}) =>
  (given: Plan): string => {
    const signed = CurlAws.fromPlan(given)
    const plan = signed?.plan ?? given
    const context: Context = { plan, isOpen: Reveal.isOpen(options), open: Reveal.opening(options) }
    const { options: bodyOptions, before = '', note = '' } = contentOf(context)
    const line = folded('curl', [
      ...methodOptions(plan),
      ...urlOptions(context),
      ...headerOptions(context),
      ...signatureOptions(signed, context),
      ...removedHeaders(context),
      ...(Headers.has('Accept-Encoding')(plan.headers) ? ['--compressed'] : []),
      ...bodyOptions,
      ...proxyOptions(context),
      ...tlsOptions(context),
      ...timeoutOptions(context),
    ])
    return `${before}${line}${note}`
  }

/**
 * Converts a curl line to a request: the lines of `Plan.toCurl`, and those that browsers copy as cURL for bash and for
 * the Windows command prompt.
 *
 * An unclosed quote, an unknown option, a file that would have to be read or a shell variable is an `InvalidCurl` whose
 * message says what to do. Options that are not part of a request (`-s`, `-o`, `--retry`) are listed in `leftOut`.
 *
 * | curl                                     | converted to                                                  |
 * |------------------------------------------|---------------------------------------------------------------|
 * | no `-L`                                  | `withoutRedirects`; with `-L`, the session's redirect policies apply |
 * | `-d`, `--json`, `-F`                     | a body; the method is POST unless `-X` or `-G` is set         |
 * | `-H 'A: b'`, `-H 'A;'`, `-H 'A:'`        | `withHeader`, an empty header, `withoutHeader`                |
 * | `-u` or `user:pass@`, `--digest`, `--oauth2-bearer` | `withBasicAuth`, `withDigestAuth`, `withBearer`, unless `-H` sets Authorization |
 * | `--aws-sigv4 aws:amz:region:service`     | `awsSigV4` with the credentials of `-u`                       |
 * | `-b 'a=1; b=2'`                          | a Cookie header                                               |
 * | a URL without scheme                     | `http://`, as in curl                                         |
 *
 * Law: for a plan whose body is not a stream, `fromCurl(toCurl({ reveal: true })(plan))` plans the same request, except
 * for settings that curl does not have (read timeout, body limits).
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const plan = pipe(
 *   Request.fromCurl(`curl 'https://example.com/a' -H 'accept: text/html' -sL --data-raw $'it\\'s' --compressed`),
 *   E.flatMap(Plan.plan({ session: Session.defaults })))
 * assert.deepEqual(pipe(plan, E.map(Plan.show)), E.right('POST https://example.com/a (4 bytes)'))
 * assert.equal(E.isLeft(Request.fromCurl(`curl 'https://example.com/`)), true)
 */
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as Request from '../session/Request.js'
import { spelledMethod } from '../stages/Prepare.js'
import { REDACTED } from '../values/Secret.js'
import * as ContentEncoding from '../wire/coding/ContentEncoding.js'
import * as CommandLine from './curl/CommandLine.js'
import * as CurlBody from './curl/CurlBody.js'
import * as CurlHeaders from './curl/CurlHeaders.js'
import * as CurlSettings from './curl/CurlSettings.js'
import * as CurlUrl from './curl/CurlUrl.js'
import * as Options from './curl/Options.js'
import { TABLE } from './curl/OptionTable.js'

export type { LeftOut } from './curl/Options.js'

/** A request, and the parts of the curl line that it does not contain. */
export interface FromCurl extends Request.Request {
  /** The options without an effect on the request, and why. */
  readonly leftOut: ReadonlyArray<Options.LeftOut>
}

/** A line that cannot be converted. The message says why, and what to do. */
export interface InvalidCurl {
  readonly _tag: 'InvalidCurl'
  /** What cannot be converted, and what to do. */
  readonly message: string
}

/** curl ignores -G for a form. */
const hasBody = ({ data, parts, isInQuery }: CurlBody.Content): boolean =>
  parts.length > 0 || (data !== undefined && !isInQuery)

const methodOf = (options: Options.Options, content: CurlBody.Content): E.Either<string, string> => {
  const isHead = Options.isOn(options, 'head')
  if (isHead && hasBody(content)) return E.left('-I and a body set two different methods; remove one of them')
  return E.right(Options.last(options, 'request')?.value ?? (isHead ? 'HEAD' : hasBody(content) ? 'POST' : 'GET'))
}

const leftOutOfMethod = (
  options: Options.Options,
  method: string,
  content: CurlBody.Content,
): ReadonlyArray<Options.LeftOut> => {
  const option = `--request ${method}`
  const sent = spelledMethod(method)
  // After 301, 302 and 303, curl repeats the method of -X; a session changes the method by the status.
  const isRepeated = Options.last(options, 'request') !== undefined && CurlSettings.isFollowed(options)
  const isSame = /^(?:GET|HEAD)$/.test(sent) && !hasBody(content)
  const why = 'after 301, 302 and 303 curl repeats this method without the body; here the status sets the method'
  const isForm = Options.isOn(options, 'get') && content.parts.length > 0
  return [
    ...(method === sent ? [] : [{ option, why: `the method is sent as ${sent}` }]),
    ...(isRepeated && !isSame ? [{ option, why }] : []),
    ...(isForm ? [{ option: '--get', why: 'a form is sent as the body, with -G too' }] : []),
  ]
}

/** The options that the table leaves out, each once; the error is the first one that it does not support. */
const leftOutByTable = ({ all }: Options.Options): E.Either<string, ReadonlyArray<Options.LeftOut>> => {
  const leftOut = new Map<string, Options.LeftOut>()
  for (const { name } of all) {
    const known = TABLE.get(name)
    if (known?.kind === 'unsupported') return E.left(`--${name}: ${known.why}`)
    if (known?.kind === 'leftOut') leftOut.set(name, { option: `--${name}`, why: known.why })
  }
  return E.right([...leftOut.values()])
}

const convert = ({ words, stdin, leftOut }: CommandLine.CurlCommand): E.Either<string, FromCurl> =>
  pipe(
    E.Do,
    E.bind('options', () => Options.parse(words)),
    E.bind('unused', ({ options }) => leftOutByTable(options)),
    E.bind('content', ({ options }) => CurlBody.contentOf(options, stdin)),
    E.bind('method', ({ options, content }) => methodOf(options, content)),
    E.bind('url', ({ options, content }) => CurlUrl.parse(options, content)),
    E.bind('headers', ({ options, content }) => CurlHeaders.convert(options, content)),
    E.bind('credentials', ({ options, url, headers }) => CurlHeaders.convertCredentials(options, url, headers.names)),
    E.bind('settings', ({ options }) => CurlSettings.convert(options)),
    E.map(({ options, unused, content, method, url, headers, credentials, settings }) => {
      const isCompressed = Options.isOn(options, 'compressed') && !headers.names.has('accept-encoding')
      const request = pipe(
        Request.make(method, url.url),
        Request.withBody(CurlBody.bodyOf(content)),
        Request.withSettings(headers.settings),
        isCompressed ? Request.withHeader('Accept-Encoding', ContentEncoding.supported) : identity,
        Request.withHeaders(CurlBody.defaultHeaders(content, headers.names)),
        Request.withSettings(credentials.settings),
        Request.withSettings(settings.settings),
      )
      const ofParts = [url, headers, credentials, settings].flatMap((part) => part.leftOut)
      return { ...request, leftOut: [...unused, ...leftOutOfMethod(options, method, content), ...ofParts, ...leftOut] }
    }),
  )

/** Converts a curl line to a request. Error: `InvalidCurl`. */
export const fromCurl = (line: string): E.Either<InvalidCurl, FromCurl> =>
  pipe(
    line.includes(REDACTED)
      ? E.left('its secrets are hidden; write it with Plan.toCurl({ reveal: true })')
      : CommandLine.parse(line),
    E.flatMap(convert),
    E.mapLeft((problem) => ({ _tag: 'InvalidCurl', message: `This curl line cannot be taken over: ${problem}` })),
  )

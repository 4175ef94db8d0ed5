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
import { pipe } from 'fp-ts/lib/function.js'
import * as Request from '../session/Request.js'
import { spelledMethod } from '../stages/Prepare.js'
import { REDACTED } from '../values/Secret.js'
import * as Coding from '../wire/coding/Coding.js'
import * as CommandLine from './curl/CommandLine.js'
import * as CurlBody from './curl/CurlBody.js'
import * as CurlHeaders from './curl/CurlHeaders.js'
import * as CurlSettings from './curl/CurlSettings.js'
import * as CurlUrl from './curl/CurlUrl.js'
import type { LeftOut } from './curl/Options.js'
import * as Options from './curl/Options.js'
import { TABLE } from './curl/OptionTable.js'

// --- model ---------------------------------------------------------------------------------------------------------

export type { LeftOut }

/** A request, and the parts of the curl line that it does not contain. */
export interface FromCurl extends Request.Request {
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** A line that cannot be converted. The message says why, and what to do. */
export interface InvalidCurl {
  readonly _tag: 'InvalidCurl'
  readonly message: string
}

const invalid = (problem: string): InvalidCurl => ({
  _tag: 'InvalidCurl',
  message: `This curl line cannot be taken over: ${problem}`,
})

// --- method --------------------------------------------------------------------------------------------------------

const methodOf = (options: Options.Options, { data, parts }: CurlBody.Content): E.Either<string, string> => {
  const hasBody = data !== undefined || parts.length > 0
  const isHead = Options.isOn(options, 'head')
  // curl ignores -G for a form.
  const isGet = Options.isOn(options, 'get') && parts.length === 0
  if (isHead && hasBody && !isGet) return E.left('-I and a body set two different methods; remove one of them')
  return E.right(Options.last(options, 'request')?.value ?? (isHead ? 'HEAD' : hasBody && !isGet ? 'POST' : 'GET'))
}

/**
 * Whether curl would follow redirects differently: after 301, 302 and 303 it repeats the method of -X without the body,
 * while a session changes the method by the status.
 */
const repeatsMethod = (
  options: Options.Options,
  method: string,
  { data, parts, isInQuery }: CurlBody.Content,
): boolean => {
  const isFollowed = Options.isOn(options, 'location') || Options.isOn(options, 'location-trusted')
  if (!isFollowed || Options.last(options, 'request') === undefined) return false
  const hasBody = parts.length > 0 || (data !== undefined && !isInQuery)
  return hasBody || !/^(?:GET|HEAD)$/.test(spelledMethod(method))
}

const leftOutOfMethod = (
  options: Options.Options,
  method: string,
  content: CurlBody.Content,
): ReadonlyArray<LeftOut> => {
  const option = `--request ${method}`
  return [
    ...(method === spelledMethod(method) ? [] : [{ option, why: `the method is sent as ${spelledMethod(method)}` }]),
    ...(repeatsMethod(options, method, content)
      ? [
          {
            option,
            why: 'after 301, 302 and 303 curl repeats this method without the body; here the status sets the method',
          },
        ]
      : []),
    ...(Options.isOn(options, 'get') && content.parts.length > 0
      ? [{ option: '--get', why: 'a form is sent as the body, with -G too' }]
      : []),
  ]
}

// --- options -------------------------------------------------------------------------------------------------------

/** The options that the table leaves out, each once. */
const leftOutByTable = (options: Options.Options): ReadonlyArray<LeftOut> => {
  const leftOut = new Map<string, LeftOut>()
  for (const { name } of options.all) {
    const known = leftOut.has(name) ? undefined : TABLE.get(name)
    if (known?.kind === 'leftOut') leftOut.set(name, { option: `--${name}`, why: known.why })
  }
  return [...leftOut.values()]
}

const checkSupported = (options: Options.Options): E.Either<string, void> => {
  for (const { name } of options.all) {
    const known = TABLE.get(name)
    if (known?.kind === 'unsupported') return E.left(`--${name}: ${known.why}`)
  }
  return E.right(undefined)
}

const convert = ({ words, stdin, leftOut }: CommandLine.CurlCommand): E.Either<string, FromCurl> =>
  pipe(
    E.Do,
    E.bind('options', () => Options.parse(words)),
    E.tap(({ options }) => checkSupported(options)),
    E.bind('content', ({ options }) => CurlBody.contentOf(options, stdin)),
    E.bind('method', ({ options, content }) => methodOf(options, content)),
    E.bind('url', ({ options, content }) => CurlUrl.parse(options, content)),
    E.bind('headers', ({ options, content }) => CurlHeaders.convert(options, content)),
    E.bind('credentials', ({ options, url, headers }) =>
      CurlHeaders.convertCredentials(options, url.userinfo, headers.names),
    ),
    E.bind('settings', ({ options }) => CurlSettings.convert(options)),
    E.map(({ options, content, method, url, headers, credentials, settings }) => {
      const isCompressed = Options.isOn(options, 'compressed') && !headers.names.has('accept-encoding')
      const request = pipe(
        Request.make(method, url.url),
        Request.withBody(CurlBody.bodyOf(content)),
        Request.withSettings(headers.settings),
        isCompressed ? Request.withHeader('Accept-Encoding', Coding.supported) : (same) => same,
        Request.withHeaders(CurlBody.defaultHeaders(content, headers.names)),
        Request.withSettings(credentials.settings),
        Request.withSettings(settings.settings),
      )
      return {
        ...request,
        leftOut: [
          ...leftOutByTable(options),
          ...leftOutOfMethod(options, method, content),
          ...url.leftOut,
          ...headers.leftOut,
          ...credentials.leftOut,
          ...settings.leftOut,
          ...leftOut,
        ],
      }
    }),
  )

/** Converts a curl line to a request. Error: `InvalidCurl`. */
export const fromCurl = (line: string): E.Either<InvalidCurl, FromCurl> => {
  if (line.includes(REDACTED))
    return E.left(invalid('its secrets are hidden; write it with Plan.toCurl({ reveal: true })'))
  return pipe(CommandLine.parse(line), E.flatMap(convert), E.mapLeft(invalid))
}

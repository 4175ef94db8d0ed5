/**
 * A request from a curl line: what `Plan.toCurl` writes, and what browsers' "copy as cURL" write, for bash and for
 * the Windows prompt.
 *
 * Nothing is guessed: a quote that is not closed, an option nobody knows, a file that would have to be read, a variable
 * that a shell would have to fill in are each a `Left` that says what to do. What is known and is no part of a request
 * (`-s`, `-o`, `--retry`) is named in `leftOut`.
 *
 * | curl                                     | here                                                          |
 * |------------------------------------------|---------------------------------------------------------------|
 * | no `-L`                                  | `withoutRedirects`; with it, the session's policies hold      |
 * | `-d`, `--json`, `-F`                     | a body, POST unless `-X` or `-G` says otherwise               |
 * | `-H 'A: b'`, `-H 'A;'`, `-H 'A:'`        | `withHeader`, an empty one, `withoutHeader`                   |
 * | `-u` or `user:pass@`, `--digest`, `--oauth2-bearer` | `withBasicAuth`, `withDigestAuth`, `withBearer`, unless `-H` has an Authorization |
 * | `-b 'a=1; b=2'`                          | a Cookie header, which stands for itself                      |
 * | a URL without scheme                     | `http://`, as curl does                                       |
 *
 * Law: for a plan whose body is no stream, `fromCurl(toCurl({ reveal: true })(plan))` plans the same request again, but
 * for what curl has no word for (the read timeout, the limits).
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
import { refusal } from '../stages/prepare/HeaderFields.js'
import * as Body from '../values/Body.js'
import type * as Multipart from '../values/Multipart.js'
import * as Secret from '../values/Secret.js'
import * as Coding from '../wire/coding/Coding.js'
import * as CmdWords from './curl/CmdWords.js'
import * as CurlBody from './curl/CurlBody.js'
import * as CurlCredentials from './curl/CurlCredentials.js'
import * as CurlSettings from './curl/CurlSettings.js'
import * as CurlUrl from './curl/CurlUrl.js'
import * as HeaderLines from './curl/HeaderLines.js'
import * as Options from './curl/Options.js'
import * as Words from './curl/Words.js'
import * as Shell from './Shell.js'

// --- model ---------------------------------------------------------------------------------------------------------

/** An option that is known and is no part of a request. */
export interface LeftOut {
  readonly option: string
  readonly why: string
}

/** The request, and what of the line is not in it. */
export interface FromCurl extends Request.Request {
  readonly leftOut: ReadonlyArray<LeftOut>
}

/** Why no request comes of a line. */
export interface InvalidCurl {
  readonly _tag: 'InvalidCurl'
  readonly message: string
}

const invalid = (problem: string): E.Either<InvalidCurl, never> =>
  E.left({ _tag: 'InvalidCurl', message: `This curl line cannot be taken over: ${problem}` })

type Word = Extract<Words.Token, { readonly _tag: 'Word' }>

interface Command {
  readonly words: ReadonlyArray<Word>
  /** What a `printf` before it writes to its standard input. */
  readonly stdin: Shell.Octets | undefined
  readonly leftOut: ReadonlyArray<LeftOut>
}

// --- the command ---------------------------------------------------------------------------------------------------

const isWord = (token: Words.Token): token is Word => token._tag === 'Word'

const piped = (tokens: ReadonlyArray<Words.Token>): ReadonlyArray<ReadonlyArray<Word>> => {
  const parts: Word[][] = [[]]
  for (const token of tokens) {
    if (isWord(token)) parts.at(-1)?.push(token)
    else parts.push([])
  }
  return parts
}

const isCurl = ([name]: ReadonlyArray<Word>): boolean =>
  name !== undefined && /^(?:.*[/\\])?curl(?:\.exe)?$/.test(name.octets)

const commandOf = (line: string): E.Either<string, Command> => {
  // A prompt that is copied along, and the mark that begins a file.
  const text = line.replace(/^\ufeff?[ \t\r\n]*(?:[$>][ \t]+)?/, '')
  const tokens = CmdWords.isCmd(text) ? CmdWords.words(text) : Words.words(text)
  if (E.isLeft(tokens)) return tokens
  const parts = piped(tokens.right)
  const at = parts.findIndex(isCurl)
  if (at < 0) return E.left("it does not begin with curl; give the line from the word 'curl' on")
  const before = parts.slice(0, at)
  const stdin = before.length === 1 ? Words.printfOf(before[0] ?? []) : undefined
  if (before.length > 0 && stdin === undefined) {
    return E.left('what stands before the | would have to be run; write the body with --data-raw')
  }
  const leftOut = parts.slice(at + 1).map(([name]) => ({
    option: `| ${Shell.toText(name?.octets ?? '') ?? ''}`,
    why: 'what reads the output of curl is no part of the request',
  }))
  return E.right({ words: (parts[at] ?? []).slice(1), stdin, leftOut })
}

// --- the body ------------------------------------------------------------------------------------------------------

const DATA: ReadonlySet<string> = new Set(['data', 'data-ascii', 'data-raw', 'data-binary', 'data-urlencode', 'json'])

interface Content {
  /** Joined, where there is any. */
  readonly data: Shell.Octets | undefined
  readonly isJson: boolean
  readonly parts: ReadonlyArray<Multipart.Part>
}

const contentOf = (
  options: ReadonlyArray<Options.Option>,
  stdin: Shell.Octets | undefined,
): E.Either<string, Content> => {
  let data: Shell.Octets | undefined
  const parts: Multipart.Part[] = []
  for (const option of options) {
    if (option.name === 'form' || option.name === 'form-string') {
      const part = CurlBody.part(option)
      if (E.isLeft(part)) return part
      parts.push(part.right)
    }
    if (!DATA.has(option.name)) continue
    const more = CurlBody.content(option, stdin)
    if (E.isLeft(more)) return more
    data = data === undefined ? more.right : `${data}${option.name === 'json' ? '' : '&'}${more.right}`
  }
  if (data !== undefined && parts.length > 0) return E.left('it has both data and a form; curl sends one or the other')
  return E.right({ data, isJson: options.some(({ name }) => name === 'json'), parts })
}

const bodyOf = ({ data, parts }: Content): Body.Body => {
  if (parts.length > 0) return Body.multipart(parts)
  if (data === undefined) return Body.empty
  const text = Shell.toText(data)
  return text === undefined ? Body.bytes(Shell.toBytes(data)) : Body.text(text)
}

// --- method and URL ------------------------------------------------------------------------------------------------

const methodOf = (options: ReadonlyArray<Options.Option>, content: Content): E.Either<string, string> => {
  const given = Options.last(options, 'request')?.value
  const hasBody = content.data !== undefined || content.parts.length > 0
  const isHead = Options.isOn(options, 'head')
  // curl ignores -G for a form.
  const isGet = Options.isOn(options, 'get') && content.parts.length === 0
  if (isHead && hasBody && !isGet) return E.left('-I and a body together ask for two methods; leave one out')
  return E.right(given ?? (isHead ? 'HEAD' : hasBody && !isGet ? 'POST' : 'GET'))
}

/**
 * Whether redirects would differ: after 301, 302 and 303 curl repeats the method of -X and drops the body, where a
 * session goes by the status.
 */
const isRepeated = (options: ReadonlyArray<Options.Option>, method: string, { data, parts }: Content): boolean => {
  const isFollowed = Options.isOn(options, 'location') || Options.isOn(options, 'location-trusted')
  if (!isFollowed || Options.last(options, 'request') === undefined) return false
  const hasBody = parts.length > 0 || (data !== undefined && !Options.isOn(options, 'get'))
  return hasBody || !/^(?:GET|HEAD)$/.test(spelledMethod(method))
}

/** What of method and form curl would do in another way. */
const leftOfMethod = (
  options: ReadonlyArray<Options.Option>,
  method: string,
  content: Content,
): ReadonlyArray<LeftOut> => [
  ...(method !== spelledMethod(method)
    ? [{ option: `--request ${method}`, why: `it is sent as ${spelledMethod(method)}` }]
    : []),
  ...(isRepeated(options, method, content)
    ? [
        {
          option: `--request ${method}`,
          why: 'curl repeats this method after 301, 302 and 303 and drops the body; here the status decides',
        },
      ]
    : []),
  ...(Options.isOn(options, 'get') && content.parts.length > 0
    ? [{ option: '--get', why: 'a form is the body, with -G too' }]
    : []),
]

// --- the whole -----------------------------------------------------------------------------------------------------

/** Each of them once, however often it stands there. */
const leftOutOf = (options: ReadonlyArray<Options.Option>): ReadonlyArray<LeftOut> => {
  const found = new Map<string, LeftOut>()
  for (const { name } of options) {
    const known = found.has(name) ? undefined : Options.lookup(name)
    if (known?.kind === 'leaves') found.set(name, { option: `--${name}`, why: known.why })
  }
  return [...found.values()]
}

const refused = (options: ReadonlyArray<Options.Option>): string | undefined => {
  for (const { name } of options) {
    const known = Options.lookup(name)
    if (known?.kind === 'refuses') return `--${name}: ${known.why}`
  }
  return undefined
}

const sendingOf = ({ data, parts }: Content, place: 'body' | 'url'): HeaderLines.Sending => {
  if (parts.length > 0) return { _tag: 'Form' }
  return data === undefined || place === 'url' ? { _tag: 'Nothing' } : { _tag: 'Data', length: data.length }
}

/** The headers that data brings along, unless the line speaks of them. In the URL, only JSON does. */
const headersOf = (
  { isJson, data }: Content,
  place: 'body' | 'url',
  { names }: HeaderLines.HeaderLines,
): ReadonlyArray<readonly [string, string]> => {
  const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded'
  const all: ReadonlyArray<readonly [string, string]> = [
    ...(data === undefined || (place === 'url' && !isJson) ? [] : [['Content-Type', type] as const]),
    ...(isJson ? [['Accept', type] as const] : []),
  ]
  return all.filter(([name]) => !names.has(name.toLowerCase()))
}

const build = ({ words, stdin, leftOut }: Command): E.Either<string, FromCurl> => {
  const options = Options.apart(words)
  if (E.isLeft(options)) return options
  const no = refused(options.right)
  if (no !== undefined) return E.left(no)
  const content = contentOf(options.right, stdin)
  if (E.isLeft(content)) return content
  const method = methodOf(options.right, content.right)
  if (E.isLeft(method)) return method
  const place = Options.isOn(options.right, 'get') && content.right.data !== undefined ? 'url' : 'body'
  const address = CurlUrl.address(options.right, content.right.data)
  if (E.isLeft(address)) return address
  const headers = HeaderLines.headers(options.right, sendingOf(content.right, place), refusal)
  if (E.isLeft(headers)) return headers
  const credentials = CurlCredentials.credentials(options.right, address.right.userinfo, headers.right.names)
  if (E.isLeft(credentials)) return credentials
  const others = CurlSettings.others(options.right)
  if (E.isLeft(others)) return others
  const isCoded = Options.isOn(options.right, 'compressed') && !headers.right.names.has('accept-encoding')
  const request = pipe(
    Request.make(method.right, address.right.url),
    Request.withBody(place === 'url' ? Body.empty : bodyOf(content.right)),
    Request.withSettings(headers.right.settings),
    isCoded ? Request.withHeader('Accept-Encoding', Coding.supported) : (same) => same,
    Request.withHeaders(headersOf(content.right, place, headers.right)),
    Request.withSettings(credentials.right.settings),
    Request.withSettings(others.right.settings),
  )
  return E.right({
    ...request,
    leftOut: [
      ...leftOutOf(options.right),
      ...leftOfMethod(options.right, method.right, content.right),
      ...address.right.leftOut,
      ...headers.right.leftOut,
      ...credentials.right.leftOut,
      ...others.right.leftOut,
      ...leftOut,
    ],
  })
}

/** The request of a curl line. Error: `InvalidCurl`, whose message says what is wrong and what to do. */
export const fromCurl = (line: string): E.Either<InvalidCurl, FromCurl> => {
  if (line.includes(Secret.REDACTED))
    return invalid('its secrets are closed; write it with Plan.toCurl({ reveal: true })')
  const command = commandOf(line)
  if (E.isLeft(command)) return invalid(command.left)
  const made = build(command.right)
  return E.isLeft(made) ? invalid(made.left) : made
}

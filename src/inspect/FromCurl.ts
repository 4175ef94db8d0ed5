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
 * | `-u`, `--digest`, `--oauth2-bearer`      | `withBasicAuth`, `withDigestAuth`, `withBearer`               |
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
import { refusal } from '../stages/Fields.js'
import * as Body from '../values/Body.js'
import type * as Multipart from '../values/Multipart.js'
import * as Coding from '../wire/Coding.js'
import * as CmdWords from './curl/CmdWords.js'
import * as Data from './curl/Data.js'
import * as HeaderLines from './curl/HeaderLines.js'
import * as Options from './curl/Options.js'
import * as Settings from './curl/Settings.js'
import * as Words from './curl/Words.js'
import { MARK } from './Reveal.js'
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
  const text = line.trim().replace(/^[$>]\s+/, '')
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

const DATA = ['data', 'data-ascii', 'data-raw', 'data-binary', 'data-urlencode', 'json']

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
      const part = Data.part(option)
      if (E.isLeft(part)) return part
      parts.push(part.right)
    }
    if (!DATA.includes(option.name)) continue
    const more = Data.content(option, stdin)
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

const last = (options: ReadonlyArray<Options.Option>, name: string): Options.Option | undefined =>
  options.findLast((option) => option.name === name)

const isOn = (options: ReadonlyArray<Options.Option>, name: string): boolean => last(options, name)?.isOn === true

const methodOf = (options: ReadonlyArray<Options.Option>, content: Content): E.Either<string, string> => {
  const given = last(options, 'request')?.value
  const hasBody = content.data !== undefined || content.parts.length > 0
  const [isHead, isGet] = [isOn(options, 'head'), isOn(options, 'get')]
  if (isHead && hasBody && !isGet) return E.left('-I and a body together ask for two methods; leave one out')
  if (isGet && content.parts.length > 0) return E.left('-G cannot put a form into the URL; use -d')
  return E.right(given ?? (isHead ? 'HEAD' : hasBody && !isGet ? 'POST' : 'GET'))
}

const SCHEME = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//

const withQuery = (url: string, query: string): string => {
  if (query === '') return url
  const [, rest = '', hash = ''] = /^([^#]*)(#.*)?$/s.exec(url) ?? []
  return `${rest}${rest.includes('?') ? '&' : '?'}${query}${hash}`
}

const urlOf = (options: ReadonlyArray<Options.Option>, content: Content): E.Either<string, string> => {
  const [url, ...others] = options.filter(({ name }) => name === 'url')
  if (url === undefined) return E.left('it has no URL')
  if (others.length > 0) return E.left(`it has ${others.length + 1} URLs; give each its own line. Is a quote missing?`)
  const text = Shell.toText(url.value)
  if (text === undefined || url.value === '') return E.left('its URL is empty, or not UTF-8')
  const isGlob = /[[\]{}]/.test(text.replace(/^([^/]*\/\/)?([^/@]*@)?\[[\da-fA-F:.%]+\]/, ''))
  if (isGlob && !isOn(options, 'globoff')) {
    return E.left('its URL has [ ] or { }, which curl makes several URLs of; add -g if they are meant as they stand')
  }
  const extra = options.filter(({ name }) => name === 'url-query').map(Settings.urlQuery)
  const query = isOn(options, 'get') && content.data !== undefined ? [...extra, E.right(content.data)] : extra
  let whole = SCHEME.test(text) ? text : `http://${text}`
  for (const piece of query) {
    if (E.isLeft(piece)) return piece
    whole = withQuery(whole, piece.right)
  }
  return E.right(whole)
}

// --- the whole -----------------------------------------------------------------------------------------------------

const leftOutOf = (options: ReadonlyArray<Options.Option>): ReadonlyArray<LeftOut> =>
  options.flatMap(({ name }) => {
    const known = Options.lookup(name)
    return known?.kind === 'leaves' ? [{ option: `--${name}`, why: known.why }] : []
  })

const refused = (options: ReadonlyArray<Options.Option>): string | undefined => {
  for (const { name } of options) {
    const known = Options.lookup(name)
    if (known?.kind === 'refuses') return `--${name}: ${known.why}`
  }
  return undefined
}

/** The headers that a body brings along, unless the line speaks of them. */
const headersOf = (
  { isJson, data }: Content,
  { names }: HeaderLines.HeaderLines,
): ReadonlyArray<readonly [string, string]> => {
  const type = isJson ? 'application/json' : 'application/x-www-form-urlencoded'
  const all: ReadonlyArray<readonly [string, string]> = [
    ...(data === undefined ? [] : [['Content-Type', type] as const]),
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
  const url = urlOf(options.right, content.right)
  if (E.isLeft(url)) return url
  const headers = HeaderLines.headers(options.right, refusal)
  if (E.isLeft(headers)) return headers
  const others = Settings.others(options.right)
  if (E.isLeft(others)) return others
  const isInUrl = isOn(options.right, 'get')
  const isCoded = isOn(options.right, 'compressed') && !headers.right.names.has('accept-encoding')
  const request = pipe(
    Request.make(method.right, url.right),
    Request.withBody(isInUrl ? Body.empty : bodyOf(content.right)),
    Request.withSettings(headers.right.settings),
    isCoded ? Request.withHeader('Accept-Encoding', Coding.supported) : (same) => same,
    isInUrl ? (same) => same : Request.withHeaders(headersOf(content.right, headers.right)),
    Request.withSettings(others.right.settings),
  )
  return E.right({
    ...request,
    leftOut: [...leftOutOf(options.right), ...headers.right.leftOut, ...others.right.leftOut, ...leftOut],
  })
}

/** The request of a curl line. Error: `InvalidCurl`, whose message says what is wrong and what to do. */
export const fromCurl = (line: string): E.Either<InvalidCurl, FromCurl> => {
  if (line.includes(MARK)) return invalid('its secrets are closed; write it with Plan.toCurl({ reveal: true })')
  const command = commandOf(line)
  if (E.isLeft(command)) return invalid(command.left)
  const made = build(command.right)
  return E.isLeft(made) ? invalid(made.left) : made
}

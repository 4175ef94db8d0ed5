/**
 * Parses the command line into data with Node's `parseArgs`.
 *
 * | argument    | meaning                                                                         |
 * |-------------|---------------------------------------------------------------------------------|
 * | the first   | the command: `plan`, `explain`, `curl` or `send`                                |
 * | `METHOD`    | optional: a word in capitals, or a well-known method in any case                |
 * | `URL`       | the next argument                                                               |
 * | the others  | request items, see `Items`                                                      |
 *
 * The default method is POST if there is a body, otherwise GET. `--curl LINE` replaces method, URL and items.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as Arguments from './Arguments.js'
 *
 * assert.equal(E.isRight(Arguments.parse(['plan', 'https://example.com/', 'q==1'])), true)
 * assert.equal(E.isLeft(Arguments.parse(['plan', 'https://example.com/', '--sesion', 'x'])), true)
 */
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { VERSION } from '../session/Session.js'
import { escapeControls, reasonOf } from '../values/Printable.js'
import { masked } from '../values/Url.js'
import * as Items from './Items.js'

// --- model ---------------------------------------------------------------------------------------------------------

export const COMMANDS = ['plan', 'explain', 'curl', 'send'] as const
export type Command = (typeof COMMANDS)[number]

const OPTIONS = {
  form: { type: 'boolean', short: 'f' },
  multipart: { type: 'boolean' },
  session: { type: 'string' },
  auth: { type: 'string', short: 'a' },
  'auth-env': { type: 'string' },
  bearer: { type: 'string' },
  'bearer-env': { type: 'string' },
  oauth2: { type: 'string' },
  follow: { type: 'boolean' },
  'no-follow': { type: 'boolean' },
  proxy: { type: 'string' },
  'no-verify': { type: 'boolean' },
  cacert: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  timeout: { type: 'string' },
  curl: { type: 'string' },
  reveal: { type: 'boolean' },
  json: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  verbose: { type: 'boolean', short: 'v' },
  mermaid: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

type Name = keyof typeof OPTIONS

/** The options by name; an option that is not set is absent. */
export type Options = {
  readonly [K in Name]?: ((typeof OPTIONS)[K]['type'] extends 'string' ? string : boolean) | undefined
}

/** Options that only some commands accept. */
const ACCEPTED_BY: Partial<Readonly<Record<Name, ReadonlyArray<Command>>>> = {
  reveal: ['plan', 'curl'],
  json: ['plan', 'explain'],
  output: ['send'],
  verbose: ['send'],
  mermaid: ['send'],
}

/** Pairs of options that cannot be combined. */
const EXCLUSIVE: ReadonlyArray<readonly [Name, Name]> = [
  ['follow', 'no-follow'],
  ['auth', 'bearer'],
  ['auth', 'auth-env'],
  ['auth', 'bearer-env'],
  ['auth-env', 'bearer'],
  ['auth-env', 'bearer-env'],
  ['bearer', 'bearer-env'],
  ['auth', 'oauth2'],
  ['auth-env', 'oauth2'],
  ['bearer', 'oauth2'],
  ['bearer-env', 'oauth2'],
  ['no-verify', 'cacert'],
  ['curl', 'form'],
  ['curl', 'multipart'],
  ['verbose', 'mermaid'],
]

/** What the request is made from: method, URL and items, or a curl line. */
export type Target =
  | {
      readonly _tag: 'Url'
      /** Capital letters. */
      readonly method: string | undefined
      readonly url: string
      readonly items: ReadonlyArray<Items.Item>
    }
  | { readonly _tag: 'Curl'; readonly line: string }

export interface Invocation {
  readonly _tag: 'Invocation'
  readonly command: Command
  readonly target: Target
  readonly options: Options
}

export type CommandLine = Invocation | { readonly _tag: 'Help' } | { readonly _tag: 'Version' }

/** Invalid input, reported before anything was sent or written. The message says what to do. */
export interface UsageError {
  readonly _tag: 'UsageError'
  readonly message: string
}

/** A value made from the user's input, or what is wrong with that input. */
export type Checked<A> = E.Either<UsageError, A>

export const usageError = (message: string): Checked<never> => E.left({ _tag: 'UsageError', message })

// --- parsing -------------------------------------------------------------------------------------------------------

const SEE_HELP = '(see requests-ts --help)'

/** Node's message up to its first sentence: that names the option and never its value. */
const messageOf = (cause: unknown): string => {
  const [first = ''] = reasonOf(cause).split(/\. To |\n/, 1)
  const hint = first.startsWith('Unknown') ? ". Put an argument that begins with '-' after '--'" : ''
  return `${escapeControls(first)}${hint} ${SEE_HELP}`
}

const parseOptions = (
  argv: ReadonlyArray<string>,
): Checked<{ readonly values: Options; readonly positionals: ReadonlyArray<string> }> => {
  try {
    return E.right(parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }))
  } catch (cause) {
    return usageError(messageOf(cause))
  }
}

const METHODS = /^(?:get|head|post|put|patch|delete|options|trace|connect|query)$/i

const parseItem = (word: string): Checked<Items.Item> => {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(word)) {
    const hint = 'Write an uncommon method in capitals, and a header with a blank after its colon (Name: //value)'
    return usageError(`${escapeControls(masked(word))} looks like a second URL. ${hint}`)
  }
  const item = Items.parse(word)
  return E.isLeft(item) ? usageError(item.left) : item
}

const parseTarget = (rest: ReadonlyArray<string>, { curl }: Options): Checked<Target> => {
  if (curl !== undefined) {
    return rest.length === 0
      ? E.right({ _tag: 'Curl', line: curl })
      : usageError(`--curl already sets method, URL and body: remove ${rest.length} other arguments, or --curl`)
  }
  const [first = '', ...others] = rest
  const hasMethod = METHODS.test(first) || /^[A-Z][A-Z0-9_-]*$/.test(first)
  const [url, ...words] = hasMethod ? others : rest
  if (url === undefined || url === '') {
    return usageError(
      hasMethod ? `Missing URL after ${first}. If ${first} is the URL, write GET ${first}` : `Missing URL ${SEE_HELP}`,
    )
  }
  return pipe(
    words,
    E.traverseArray(parseItem),
    E.map((items) => ({ _tag: 'Url', method: hasMethod ? first.toUpperCase() : undefined, url, items })),
  )
}

const conflictIn = (command: Command, options: Options): string | undefined => {
  const isSet = (name: Name): boolean => options[name] !== undefined
  for (const [name, commands] of Object.entries(ACCEPTED_BY)) {
    // The cast: `Object.entries` widens the keys of `ACCEPTED_BY` to string.
    if (isSet(name as Name) && !commands.includes(command)) {
      return `--${name} works only with ${commands.join(' and ')}: remove it from ${command}`
    }
  }
  const pair = EXCLUSIVE.find(([one, other]) => isSet(one) && isSet(other))
  return pair && `--${pair[0]} and --${pair[1]} cannot be combined: remove one of them`
}

/** Parses the arguments after the program's name. */
export const parse = (argv: ReadonlyArray<string>): Checked<CommandLine> => {
  const raw = parseOptions(argv)
  if (E.isLeft(raw)) return raw
  const { values: options, positionals } = raw.right
  if (options.help) return E.right({ _tag: 'Help' })
  if (options.version) return E.right({ _tag: 'Version' })
  const [word, ...rest] = positionals
  const hint = `use ${COMMANDS.join(', ')} ${SEE_HELP}`
  if (word === undefined) return usageError(`Missing command: ${hint}`)
  if (word === 'help' && rest.length === 0) return E.right({ _tag: 'Help' })
  const command = COMMANDS.find((known) => known === word)
  if (command === undefined) return usageError(`Unknown command '${escapeControls(masked(word))}': ${hint}`)
  const conflict = conflictIn(command, options)
  if (conflict !== undefined) return usageError(conflict)
  const target = parseTarget(rest, options)
  return E.isLeft(target) ? target : E.right({ _tag: 'Invocation', command, target: target.right, options })
}

// --- help ---

export const version = `requests-ts ${VERSION}`

export const help = `requests-ts: inspect an HTTP request before it is sent, and send it

  requests-ts plan|explain|curl|send [METHOD] URL [ITEM...] [OPTION...]
  requests-ts plan|explain|curl|send --curl LINE [OPTION...]

  plan      print the HTTP message that would be sent
  explain   print where each part comes from, what was dropped, and warnings
  curl      print an equivalent curl command
  send      send the request and write the response body to standard output

Items
  name=value     field of a JSON object; with --form, of a form
  name:=json     field with a JSON value: age:=29
  name==value    query parameter
  Name:value     header; "Name:" removes it, "Name;" sends it empty
  name@FILE      file upload, with --form; add ;type=image/png for its type
  name=@FILE     field whose text is in a file; name:=@FILE reads JSON
  @FILE, @-      request body from a file or from standard input
  Put a backslash before : = @ ; or \\ to use it in a name.
  The default METHOD is POST if there is a body, otherwise GET.

Options
  -f, --form            send fields as a form (multipart if it has a file)
      --multipart       send fields as multipart/form-data
      --session FILE    load a session and its cookies from FILE, and save the
                        cookies afterwards; FILE is created if it is missing
  -a, --auth USER:PASS  basic authentication; @FILE reads it from a file, and
                        @- from standard input
      --auth-env NAME   read USER:PASS from an environment variable
      --bearer TOKEN    bearer authentication; accepts @FILE and @- too
      --bearer-env NAME read TOKEN from an environment variable
                        Every user of this machine can see the arguments of a
                        running command: keep secrets in a file or a variable
      --oauth2 FILE     get a token of OAuth 2.0, and log in if necessary; FILE
                        is JSON: grant, tokenUrl, clientId, … (see the manual).
                        --session keeps the token for the next command
      --follow          follow redirects (the default, except for HEAD)
      --no-follow       do not follow redirects
      --proxy URL       use a proxy: http, https, socks4, socks4a, socks5 or
                        socks5h; '' connects directly
      --no-verify       do not verify the server's certificate
      --cacert FILE     CA certificates to trust instead of the built-in ones
      --cert FILE       client certificate
      --key FILE        private key, if it is not in the --cert file
      --timeout SECONDS time limit for the whole exchange
      --curl LINE       read the request from a curl command
      --reveal          print secrets (plan, curl)
      --json            print JSON (plan, explain)
  -o, --output FILE     save the complete response body to FILE (send)
  -v, --verbose         print each hop to standard error (send)
      --mermaid         print each hop to standard error as a Mermaid sequence
                        diagram (send)
  -h, --help            print this help
      --version         print the version

Exit codes
  0  success, status < 400   4  transport error
  1  internal error          5  redirect error
  2  invalid usage or input  6  status >= 400
  3  request cannot be sent  7  response could not be saved
                             8  no token, or login failed
                           130  interrupted
  With 2 and 3 nothing is sent and no file is written.`

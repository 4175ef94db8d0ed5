/**
 * The command line as data: what is asked for, of which request, in which way. Read by Node's own `parseArgs`.
 *
 * | word       | is                                                                                         |
 * |------------|--------------------------------------------------------------------------------------------|
 * | the first  | the command: `plan`, `explain`, `curl` or `send`                                           |
 * | `METHOD`   | a word in capitals, or a well-known method in any case; may be left out                    |
 * | `URL`      | the next word                                                                              |
 * | the others | items, see `Items`                                                                         |
 *
 * Without a method it is POST where there is a body, else GET. `--curl LINE` stands in place of method, URL and items.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as Arguments from 'requests-ts/src/cli/Arguments'
 *
 * assert.equal(E.isRight(Arguments.parse(['plan', 'https://example.com/', 'q==1'])), true)
 * assert.equal(E.isLeft(Arguments.parse(['plan', 'https://example.com/', '--sesion', 'x'])), true)
 */
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { safe } from '../inspect/Layout.js'
import { reasonOf } from '../values/Printable.js'
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
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

type Name = keyof typeof OPTIONS

/** Options as they were given; what was not is absent. */
export type Options = {
  readonly [K in Name]?: ((typeof OPTIONS)[K]['type'] extends 'string' ? string : boolean) | undefined
}

/** Options that mean something to some commands alone. */
const ONLY: Partial<Readonly<Record<Name, ReadonlyArray<Command>>>> = {
  reveal: ['plan', 'curl'],
  json: ['plan', 'explain'],
  output: ['send'],
  verbose: ['send'],
}

/** Pairs of options that contradict each other. */
const EITHER: ReadonlyArray<readonly [Name, Name]> = [
  ['follow', 'no-follow'],
  ['auth', 'bearer'],
  ['auth', 'auth-env'],
  ['auth', 'bearer-env'],
  ['auth-env', 'bearer'],
  ['auth-env', 'bearer-env'],
  ['bearer', 'bearer-env'],
  ['no-verify', 'cacert'],
  ['curl', 'form'],
  ['curl', 'multipart'],
]

/** What the request is made from. */
export type Target =
  | {
      readonly _tag: 'Url'
      readonly method: O.Option<string>
      readonly url: string
      readonly items: ReadonlyArray<Items.Item>
    }
  | { readonly _tag: 'Curl'; readonly line: string }

export interface Run {
  readonly _tag: 'Run'
  readonly command: Command
  readonly target: Target
  readonly options: Options
}

export type Asked = Run | { readonly _tag: 'Help' } | { readonly _tag: 'Version' }

/** Bad input: what is wrong and what to do. Nothing was sent, nothing was written. */
export interface UsageError {
  readonly _tag: 'Misuse'
  readonly message: string
}

export const usageError = (message: string): E.Either<UsageError, never> => E.left({ _tag: 'Misuse', message })

// --- reading -------------------------------------------------------------------------------------------------------

interface Words {
  readonly values: Options
  readonly positionals: ReadonlyArray<string>
}

/** Node's messages name the option and never its value; behind the first sentence they are long. */
const messageOf = (cause: unknown): string => {
  const [first = ''] = reasonOf(cause).split(/\. To |\n/, 1)
  const hint = first.startsWith('Unknown') ? "; a word that begins with '-' goes behind '--'" : ''
  return `${safe(first)}${hint}; see requests-ts --help`
}

const words = (argv: ReadonlyArray<string>): E.Either<UsageError, Words> => {
  try {
    return E.right(parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true }))
  } catch (cause) {
    return usageError(messageOf(cause))
  }
}

const METHODS = /^(?:get|head|post|put|patch|delete|options|trace|connect)$/i
const isMethod = (word: string): boolean => METHODS.test(word) || /^[A-Z][A-Z0-9_-]*$/.test(word)

const LIKE_URL = /^[a-z][a-z\d+.-]*:\/\//i

const itemOf = (word: string): E.Either<UsageError, Items.Item> => {
  if (LIKE_URL.test(word)) {
    const hint = 'a method that is not well known is written in capitals; a header needs a blank (Name: //value)'
    return usageError(`There is a URL already, and ${safe(masked(word))} looks like another: ${hint}`)
  }
  const item = Items.parse(word)
  return E.isLeft(item) ? usageError(item.left) : item
}

const targetOf = (rest: ReadonlyArray<string>, { curl }: Options): E.Either<UsageError, Target> => {
  if (curl !== undefined) {
    return rest.length === 0
      ? E.right({ _tag: 'Curl', line: curl })
      : usageError(`A curl line says method, URL and body itself: leave out ${rest.length} of the words, or --curl`)
  }
  const [first = '', ...others] = rest
  const hasMethod = isMethod(first)
  const [url, ...behind] = hasMethod ? others : rest
  if (url === undefined || url === '') {
    return usageError(hasMethod ? `No URL follows ${first}: write GET ${first} if that is the URL` : 'No URL is given')
  }
  const items: Items.Item[] = []
  for (const word of behind) {
    const item = itemOf(word)
    if (E.isLeft(item)) return item
    items.push(item.right)
  }
  return E.right({ _tag: 'Url', method: hasMethod ? O.some(first.toUpperCase()) : O.none, url, items })
}

const contradiction = (command: Command, options: Options): string | undefined => {
  const isGiven = (name: Name): boolean => options[name] !== undefined
  for (const [name, commands] of Object.entries(ONLY)) {
    // The cast: `Object.entries` forgets that the keys are those of `ONLY`.
    if (isGiven(name as Name) && !commands.includes(command)) return `--${name} is for ${commands.join(' and ')} only`
  }
  const pair = EITHER.find(([one, other]) => isGiven(one) && isGiven(other))
  return pair === undefined ? undefined : `--${pair[0]} and --${pair[1]} contradict each other: leave one out`
}

/** Reads the words behind the name of the program. */
export const parse = (argv: ReadonlyArray<string>): E.Either<UsageError, Asked> => {
  const read = words(argv)
  if (E.isLeft(read)) return read
  const { values: options, positionals } = read.right
  if (options.help) return E.right({ _tag: 'Help' })
  if (options.version) return E.right({ _tag: 'Version' })
  const [word, ...rest] = positionals
  if (word === undefined) return usageError(`No command is given: ${COMMANDS.join(', ')}; see requests-ts --help`)
  if (word === 'help' && rest.length === 0) return E.right({ _tag: 'Help' })
  const command = COMMANDS.find((known) => known === word)
  if (command === undefined) {
    return usageError(`'${safe(masked(word))}' is no command: ${COMMANDS.join(', ')}; see requests-ts --help`)
  }
  const problem = contradiction(command, options)
  if (problem !== undefined) return usageError(problem)
  const target = targetOf(rest, options)
  return E.isLeft(target) ? target : E.right({ _tag: 'Run', command, target: target.right, options })
}

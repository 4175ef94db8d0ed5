/**
 * Parses a netrc file and finds the entry for a host.
 *
 *     machine example.com login me password "with spaces"    # a comment
 *     default login anonymous
 *     macdef init … up to an empty line (skipped)
 *
 * | input                                    | result                                                             |
 * |------------------------------------------|--------------------------------------------------------------------|
 * | an unclosed quote, an unknown keyword without a value | a problem; this entry is ignored, the others are used |
 * | `method x`, `protocol x`, `port x`       | ignored, like any other unknown keyword with a value               |
 * | several entries for a host               | the first with the given user and a password, else the first with the user |
 * | a backslash inside quotes                | `\n`, `\r`, `\t` are control characters; other characters are taken literally |
 *
 * Hosts are compared in canonical form. A quoted value must end on its line, so that a password cannot contain the text of
 * the next entry.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Netrc } from 'requests-ts'
 *
 * const user = (host: string) => pipe(
 *   Netrc.parse('machine a.test login me password x'),
 *   E.map((entries) => pipe(Netrc.lookup(host)(entries), O.map(({ user }) => user))))
 * assert.deepEqual(user('A.test'), E.right(O.some('me')))
 * assert.deepEqual(user('b.test'), E.right(O.none))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { withoutBrackets } from '../../values/IpAddress.js'
import type { Credentials } from '../../values/Proxy.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'

/**
 * The credentials of one `machine` or `default` entry. A missing field is an empty string.
 *
 * @since 0.2.0
 * @category model
 */
export interface Entry {
  /** The user name. */
  readonly login: string
  /** Read, but not used by HTTP. */
  readonly account: string
  /** In clear text: do not print it. */
  readonly password: string
}

/** The valid entries of a netrc file, and the problems of the others. */
export interface Entries {
  /** By canonical host name, in the order of the file. A host with only invalid entries has an empty list. */
  readonly machines: ReadonlyMap<string, ReadonlyArray<Entry>>
  /** The `default` entries, for hosts without an entry. */
  readonly defaults: ReadonlyArray<Entry>
  /** Messages with line numbers and keywords. They never contain a value, which may be a password. */
  readonly problems: ReadonlyArray<string>
}

// --- words ---------------------------------------------------------------------------------------------------------

interface Word {
  readonly text: string
  readonly line: number
  /** Only a plain word can be a keyword or start a comment. */
  readonly kind: 'plain' | 'quoted' | 'unclosed'
}

/** A quoted word, the quote that starts an unclosed one, or a plain word. A final backslash of a line is literal. */
const WORD = /"((?:[^"\\]|\\.)*)"|(")|((?:\\.|[^ \t])+)/gs
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

const wordsOf = (text: string, line: number): Word[] => {
  const words: Word[] = []
  for (const [, quoted, unclosed, plain = ''] of text.matchAll(WORD)) {
    if (unclosed !== undefined) return [...words, { text: '', line, kind: 'unclosed' }]
    const word = quoted?.replace(/\\(.)/gs, (_, c: string) => ESCAPES[c] ?? c) ?? plain.replace(/\\(.)/gs, '$1')
    words.push({ text: word, line, kind: quoted === undefined ? 'plain' : 'quoted' })
  }
  return words
}

/** Reads words one by one. No word continues on another line. */
const lexer = (text: string) => {
  const lines = text.split('\n')
  const words = lines.flatMap((line, i) => wordsOf(line, i + 1))
  let index = 0
  const skipTo = (line: number): void => {
    while ((words[index]?.line ?? line) < line) index += 1
  }
  return {
    peek: (): Word | undefined => words[index],
    take: (): Word | undefined => {
      index += 1
      return words[index - 1]
    },
    skipLine: ({ line }: Word): void => skipTo(line + 1),
    /** Skips to the next empty line. Returns whether there is one. The text after the last line break is not a line. */
    skipMacro: ({ line }: Word): boolean => {
      const end = lines.indexOf('', line)
      const isEnded = end !== -1 && end < lines.length - 1
      skipTo(isEnded ? end + 1 : Number.POSITIVE_INFINITY)
      return isEnded
    },
  }
}
type Lexer = ReturnType<typeof lexer>

// --- entries -------------------------------------------------------------------------------------------------------

type Field = keyof Entry
const FIELDS: ReadonlyMap<string, Field> = new Map(
  Object.entries({ login: 'login', user: 'login', account: 'account', password: 'password' }),
)
const TOP_LEVEL: ReadonlySet<string> = new Set(['machine', 'default', 'macdef'])

const isTop = ({ text, kind }: Word): boolean => kind === 'plain' && TOP_LEVEL.has(text)
const isComment = ({ text, kind }: Word): boolean => kind === 'plain' && text.startsWith('#')
const fieldOf = ({ text, kind }: Word): Field | undefined => (kind === 'plain' ? FIELDS.get(text) : undefined)

/** Consumes the value of a keyword, unless the next word starts another entry on a later line. */
const valueAfter = (lex: Lexer, keyword: Word): Word | undefined => {
  const value = lex.peek()
  if (value === undefined || (isTop(value) && value.line !== keyword.line)) return undefined
  return lex.take()
}

/** Reads up to the next `machine`, `default` or `macdef`. */
const readEntry = (lex: Lexer): { readonly entry: Entry; readonly problem: string | undefined } => {
  let entry: Entry = { login: '', account: '', password: '' }
  let problem: string | undefined
  let hasField = false
  let unknownAt: number | undefined
  for (let word = lex.peek(); word !== undefined && !isTop(word); word = lex.peek()) {
    lex.take()
    if (isComment(word)) {
      lex.skipLine(word)
      continue
    }
    const field = fieldOf(word)
    if (field !== undefined) {
      const value = valueAfter(lex, word)
      hasField = true
      if (value?.kind === 'unclosed') problem ??= `line ${value.line}: the value of ${field} has an unclosed quote`
      entry = { ...entry, [field]: value?.text ?? '' }
      continue
    }
    unknownAt ??= word.line
    const value = lex.peek()
    const hasValue = value !== undefined && value.line === word.line && fieldOf(value) === undefined && !isTop(value)
    if (word.kind === 'unclosed') problem ??= `line ${word.line}: unclosed quote`
    else if (!hasValue || isComment(value)) problem ??= `line ${word.line}: unknown keyword without a value`
    else if (lex.take()?.kind === 'unclosed') problem ??= `line ${word.line}: unclosed quote`
  }
  if (!hasField && unknownAt !== undefined) {
    problem ??= `line ${unknownAt}: the entry has neither login, account nor password`
  }
  return { entry, problem }
}

/** Returns the canonical form of a host: lower case, IDNA, without brackets and trailing dot. */
const canonical = (host: string): string => {
  const bare = withoutBrackets(host).replace(/\.$/, '')
  if (/[/?#@\\]/.test(bare)) return bare.toLowerCase()
  const parsed = Url.parse(`http://${bare.includes(':') ? `[${bare}]` : bare}/`)
  return E.isLeft(parsed) ? bare.toLowerCase() : withoutBrackets(parsed.right.url.hostname)
}

const MAX_PROBLEMS = 20

/** Parses a netrc file. Returns a `Left` with the problems if no entry is valid. Messages never contain text of the file. */
export const parse = (text: string): E.Either<string, Entries> => {
  const lex = lexer(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n'))
  const machines = new Map<string, Entry[]>()
  const defaults: Entry[] = []
  const problems: string[] = []
  const report = (problem: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem)
  }
  for (let word = lex.take(); word !== undefined; word = lex.take()) {
    if (isComment(word)) lex.skipLine(word)
    else if (!isTop(word)) report(`line ${word.line}: expected machine, default or macdef`)
    else if (word.text === 'macdef') {
      if (!lex.skipMacro(word)) report(`line ${word.line}: macdef must end with an empty line`)
    } else {
      const isMachine = word.text === 'machine'
      const name = isMachine ? valueAfter(lex, word)?.text : undefined
      const { entry, problem } = readEntry(lex)
      if (isMachine && !name) {
        report(`line ${word.line}: machine has no host name`)
        continue
      }
      const host = name === undefined ? undefined : canonical(name)
      const list = host === undefined ? defaults : (machines.get(host) ?? [])
      if (host !== undefined) machines.set(host, list)
      if (problem === undefined) list.push(entry)
      else report(`${problem}; the entry is ignored`)
    }
  }
  const isEmpty = defaults.length === 0 && [...machines.values()].every((entries) => entries.length === 0)
  if (isEmpty && problems.length > 0) return E.left(problems.join('; '))
  return E.right({ machines, defaults, problems })
}

/** As in requests' `get_netrc_auth`, the account replaces a missing login. */
const loginOf = ({ login, account }: Entry): string => login || account

/** Returns the credentials for a host, else of `default`. With a user, its entries and those without a login match. */
export const lookup =
  (host: string, user?: string) =>
  ({ machines, defaults }: Entries): O.Option<Credentials> => {
    // Most environments have no netrc, and `canonical` is slow.
    if (machines.size === 0 && defaults.length === 0) return O.none
    const isMatch = (entry: Entry): boolean =>
      loginOf(entry) === '' ? entry.password !== '' : user === undefined || loginOf(entry) === user
    const matches = (machines.get(canonical(host)) ?? defaults).filter(isMatch)
    const entry = matches.find(({ password }) => password !== '') ?? matches[0]
    if (entry === undefined) return O.none
    return O.some({ user: loginOf(entry) || (user ?? ''), pass: Secret.make(entry.password) })
  }

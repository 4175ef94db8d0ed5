/**
 * Parses a netrc file and finds the entry for a host.
 *
 *     machine example.com login me password "with spaces"    # a comment
 *     default login anonymous
 *     macdef init … up to an empty line (skipped)
 *
 * | input                                    | result                                                             |
 * |------------------------------------------|--------------------------------------------------------------------|
 * | an unclosed quote, a word without a value | a problem of that entry, which gives nothing; the others stand     |
 * | `method x`, `protocol x`, `port x`       | skipped, like other pairs of unknown words                         |
 * | several entries for a host               | the first that fits the user and has a password, else the first that fits |
 * | a backslash in quotes                    | `\n`, `\r`, `\t` are control characters; it escapes any other     |
 *
 * Hosts are compared in canonical form. A quote ends with its line, so a password never reaches into the next entry.
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
import type { Credentials } from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'

interface Entry {
  readonly login: string
  readonly account: string
  readonly password: string
}

/** The usable entries of a file, and what is wrong with the others. */
export interface Entries {
  /** By canonical host name, in the order of the file. A host whose entries are all faulty has an empty list. */
  readonly machines: ReadonlyMap<string, ReadonlyArray<Entry>>
  readonly defaults: ReadonlyArray<Entry>
  /** For people: line numbers and keywords, never a word that may be a password. */
  readonly problems: ReadonlyArray<string>
}

// --- words ---------------------------------------------------------------------------------------------------------

interface Word {
  readonly text: string
  readonly line: number
  /** A word in quotes is never a keyword. */
  readonly kind: 'plain' | 'quoted' | 'unclosed'
}

interface Lexer {
  /** The next word, which is consumed by `take`. */
  readonly peek: () => Word | undefined
  readonly take: () => Word | undefined
  /** Skips the rest of the line of the word that was taken last. */
  readonly skipLine: () => void
  /** Skips up to an empty line; whether there was one. */
  readonly skipMacro: () => boolean
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }
const isWhite = (character: string): boolean => character === ' ' || character === '\t' || character === '\n'

const lexer = (text: string): Lexer => {
  let at = 0
  let line = 1
  let next: { readonly word: Word | undefined; readonly end: number; readonly endLine: number } | undefined

  const quoted = (from: number, number: number) => {
    let token = ''
    for (let i = from + 1; i < text.length && text.charAt(i) !== '\n'; i += 1) {
      const character = text.charAt(i)
      if (character === '"') return { word: { text: token, line: number, kind: 'quoted' as const }, end: i + 1 }
      if (character !== '\\') token += character
      else if (i + 1 < text.length && text.charAt(i + 1) !== '\n') {
        i += 1
        token += ESCAPES[text.charAt(i)] ?? text.charAt(i)
      }
    }
    const end = text.indexOf('\n', from)
    return { word: { text: '', line: number, kind: 'unclosed' as const }, end: end < 0 ? text.length : end }
  }

  const plain = (from: number, number: number) => {
    let token = ''
    let i = from
    for (; i < text.length && !isWhite(text.charAt(i)); i += 1) {
      // At the end of a line a backslash stands for itself: it does not join the next line to a password.
      const escapes = text.charAt(i) === '\\' && i + 1 < text.length && text.charAt(i + 1) !== '\n'
      if (escapes) i += 1
      token += text.charAt(i)
    }
    return { word: { text: token, line: number, kind: 'plain' as const }, end: i }
  }

  const look = () => {
    if (next !== undefined) return next
    let from = at
    let number = line
    while (from < text.length && isWhite(text.charAt(from))) {
      if (text.charAt(from) === '\n') number += 1
      from += 1
    }
    if (from >= text.length) next = { word: undefined, end: from, endLine: number }
    else next = { ...(text.charAt(from) === '"' ? quoted(from, number) : plain(from, number)), endLine: number }
    return next
  }
  const skipLine = (): void => {
    const end = text.indexOf('\n', at)
    at = end < 0 ? text.length : end
    next = undefined
  }
  return {
    peek: () => look().word,
    take: () => {
      const { word, end, endLine } = look()
      at = end
      line = endLine
      next = undefined
      return word
    },
    skipLine,
    skipMacro: () => {
      skipLine()
      while (at < text.length) {
        at += 1
        line += 1
        if (text.charAt(at) === '\n') return true
        skipLine()
      }
      return false
    },
  }
}

// --- entries -------------------------------------------------------------------------------------------------------

type Field = keyof Entry
const FIELDS: ReadonlyMap<string, Field> = new Map([
  ['login', 'login'],
  ['user', 'login'],
  ['account', 'account'],
  ['password', 'password'],
])
const TOP_LEVEL: ReadonlySet<string> = new Set(['machine', 'default', 'macdef'])

const isTop = ({ text, kind }: Word): boolean => kind === 'plain' && TOP_LEVEL.has(text)
const isComment = ({ text, kind }: Word): boolean => kind === 'plain' && text.startsWith('#')
const fieldOf = ({ text, kind }: Word): Field | undefined => (kind === 'plain' ? FIELDS.get(text) : undefined)

interface Read {
  readonly entry: Entry
  readonly problem: string | undefined
}

/** The value of a field: the next word, unless another entry begins on the next line. */
const valueAfter = (lex: Lexer, keyword: Word): Word | undefined => {
  const value = lex.peek()
  if (value === undefined || (isTop(value) && value.line !== keyword.line)) return undefined
  return lex.take()
}

/** Reads up to the next `machine`, `default` or `macdef`. */
const readEntry = (lex: Lexer): Read => {
  let entry: Entry = { login: '', account: '', password: '' }
  let problem: string | undefined
  let known = 0
  let unknown: number | undefined
  for (let word = lex.peek(); word !== undefined && !isTop(word); word = lex.peek()) {
    lex.take()
    if (isComment(word)) {
      lex.skipLine()
      continue
    }
    const field = fieldOf(word)
    if (field !== undefined) {
      const value = valueAfter(lex, word)
      known += 1
      if (value?.kind === 'unclosed') problem ??= `line ${value.line}: the quote of ${field} is not closed on its line`
      entry = { ...entry, [field]: value?.text ?? '' }
      continue
    }
    unknown ??= word.line
    const value = lex.peek()
    const isPair = value !== undefined && value.line === word.line && fieldOf(value) === undefined && !isTop(value)
    if (word.kind === 'unclosed') problem ??= `line ${word.line}: a quote is not closed on its line`
    else if (!isPair || isComment(value)) problem ??= `line ${word.line}: an unknown word without a value`
    else if (lex.take()?.kind === 'unclosed') problem ??= `line ${word.line}: a quote is not closed on its line`
  }
  if (known === 0 && unknown !== undefined) problem ??= `line ${unknown}: an entry of unknown words`
  return { entry, problem }
}

/** The canonical form of a host: lower case, IDNA, no brackets, no trailing dot. */
const canonical = (host: string): string => {
  const bare = host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const parsed = /[/?#@\\]/.test(bare)
    ? E.left(undefined)
    : Url.parse(`http://${bare.includes(':') ? `[${bare}]` : bare}/`)
  if (E.isLeft(parsed)) return bare.toLowerCase()
  return parsed.right.url.hostname.replace(/^\[(.*)\]$/, '$1')
}

const MAX_PROBLEMS = 20

/** Parses a netrc file. Left where it has problems and not one usable entry; it never shows a word of the file. */
export const parse = (text: string): E.Either<string, Entries> => {
  const lex = lexer(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n'))
  const machines = new Map<string, Entry[]>()
  const defaults: Entry[] = []
  const problems: string[] = []
  let usable = 0
  const report = (problem: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem)
  }
  for (let word = lex.take(); word !== undefined; word = lex.take()) {
    if (isComment(word)) lex.skipLine()
    else if (!isTop(word)) report(`line ${word.line}: a word that is not machine, default or macdef`)
    else if (word.text === 'macdef') {
      if (!lex.skipMacro()) report(`line ${word.line}: the macdef has no empty line after it`)
    } else {
      const name = word.text === 'machine' ? valueAfter(lex, word) : undefined
      const { entry, problem } = readEntry(lex)
      if (word.text === 'machine' && (name === undefined || name.text === '')) {
        report(`line ${word.line}: machine without a host name`)
        continue
      }
      if (problem !== undefined) report(`${problem}; the entry is not used`)
      const host = name === undefined ? undefined : canonical(name.text)
      const list = host === undefined ? defaults : (machines.get(host) ?? [])
      if (host !== undefined) machines.set(host, list)
      if (problem !== undefined) continue
      list.push(entry)
      usable += 1
    }
  }
  return usable === 0 && problems.length > 0 ? E.left(problems.join('; ')) : E.right({ machines, defaults, problems })
}

/** As requests' `get_netrc_auth`, the account stands in for a missing login. */
const loginOf = ({ login, account }: Entry): string => login || account

/**
 * The credentials for a host, else those of `default`; where a user is given, only that user's. An entry without a
 * login fits every user.
 */
export const lookup =
  (host: string, user?: string) =>
  ({ machines, defaults }: Entries): O.Option<Credentials> => {
    if (machines.size === 0 && defaults.length === 0) return O.none
    const fits = (entry: Entry): boolean =>
      loginOf(entry) === '' ? entry.password !== '' : user === undefined || loginOf(entry) === user
    const fitting = (machines.get(canonical(host)) ?? defaults).filter(fits)
    const entry = fitting.find(({ password }) => password !== '') ?? fitting[0]
    if (entry === undefined) return O.none
    return O.some({ user: loginOf(entry) || (user ?? ''), pass: Secret.make(entry.password) })
  }

/**
 * A netrc file, read as Python's `netrc` reads it, and the entry for a host.
 *
 *     machine example.com login me password "with spaces"    # a comment
 *     default login anonymous
 *     macdef init … up to an empty line (skipped)
 *
 * A file that cannot be read whole gives no credentials at all: never half of one.
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
 * assert.deepEqual(user('a.test'), E.right(O.some('me')))
 * assert.deepEqual(user('b.test'), E.right(O.none))
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Credentials } from '../values/Proxy.js'
import * as Secret from '../values/Secret.js'

interface Entry {
  readonly login: string
  readonly account: string
  readonly password: string
}

/** Host name to entry; the fallback under `default`. */
export type Entries = ReadonlyMap<string, Entry>

/** Reads tokens off a text: a position and two functions that move it. */
interface Lexer {
  readonly token: () => string | undefined
  /** Moves behind the end of the line. */
  readonly skipLine: () => void
  /** Whether the last token, with the blanks around it, held the end of a line: a comment then ends with its word. */
  readonly crossedLine: () => boolean
  /** The rest of the line with its end, or nothing at the end of the text. */
  readonly line: () => string | undefined
}

const WHITE = ' \t\n'

const lexer = (text: string): Lexer => {
  let at = 0
  let crossed = false
  const next = (): string => {
    const character = text[at++] ?? ''
    if (character === '\n') crossed = true
    return character
  }
  /** Up to a character of `ends`, which is consumed; a backslash takes the next one as it is. */
  const until = (ends: string, first = ''): string => {
    let token = first
    while (at < text.length) {
      const character = next()
      if (ends.includes(character)) return token
      token += character === '\\' ? next() : character
    }
    return token
  }
  return {
    token: () => {
      crossed = false
      while (at < text.length) {
        const character = next()
        if (WHITE.includes(character)) continue
        if (character === '"') return until('"')
        return until(WHITE, character === '\\' ? next() : character)
      }
      return undefined
    },
    crossedLine: () => crossed,
    skipLine: () => {
      const end = text.indexOf('\n', at)
      at = end < 0 ? text.length : end + 1
    },
    line: () => {
      if (at >= text.length) return undefined
      const end = text.indexOf('\n', at)
      const from = at
      at = end < 0 ? text.length : end + 1
      return text.slice(from, at)
    },
  }
}

type Field = keyof Entry
const FIELDS: Readonly<Record<string, Field>> = {
  login: 'login',
  user: 'login',
  account: 'account',
  password: 'password',
}
const NO_ENTRY: Entry = { login: '', account: '', password: '' }
const TOP_LEVEL: ReadonlySet<string> = new Set(['machine', 'default', 'macdef', ''])

/** Reads a netrc file. The left says what it stumbled over, without showing a token that may be a password. */
export const parse = (text: string): E.Either<string, Entries> => {
  // Python opens the file as text, which makes one line end of all three.
  const lex = lexer(text.replace(/\r\n?/g, '\n'))
  const entries = new Map<string, Entry>()
  let keyword = lex.token()
  while (keyword !== undefined && keyword !== '') {
    if (keyword.startsWith('#')) {
      if (keyword === '#' && !lex.crossedLine()) lex.skipLine()
      keyword = lex.token()
      continue
    }
    if (keyword === 'macdef') {
      lex.token()
      for (let line = lex.line(); line !== '\n'; line = lex.line()) {
        if (line === undefined) return E.left('a macdef is not ended by an empty line')
      }
      keyword = lex.token()
      continue
    }
    if (keyword !== 'machine' && keyword !== 'default') return E.left('a word that is not machine, default or macdef')
    const name = keyword === 'default' ? keyword : lex.token()
    if (name === undefined || name === '') return E.left('machine without a host name')
    const entry = readEntry(lex)
    if (entry === undefined) return E.left('a word that is not login, account or password')
    entries.set(name, entry.value)
    keyword = entry.next
  }
  return E.right(entries)
}

const readEntry = (lex: Lexer): { readonly value: Entry; readonly next: string | undefined } | undefined => {
  let value = NO_ENTRY
  for (;;) {
    const word = lex.token()
    if (word?.startsWith('#')) {
      if (!lex.crossedLine()) lex.skipLine()
      continue
    }
    if (word === undefined || TOP_LEVEL.has(word)) return { value, next: word }
    const field = Object.hasOwn(FIELDS, word) ? FIELDS[word] : undefined
    if (field === undefined) return undefined
    value = { ...value, [field]: lex.token() ?? '' }
  }
}

/** requests' `get_netrc_auth`: the host's entry, else the default; the account stands in for a missing login. */
export const lookup =
  (host: string) =>
  (entries: Entries): O.Option<Credentials> => {
    const entry = entries.get(host) ?? entries.get('default')
    if (entry === undefined) return O.none
    const user = entry.login || entry.account
    if (user === '' && entry.password === '') return O.none
    return O.some({ user, pass: Secret.make(entry.password) })
  }

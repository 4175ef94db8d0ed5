/**
 * A second, independent netrc parser for D61. It splits each line with one regular expression.
 */

export interface Entry {
  readonly login: string
  readonly password: string
}

interface Token {
  readonly line: number
  readonly kind: 'plain' | 'quoted' | 'unclosed'
  readonly text: string
}

const TOKEN = /"((?:[^"\\]|\\.)*)"|"(.*)|((?:\\.|\S)+)/g
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

const tokensIn = (text: string, line: number): ReadonlyArray<Token> =>
  [...text.matchAll(TOKEN)].map(([, quoted, unclosed, plain = '']): Token => {
    if (quoted !== undefined) {
      return { line, kind: 'quoted', text: quoted.replace(/\\(.)/g, (_, c: string) => CONTROLS[c] ?? c) }
    }
    return unclosed === undefined
      ? { line, kind: 'plain', text: plain.replace(/\\(.)/g, '$1') }
      : { line, kind: 'unclosed', text: '' }
  })

/** Splits the text into tokens without comments and macros. A `#` in the position of a value is not a comment. */
const tokensOf = (text: string): ReadonlyArray<Token> => {
  const tokens: Token[] = []
  let isMacro = false
  let wantsValue = false
  for (const [number, line] of text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?/g, '\n')
    .split('\n')
    .entries()) {
    if (isMacro) {
      isMacro = line !== ''
      continue
    }
    for (const token of tokensIn(line, number)) {
      const isValue: boolean = wantsValue && !(isTop(token) && tokens.at(-1)?.line !== token.line)
      if (!isValue && token.kind === 'plain' && token.text.startsWith('#')) break
      if (!isValue && token.kind === 'plain' && token.text === 'macdef') {
        isMacro = true
        break
      }
      tokens.push(token)
      wantsValue = !isValue && token.kind === 'plain' && (token.text === 'machine' || FIELDS.has(token.text))
    }
  }
  return tokens
}

const FIELDS: ReadonlySet<string> = new Set(['login', 'user', 'account', 'password'])
const isTop = ({ kind, text }: Token): boolean => kind === 'plain' && ['machine', 'default', 'macdef'].includes(text)

interface Block {
  /** Undefined for `default`. */
  readonly host: string | undefined
  readonly fields: ReadonlyMap<string, string>
  readonly isFaulty: boolean
}

/** Parses the fields of one entry. An unknown word must have a value on the same line. */
const blockOf = (host: string | undefined, tokens: ReadonlyArray<Token>): Block => {
  const fields = new Map<string, string>()
  let isFaulty = host === ''
  let unknown = 0
  for (let i = 0; i < tokens.length; i += 1) {
    const [token, value] = [tokens[i], tokens[i + 1]]
    if (token === undefined) break
    if (token.kind === 'plain' && FIELDS.has(token.text)) {
      fields.set(token.text === 'user' ? 'login' : token.text, value?.text ?? '')
      isFaulty ||= value?.kind === 'unclosed'
      i += 1
      continue
    }
    unknown += 1
    const isField = value?.kind === 'plain' && FIELDS.has(value.text)
    if (token.kind === 'unclosed' || value?.line !== token.line || isField || value.kind === 'unclosed') isFaulty = true
    else i += 1
  }
  return { host, fields, isFaulty: isFaulty || (fields.size === 0 && unknown > 0) }
}

const blocksOf = (text: string): { readonly blocks: ReadonlyArray<Block>; readonly isOdd: boolean } => {
  const tokens = tokensOf(text)
  const starts: number[] = []
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i]
    if (token === undefined) break
    const isField = token.kind === 'plain' && FIELDS.has(token.text)
    if (isTop(token)) starts.push(i)
    const next = tokens[i + 1]
    // The value of a keyword is not a keyword, unless it begins the next entry on a line of its own.
    const hasValue = next !== undefined && !(isTop(next) && next.line !== token.line)
    if ((isField || token.text === 'machine') && token.kind === 'plain' && hasValue) i += 1
  }
  const blocks = starts.map((start, i): Block => {
    const [first, ...rest] = tokens.slice(start, starts[i + 1])
    if (first?.text === 'default') return blockOf(undefined, rest)
    return blockOf(rest[0]?.text ?? '', rest.slice(1))
  })
  return { blocks, isOdd: (starts[0] ?? tokens.length) > 0 }
}

const bare = (host: string): string => host.replace(/^\[|\]$/g, '').replace(/\.$/, '')
const spelled = (host: string): string => {
  const name = bare(host)
  const url = `http://${name.includes(':') ? `[${name}]` : name}/`
  return URL.canParse(url) ? bare(new URL(url).hostname) : name.toLowerCase()
}

/** Returns the login for a host, or by default that of `default`. With `user`, only entries of this user match. */
export const entryFor = (text: string, host: string, user?: string): Entry | undefined => {
  const { blocks } = blocksOf(text)
  const own = blocks.filter((block) => block.host !== undefined && spelled(block.host) === spelled(host))
  const fitting = (own.length > 0 ? own : blocks.filter((block) => block.host === undefined))
    .filter(({ isFaulty }) => !isFaulty)
    .map(
      ({ fields }): Entry => ({
        login: fields.get('login') || fields.get('account') || '',
        password: fields.get('password') ?? '',
      }),
    )
    .filter(({ login, password }) => (login === '' ? password !== '' : user === undefined || login === user))
  const found = fitting.find(({ password }) => password !== '') ?? fitting[0]
  return found && { login: found.login || (user ?? ''), password: found.password }
}

/**
 * Returns whether Python's netrc rejects a file or reads it differently: an error, a byte order mark, a repeated entry, a
 * host that is not in canonical form, quotes, escapes, or a macro.
 */
export const isOddFile = (text: string): boolean => {
  const { blocks, isOdd } = blocksOf(text)
  const hosts = blocks.map(({ host }) => (host === undefined ? undefined : spelled(host)))
  return (
    isOdd ||
    /^\uFEFF|["\\]|\r(?!\n)|\bmacdef\b|\bmachine\s+default\b/.test(text) ||
    blocks.some(({ isFaulty }) => isFaulty) ||
    blocks.some(({ host }) => host !== undefined && host !== spelled(host)) ||
    new Set(hosts).size < hosts.length
  )
}

/** Returns whether a file has an error and no usable entry. */
export const isUnreadable = (text: string): boolean => {
  const { blocks, isOdd } = blocksOf(text)
  return (isOdd || blocks.some(({ isFaulty }) => isFaulty)) && blocks.every(({ isFaulty }) => isFaulty)
}

/** Returns Basic credentials in UTF-8 (RFC 7617). */
export const basic = (user: string, pass: string): string =>
  `Basic ${Buffer.from(`${user}:${pass}`, 'utf8').toString('base64')}`

/** Converts Basic credentials from latin-1 to UTF-8. Returns other headers unchanged. */
export const inUtf8 = (header: string): string => {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header)?.[1]
  if (encoded === undefined) return header
  const bytes = Buffer.from(encoded, 'base64')
  return bytes.some((byte) => byte > 0x7f)
    ? `Basic ${Buffer.from(bytes.toString('latin1')).toString('base64')}`
    : header
}

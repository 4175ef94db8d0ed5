/**
 * The entry for a host in a netrc of plain words. Quotes, comments, escapes and macros are beyond this model: where it
 * finds one it knows nothing, and so excuses nothing.
 */

export interface Entry {
  readonly login: string
  readonly password: string
}

type Fields = Readonly<Record<string, string>>

const FIELD: Readonly<Record<string, string>> = {
  login: 'login',
  user: 'login',
  account: 'account',
  password: 'password',
}

/** Host names and the words that belong to each; `default` is a name too. */
const read = (words: ReadonlyArray<string>): ReadonlyMap<string, Fields> => {
  const entries = new Map<string, Fields>()
  let name: string | undefined
  for (let i = 0; i < words.length; i += 2) {
    const [word = '', next = ''] = words.slice(i)
    if (word === 'machine' || word === 'default') {
      name = word === 'default' ? word : next
      entries.set(name, {})
      if (word === 'default') i -= 1
      continue
    }
    const field = FIELD[word]
    if (name === undefined || field === undefined) return new Map()
    entries.set(name, { ...entries.get(name), [field]: next })
  }
  return entries
}

/** Login and password for a host, else those of `default`; nothing where there is neither. */
export const plainEntry = (text: string, host: string): Entry | undefined => {
  if (/["#\\]|macdef/.test(text)) return undefined
  const entries = read(text.split(/\s+/).filter((word) => word !== ''))
  const { login = '', account = '', password = '' } = entries.get(host) ?? entries.get('default') ?? {}
  return login === '' && account === '' && password === '' ? undefined : { login: login || account, password }
}

/** RFC 7617 in UTF-8. */
export const basic = (user: string, pass: string): string =>
  `Basic ${Buffer.from(`${user}:${pass}`, 'utf8').toString('base64')}`

/** A Basic that requests has written in latin-1, in UTF-8; anything else as it is. */
export const inUtf8 = (header: string): string => {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(header)?.[1]
  if (encoded === undefined) return header
  const bytes = Buffer.from(encoded, 'base64')
  return bytes.some((byte) => byte > 0x7f)
    ? `Basic ${Buffer.from(bytes.toString('latin1')).toString('base64')}`
    : header
}

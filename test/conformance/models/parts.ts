/**
 * Splits a URL like RFC 3986 appendix B and Python's `urlsplit`, for rules that must not call the library.
 *
 * The host is unchanged. `canonicalHost` returns its WHATWG form with Node's `URL` (D19).
 */

export interface Parts {
  /** In lower case, without the colon. Empty if it is missing. */
  readonly scheme: string
  readonly hasAuthority: boolean
  readonly userinfo: string | undefined
  /** In lower case and without the brackets of an IPv6 address, like Python's `hostname`. */
  readonly host: string
  readonly port: string
  readonly path: string
  readonly query: string
  readonly fragment: string
}

const SPLIT = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/

export const partsOf = (text: string): Parts => {
  const [, scheme = '', authority, path = '', query = '', fragment = ''] = SPLIT.exec(text) ?? []
  const whole = authority ?? ''
  const at = whole.lastIndexOf('@')
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/.exec(whole.slice(at + 1)) ?? []
  return {
    scheme: scheme.toLowerCase(),
    hasAuthority: authority !== undefined,
    userinfo: at < 0 ? undefined : whole.slice(0, at),
    host: (bracketed ?? plain).toLowerCase(),
    port,
    path,
    query,
    fragment,
  }
}

/** Python's `unquote`: decodes escapes as UTF-8 and keeps all other text. */
export const unquoted = (text: string): string =>
  text.replace(/(?:%[\da-f]{2})+/gi, (escapes) => Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'))

/** Returns user and password of a URL, or undefined if one of them is missing. */
export const credentialsIn = (text: string): readonly [user: string, pass: string] | undefined => {
  const [user, pass] = (partsOf(text).userinfo ?? '').split(/:(.*)/s).map(unquoted)
  return user === undefined || pass === undefined ? undefined : [user, pass]
}

/** Returns whether requests prepares a URL as http-like. It does not change other URLs. */
export const isHttpLike = (text: string): boolean => /^http/i.test(text.trimStart())

/** Returns the WHATWG form of a host without brackets, or undefined if it is invalid. */
export const canonicalHost = (host: string): string | undefined => {
  if (host === '' || /[\s\\]/.test(host)) return undefined
  try {
    return new URL(`http://${host.includes(':') ? `[${host}]` : host}/`).hostname.replace(/^\[(.*)\]$/, '$1')
  } catch {
    return undefined
  }
}

export const withBrackets = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** Returns the port without leading zeros. Empty if it is missing or 0, as in requests. */
export const portOf = ({ port }: Pick<Parts, 'port'>): string => (Number(port) === 0 ? '' : String(Number(port)))

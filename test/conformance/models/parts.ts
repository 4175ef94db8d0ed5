/**
 * A URL taken apart by RFC 3986 appendix B and Python's `urlsplit`, for rules that must not ask the library.
 *
 * The host is as it was written; `canonicalHost` is the WHATWG form, by Node's own `URL` (D19).
 */

export interface Parts {
  /** Lower case, without its colon; empty where there is none. */
  readonly scheme: string
  readonly hasAuthority: boolean
  readonly userinfo: string | undefined
  /** Without the brackets of an IPv6 address, in lower case as Python's `hostname`. */
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

/** User and password of a URL; nothing where one of them is not said. */
export const credentialsIn = (text: string): readonly [user: string, pass: string] | undefined => {
  const [user, pass] = (partsOf(text).userinfo ?? '').split(/:(.*)/s).map(unquoted)
  return user === undefined || pass === undefined ? undefined : [user, pass]
}

/** Whether requests prepares it as an http-like URL, and does not leave it alone. */
export const isHttpLike = (text: string): boolean => /^http/i.test(text.trimStart())

/** The host as the WHATWG parser has it, without brackets; undefined if it is invalid. */
export const canonicalHost = (host: string): string | undefined => {
  if (host === '' || /[\s\\]/.test(host)) return undefined
  try {
    return new URL(`http://${host.includes(':') ? `[${host}]` : host}/`).hostname.replace(/^\[(.*)\]$/, '$1')
  } catch {
    return undefined
  }
}

export const withBrackets = (host: string): string => (host.includes(':') ? `[${host}]` : host)

/** The port as a number in text; empty if the URL has none or has `:0`, as in requests. */
export const portOf = ({ port }: Pick<Parts, 'port'>): string => (Number(port) === 0 ? '' : String(Number(port)))

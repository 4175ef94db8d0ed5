/**
 * The proxy that requests selects, in one canonical spelling.
 *
 * | keys that `select_proxy` looks up, in this order |
 * |--------------------------------------------------|
 * | `scheme://host`, `scheme`, `all://host`, `all`   |
 *
 * The first existing key decides. None and `''` mean no proxy.
 */
import type { Entry, Py } from '../tagged.js'
import { partsOf, unquoted } from './parts.js'

export type ProxyMap = ReadonlyArray<readonly [key: string, value: string | null]>

/** Decodes a Python dictionary of proxies. */
export const mapOf = (py: Py | undefined): ProxyMap => {
  if (py?._tag !== 'Dict') return []
  return py.entries.map(([key, value]: Entry) => [
    key._tag === 'Str' ? key.text : '',
    value._tag === 'Str' ? value.text : null,
  ])
}

/** requests' `select_proxy`: returns the proxy, null for no proxy, or undefined if no key matches. */
export const select = (url: string, map: ProxyMap): string | null | undefined => {
  const { scheme, host } = partsOf(url)
  const keys = host === '' ? [scheme, 'all'] : [`${scheme}://${host}`, scheme, `all://${host}`, 'all']
  for (const wanted of keys) {
    const found = map.find(([key]) => key === wanted)
    if (found !== undefined) return found[1] === '' ? null : found[1]
  }
  return undefined
}

/** Normalizes the keys: lower case, and no slash after the host (D52). */
export const normalizedKeys = (map: ProxyMap): ProxyMap =>
  map.map(([key, value]) => [
    key
      .trim()
      .toLowerCase()
      .replace(/:?\/*$/, ''),
    value,
  ])

/** Returns whether a proxy has a user without a password, or the reverse (D48). */
export const isHalf = (text: string | null | undefined): boolean => {
  const { userinfo = '' } = text === null || text === undefined ? {} : partsOf(withScheme(text))
  return userinfo !== '' && userinfo !== ':' && (!userinfo.includes(':') || userinfo.startsWith(':'))
}

const withScheme = (text: string): string => (/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)

/** Returns user and password of a proxy. A missing half is empty. */
export const halves = (text: string): readonly [user: string, pass: string] => {
  const [user = '', pass = ''] = (partsOf(withScheme(text)).userinfo ?? '').split(/:(.*)/s).map(unquoted)
  return [user, pass]
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

/** Returns `http://user:pass@host:port` with the default port. `host:port` is an http proxy. */
export const spelled = (text: string | null | undefined): string | null => {
  if (text === null || text === undefined || text === '') return null
  const { scheme, userinfo, host, port } = partsOf(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  const shownPort = port === '' ? (DEFAULT_PORTS[scheme] ?? '1080') : port
  const credentials = userinfo?.includes(':') === true ? `${unquoted(userinfo)}@` : ''
  return `${scheme}://${credentials}${host}:${shownPort}`
}

/** requests' `proxy_headers`: returns Basic for a proxy with user and password. */
export const authorizationFor = (proxy: string | null): string | null => {
  const userinfo = proxy === null ? undefined : partsOf(proxy).userinfo
  if (userinfo === undefined || !userinfo.includes(':') || userinfo.startsWith(':')) return null
  return `Basic ${Buffer.from(unquoted(userinfo), 'latin1').toString('base64')}`
}

export const isSocks = (proxy: string | null): boolean => proxy?.toLowerCase().startsWith('socks') === true

/** Python's `getproxies_environment`: a lower-case `_proxy` suffix takes precedence, and an empty value removes. */
export const environmentMap = (env: Readonly<Record<string, string>>): ProxyMap => {
  const map = new Map<string, string>()
  const named = Object.entries(env).filter(([name]) => /_proxy$/i.test(name))
  for (const [name, value] of named) if (value !== '') map.set(name.slice(0, -6).toLowerCase(), value)
  if (Object.hasOwn(env, 'REQUEST_METHOD')) map.delete('http')
  for (const [name, value] of named.filter(([name]) => name.endsWith('_proxy'))) {
    if (value === '') map.delete(name.slice(0, -6).toLowerCase())
    else map.set(name.slice(0, -6).toLowerCase(), value)
  }
  return [...map].filter(([key]) => key !== 'no')
}

/** The headers for the origin, and the Proxy-Authorization. */
export interface ProxySide {
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** The Proxy-Authorization for the proxy. */
  readonly authorization: string | null
}

const isProxyAuthorization = ([name]: readonly [string, string]): boolean =>
  name.toLowerCase() === 'proxy-authorization'

/** A forwarding proxy receives a Proxy-Authorization set by hand. Through a tunnel or without a proxy, the origin does. */
export const proxySide = (
  url: string,
  selected: string | null,
  headers: ReadonlyArray<readonly [name: string, value: string]>,
): ProxySide => {
  const own = selected === null || isSocks(selected) ? null : authorizationFor(selected)
  const forwards = selected !== null && !isSocks(selected) && /^http:/i.test(url)
  if (!forwards) return { headers, authorization: own }
  return {
    headers: headers.filter((pair) => !isProxyAuthorization(pair)),
    authorization: own ?? headers.find(isProxyAuthorization)?.[1] ?? null,
  }
}

/**
 * A model of `Redirect.shouldStripAuth`: requests' `should_strip_auth` with canonical hosts and planned ports.
 */
import { canonicalHost, type Parts, partsOf, portOf } from './parts.js'

const DEFAULTS: Readonly<Record<string, string>> = { http: '80', https: '443' }

const strips = (from: Parts, to: Parts): boolean => {
  if (from.host !== to.host) return true
  const [old, next] = [from, to].map((parts) => portOf(parts) || DEFAULTS[parts.scheme] || '')
  if (from.scheme === to.scheme) return old !== next
  return !(from.scheme === 'http' && old === '80' && to.scheme === 'https' && next === '443')
}

/** The parts of a URL with its host in canonical form; undefined if the host is invalid. */
export const canonical = (text: string): Parts | undefined => {
  const parts = partsOf(text)
  const host = /\\/.test(text.split(/[/?#]/)[2] ?? '') ? undefined : canonicalHost(parts.host)
  return host === undefined ? undefined : { ...parts, host }
}

/** Whether credentials are removed; undefined if either host is invalid. */
export const stripsAuth = (old: string, next: string): boolean | undefined => {
  const [from, to] = [canonical(old), canonical(next)]
  return from === undefined || to === undefined ? undefined : strips(from, to)
}

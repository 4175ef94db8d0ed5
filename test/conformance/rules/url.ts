/**
 * Changes to a URL that the rules of several families use.
 *
 * | rule | computes                                  |
 * |------|-------------------------------------------|
 * | D28  | an error for text that is not a valid URL |
 * | D14  | an http-like URL without its userinfo     |
 * | D19  | an http(s) URL under its canonical host   |
 */
import { canonicalHost, isHttpLike, partsOf, withBrackets } from '../models/parts.js'
import { type Failure, failure } from '../shapes.js'

/** Returns the error for text that is not a valid http-like URL. Returns undefined for a foreign scheme. */
export const urlProblem = (text: string): Failure | undefined => {
  const trimmed = text.trimStart()
  if (trimmed.includes(':') && !isHttpLike(trimmed)) return undefined
  const { scheme, host, port } = partsOf(trimmed)
  if (scheme === '') return failure('MissingSchema')
  return host === '' || !/^\d*$/.test(port) || Number(port) > 65535 ? failure('InvalidURL') : undefined
}

export const withoutUserinfo = (url: string): string =>
  isHttpLike(url) ? url.replace(/^([^/?#]*\/\/)[^/?#]*@/, '$1') : url

export const withCanonicalHost = (url: string): string => {
  const { scheme, host } = partsOf(url)
  const canonical = canonicalHost(host)
  if ((scheme !== 'http' && scheme !== 'https') || canonical === undefined || canonical === host) return url
  return url.replace(/^([^/]*\/\/)(\[[^\]]*\]|[^:/?#]*)/, `$1${withBrackets(canonical)}`)
}

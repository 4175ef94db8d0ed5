/**
 * What several families' rules make of a URL.
 *
 * | rule | what it computes                                                                            |
 * |------|---------------------------------------------------------------------------------------------|
 * | D28  | text that is no URL is an error before anything is asked about it                           |
 * | D14  | an http-like URL without its userinfo                                                       |
 * | D19  | an http(s) URL under its canonical host                                                     |
 */
import { canonicalHost, isHttpLike, partsOf, withBrackets } from '../models/parts.js'
import { type Failure, failure } from '../shapes.js'

/** The error of text that no http-like URL can be read from; nothing where it is one, or of a foreign scheme. */
export const noUrl = (text: string): Failure | undefined => {
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

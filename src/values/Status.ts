/**
 * Status codes: their classes, the redirects that are followed, and their reason phrases (RFC 9110 15).
 *
 * @example
 * import { Status } from 'requests-ts'
 *
 * assert.equal(Status.isRedirect(302), true)
 * assert.equal(Status.isRedirect(304), false)
 * assert.equal(Status.reason(404), 'Not Found')
 */
import { STATUS_CODES } from 'node:http'

/** Returns whether the Location of a reply is followed (RFC 9110 15.4), as in requests' `REDIRECT_STATI`. */
export const isRedirect = (status: number): boolean =>
  status === 301 || status === 302 || status === 303 || status === 307 || status === 308

/** Returns whether a redirect is permanent, as in requests' `is_permanent_redirect`. */
export const isPermanentRedirect = (status: number): boolean => status === 301 || status === 308

/** Returns whether a status is from 400 to 499. */
export const isClientError = (status: number): boolean => status >= 400 && status < 500
/** Returns whether a status is from 500 to 599. */
export const isServerError = (status: number): boolean => status >= 500 && status < 600

/** Returns whether a reply with this status to this method may have a body (RFC 9112 6.3). */
export const hasBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200

/** Returns the standard reason phrase, or an empty string for an unknown code. */
export const reason = (status: number): string => STATUS_CODES[status] ?? ''

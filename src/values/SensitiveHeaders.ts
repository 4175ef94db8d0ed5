/**
 * The header fields whose values are always secret.
 *
 * A reply has more of them than a request: the cookies that it sets, and the proof that the server knows the password
 * (RFC 7616 3.5).
 */

/** The lower-case names of sensitive headers in a request. */
export const SENSITIVE: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'x-auth-token',
  'private-token',
])

/** The lower-case names of sensitive headers in a reply. */
export const SENSITIVE_IN_REPLY: ReadonlySet<string> = new Set([
  ...SENSITIVE,
  'set-cookie',
  'set-cookie2',
  'authentication-info',
  'proxy-authentication-info',
  'proxy-authenticate-info',
])

/** Checked first, so that most names need no lower-case copy. */
const LENGTHS: ReadonlySet<number> = new Set(Array.from(SENSITIVE_IN_REPLY, ({ length }) => length))

/** Returns whether a header of a reply is sensitive. */
export const isSensitiveInReply = (name: string): boolean =>
  LENGTHS.has(name.length) && SENSITIVE_IN_REPLY.has(name.toLowerCase())

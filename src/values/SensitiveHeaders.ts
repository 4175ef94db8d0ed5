/**
 * The names of header fields whose values are secret, whoever gave them.
 *
 * A reply has more of them than a request: cookies that it sets, and what proves that it knows the password (RFC 7616 3.5).
 */

/** Lower-case names of headers whose values are secret however they are given. */
export const SENSITIVE: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'x-api-key',
  'x-auth-token',
  'private-token',
])

/** Lower-case names of headers whose values are secret in a reply. */
export const SENSITIVE_IN_REPLY: ReadonlySet<string> = new Set([
  ...SENSITIVE,
  'set-cookie',
  'set-cookie2',
  'authentication-info',
  'proxy-authentication-info',
  'proxy-authenticate-info',
])

/** By length, so that most names need no copy in lower case. */
const LENGTHS: ReadonlySet<number> = new Set(Array.from(SENSITIVE_IN_REPLY, ({ length }) => length))

/** Whether the value of a field of a reply is secret by its name. */
export const isSensitiveInReply = (name: string): boolean =>
  LENGTHS.has(name.length) && SENSITIVE_IN_REPLY.has(name.toLowerCase())

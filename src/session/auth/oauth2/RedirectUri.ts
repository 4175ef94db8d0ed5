/**
 * Checks where an authorization server sends a user back to (RFC 6749 3.1.2, RFC 8252 7).
 *
 * | redirect URI                                     | for                                                    |
 * |--------------------------------------------------|--------------------------------------------------------|
 * | `https://…`                                      | a web application, or an app that claims the URL (7.2) |
 * | `http://127.0.0.1:port/…`, `http://[::1]:port/…` | a program that listens on any free port (7.3)          |
 * | `http://localhost:port/…`                        | the same; an IP address is safer (8.3)                 |
 * | `com.example.app:/…`                             | an app with a scheme of its own, which has a dot (7.1) |
 *
 * The server compares the URI with a registered one, so it is sent exactly as given.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as UserInput from '../../../values/UserInput.js'

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost'])

const problemOf = ({ protocol, hostname, username, password }: URL, text: string): string | undefined => {
  if (text.includes('#')) return 'it must not contain a fragment'
  if (username !== '' || password !== '') return 'it must not contain credentials'
  if (protocol === 'https:') return undefined
  if (protocol === 'http:') {
    return LOOPBACK.has(hostname) ? undefined : 'http is only for 127.0.0.1, [::1] and localhost; use https'
  }
  return protocol.includes('.') ? undefined : 'a scheme of an app must be a reversed domain name, as com.example.app'
}

/** Returns the text of a redirect URI. The left says what is wrong. */
export const parse = (given: unknown): E.Either<string, string> => {
  const text: unknown = UserInput.urlText(given)
  if (typeof text !== 'string') return E.left('redirectUri must be a URL')
  if (!/^[a-z][a-z\d+.-]*:[\x21-\x7e]+$/i.test(text) || !URL.canParse(text)) {
    return E.left('redirectUri must be an absolute URL of printable ASCII')
  }
  const problem = problemOf(new URL(text), text)
  return problem === undefined ? E.right(text) : E.left(`redirectUri is not valid: ${problem}`)
}

/**
 * Reads problem details: what an API reports about a failed request (RFC 9457, before that RFC 7807).
 *
 * | document                                             | read as                                                     |
 * |------------------------------------------------------|-------------------------------------------------------------|
 * | `application/problem+json`, with or without parameters | a problem, whatever the status is                         |
 * | `application/json` and any other type                | `none`: each object would be a problem, because every member is optional |
 * | larger than 1,048,576 octets, not JSON, a list, a text | `none`                                                    |
 * | a member whose value has a wrong type                | the member is ignored (3.1); `type` is then `about:blank`   |
 * | a relative `type` or `instance`                      | resolved against the URL of the response without its query (3.1.1, 3.1.5) |
 * | an absolute one                                      | as written, because programs compare it                     |
 * | a member `__proto__`                                 | ignored, because copying it could change a prototype        |
 *
 * Problem details in XML (`application/problem+xml`, RFC 7807) are not read.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Charset from '../values/Charset.js'
import { parseMediaType } from '../values/HeaderSyntax.js'
import * as Headers from '../values/Headers.js'
import * as Printable from '../values/Printable.js'
import * as Url from '../values/Url.js'
import * as UserInput from '../values/UserInput.js'
import type { Response } from './Reply.js'

/**
 * Problem details (RFC 9457). Every text comes from the server, and may contain HTML or control characters: escape it before
 * you show it.
 *
 * @since 0.2.0
 * @category model
 */
export interface Problem {
  /** The URI that identifies the kind of the problem; `about:blank` if the problem has only the meaning of its status. */
  readonly type: string
  /** Describes the kind of the problem in a few words. */
  readonly title: O.Option<string>
  /** The status that the server gave its answer, 100 to 599. A proxy may have changed that of the response. */
  readonly status: O.Option<number>
  /** Describes what went wrong with this request. */
  readonly detail: O.Option<string>
  /** The URI of this occurrence. */
  readonly instance: O.Option<string>
  /** All other members. They may be anything: decode them, for example with io-ts. */
  readonly extensions: Readonly<Record<string, unknown>>
}

/** The largest document that is parsed, in octets. */
const MAX_OCTETS = 1_048_576

const MEDIA_TYPE = 'application/problem+json'

const isProblem = ({ headers, bytes }: Response): boolean => {
  if (bytes.length > MAX_OCTETS) return false
  const contentType = Headers.combined(headers, 'Content-Type')
  return contentType !== undefined && parseMediaType(contentType).essence === MEDIA_TYPE
}

type Members = Readonly<Record<string, unknown>>

// The result of `JSON.parse`: an object has only own properties, and a `__proto__` among them.
const isObject = (json: unknown): json is Members => typeof json === 'object' && json !== null && !Array.isArray(json)

const textOf = (members: Members, name: string): O.Option<string> => {
  const value = UserInput.get(members, name)
  return typeof value === 'string' ? O.some(value) : O.none
}

const statusOf = (members: Members): O.Option<number> => {
  const value = UserInput.get(members, 'status')
  const isStatus = typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599
  return isStatus ? O.some(value) : O.none
}

/** Returns the URI of a member, `none` if a relative one cannot be resolved. */
const uriOf = (response: Response, members: Members, name: string): O.Option<string> => {
  const reference = textOf(members, name)
  if (O.isNone(reference) || Url.isAbsolute(reference.value)) return reference
  // The query may be masked, and a reference without a path would repeat it.
  const base = Url.parse(response.url.replace(/[?#][\s\S]*$/, ''))
  const resolved = E.isLeft(base) ? base : Url.resolve(base.right.url)(reference.value)
  return E.isLeft(resolved) ? O.none : O.some(resolved.right.url.href)
}

const NOT_EXTENSIONS: ReadonlySet<string> = new Set(['type', 'title', 'status', 'detail', 'instance', '__proto__'])

const problemIn = (response: Response, members: Members): Problem => ({
  type: O.getOrElse(() => 'about:blank')(uriOf(response, members, 'type')),
  title: textOf(members, 'title'),
  status: statusOf(members),
  detail: textOf(members, 'detail'),
  instance: uriOf(response, members, 'instance'),
  extensions: Object.fromEntries(Object.entries(members).filter(([name]) => !NOT_EXTENSIONS.has(name))),
})

/**
 * Returns the problem details of a response whose Content-Type is `application/problem+json`, or `none`. Reads at most
 * 1,048,576 octets: a larger document is `none`. See the head of this module for each case.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as O from 'fp-ts/lib/Option.js'
 * import { Exchange, Request, Response, Session } from 'requests-ts'
 *
 * const { outcome } = pipe(
 *   Request.post('http://h.test/orders'),
 *   Exchange.simulate({ session: Session.defaults })(() => ({
 *     status: 403,
 *     headers: { 'content-type': 'application/problem+json' },
 *     body: '{"type":"/problems/credit","title":"Not enough credit","balance":30}' })))
 * const problem = pipe(O.fromEither(outcome), O.flatMap(Response.problem))
 * assert(O.isSome(problem))
 * assert.equal(problem.value.type, 'http://h.test/problems/credit')
 * assert.deepEqual(problem.value.extensions, { balance: 30 })
 */
export const problem = (response: Response): O.Option<Problem> => {
  if (!isProblem(response)) return O.none
  const parsed = Printable.parseJson(Charset.decodeJson(response.encoding)(response.bytes))
  return E.isRight(parsed) && isObject(parsed.right) ? O.some(problemIn(response, parsed.right)) : O.none
}

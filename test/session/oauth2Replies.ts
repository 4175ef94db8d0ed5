/** Requests and replies of an authorization server, without a network. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { expect } from 'vitest'
import * as Plan from '../../src/Plan.js'
import type * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Octets from '../../src/values/Octets.js'
import type * as Reply from '../../src/wire/Reply.js'

/** Returns the right, and fails the test for a left. */
export const rightOf = <A>(either: E.Either<unknown, A>): A =>
  E.isRight(either) ? either.right : expect.fail(JSON.stringify(either.left))

/** Returns the left, and fails the test for a right. */
export const leftOf = <E>(either: E.Either<E, unknown>): E =>
  E.isLeft(either) ? either.left : expect.fail(`not a left: ${JSON.stringify(either.right)}`)

/** Returns the response of a server to a request. */
export const replyTo =
  (request: Request.Request) =>
  (answer: Reply.Answer): Reply.Response =>
    pipe(
      request,
      Exchange.simulate({ session: Session.empty })(() => answer),
      ({ outcome }) => rightOf(outcome),
    )

/** Returns what is sent: method, URL, headers by name, and the body as text. */
export const sentBy = (request: Request.Request) => {
  const { method, url, headers, body } = Plan.wire(rightOf(Plan.plan({ session: Session.empty })(request)))
  return { method, url, headers: Object.fromEntries(headers), body: O.isSome(body) ? Octets.toText(body.value) : '' }
}

/** Returns the pairs of a form, decoded. */
export const pairsOf = (form: string): ReadonlyArray<readonly [string, string]> => [...new URLSearchParams(form)]

/** Runs a function while `Object.prototype` has a property, as after an attack on other code of the process. */
export const withPrototype = <A>(name: string, value: unknown, run: () => A): A => {
  Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: false })
  try {
    return run()
  } finally {
    Reflect.deleteProperty(Object.prototype, name)
  }
}

/** Runs a pure server (`Reply.Server`) and converts its answer to a head and a decoded body. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Headers from '../values/Headers.js'
import * as JsonText from '../values/JsonText.js'
import * as Octets from '../values/Octets.js'
import * as Status from '../values/Status.js'
import * as UserInput from '../values/UserInput.js'
import { NOTHING } from './BodySource.js'
import * as Coding from './coding/Coding.js'
import * as Fault from './Fault.js'
import type { Plan } from './Plan.js'
import { type Answer, answer, type Head, head, type Server, tooLarge } from './Reply.js'

/** The reply of a server. `content` decodes the body. */
export interface Served {
  readonly head: Head
  readonly content: (limit: number) => E.Either<Fault.Fault, Uint8Array>
}

/** Writes the JSON of an answer into its body. The left is the problem. */
const withoutJson = (answered: Answer): E.Either<string, Answer> => {
  const { json } = answered
  if (json === undefined) return E.right(answered)
  if (answered.body !== undefined) return E.left('its answer has both body and json')
  const body = JsonText.stringify(json)
  if (E.isLeft(body)) return E.left(`the json of its answer is not valid: ${body.left}`)
  const { headers } = head(answered)
  const typed = Headers.has('Content-Type')(headers)
    ? headers
    : Headers.append('Content-Type', 'application/json')(headers)
  return E.right({ ...answered, headers: Headers.reveal(typed), body: body.right })
}

const bodyOf = ({ status, body }: Answer, method: string): Uint8Array => {
  if (body === undefined || !Status.hasBody(method, status)) return NOTHING
  return typeof body === 'string' ? Octets.fromText(body) : body
}

const isText = (u: unknown): boolean => typeof u === 'string'
const isHeaders = (u: unknown): boolean => {
  if (Array.isArray(u)) return u.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every(isText))
  if (typeof u !== 'object' || u === null) return u === undefined
  return Object.values(u).every((value) => isText(value) || (Array.isArray(value) && value.every(isText)))
}

const invalidField = (given: Partial<Record<keyof Answer, unknown>>): string | undefined => {
  if (!Number.isInteger(given.status)) return 'status'
  if (given.reason !== undefined && !isText(given.reason)) return 'reason'
  if (!isHeaders(given.headers)) return 'headers'
  return given.body === undefined || isText(given.body) || given.body instanceof Uint8Array ? undefined : 'body'
}

/** Checks what a server has returned. The left is the problem. */
const checkAnswer = (returned: unknown): E.Either<string, Answer> => {
  if (typeof returned !== 'object' || returned === null || returned instanceof Promise) {
    return E.left(`it returned ${Fault.kindOf(returned)} instead of an answer`)
  }
  const own = UserInput.own(returned)
  const field = invalidField(own)
  // The cast: every field was checked.
  return field === undefined ? E.right(own as Answer) : E.left(`the ${field} of its answer is not valid`)
}

const failed = (problem: string, cause?: unknown): E.Either<Fault.Fault, never> =>
  E.left(Fault.make('ProtocolError', `The server's function failed: ${problem}`, cause))

const call = (server: Server, plan: Plan): E.Either<Fault.Fault, Answer> => {
  try {
    const returned: unknown = answer(server)(plan)
    const checked = pipe(checkAnswer(returned), E.flatMap(withoutJson))
    if (E.isRight(checked)) return checked
    Fault.ignoreRejection(returned)
    return failed(checked.left)
  } catch (cause) {
    return failed(Fault.messageOf(cause), cause)
  }
}

/** Returns the server's reply to a plan. A server that throws or returns no valid answer is a `ProtocolError`. */
export const serve =
  (server: Server) =>
  (plan: Plan): E.Either<Fault.Fault, Served> => {
    const answered = call(server, plan)
    if (E.isLeft(answered)) return answered
    const received = head(answered.right)
    const body = bodyOf(answered.right, plan.method)
    return E.right({
      head: received,
      content: (limit) => {
        const codings = Coding.codings(received.headers)
        if (E.isLeft(codings)) return codings
        if (codings.right.length > 0) return Coding.decode(codings.right, body, limit)
        return body.length > limit ? E.left(tooLarge(limit)) : E.right(body)
      },
    })
  }

/**
 * A pure server, and how its answers become replies: content codings are undone, and what has no body has none.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as Status from '../values/Status.js'
import * as Coding from './coding/Coding.js'
import * as Fault from './Fault.js'
import type { Plan } from './Plan.js'
import { type Answer, answer, type Head, head, type Server, tooLarge } from './Reply.js'

/** An answer taken apart: its head, and its content up to a limit. */
export interface Served {
  readonly head: Head
  readonly content: (limit: number) => E.Either<Fault.Fault, Uint8Array>
}

const NOTHING = new Uint8Array(0)

const bytesOf = ({ status, body }: Answer, method: string): Uint8Array => {
  if (body === undefined || !Status.hasBody(method, status)) return NOTHING
  return typeof body === 'string' ? Buffer.from(body, 'utf8') : body
}

const isText = (u: unknown): boolean => typeof u === 'string'
const isBody = (u: unknown): boolean => u === undefined || isText(u) || u instanceof Uint8Array
const isPair = (u: unknown): boolean => Array.isArray(u) && u.length === 2 && u.every(isText)
const isHeaders = (u: unknown): boolean =>
  u === undefined ||
  (Array.isArray(u)
    ? u.every(isPair)
    : typeof u === 'object' &&
      u !== null &&
      Object.values(u).every((value) => isText(value) || (Array.isArray(value) && value.every(isText))))

/** The first field that is not as an answer has it. */
const oddOf = ({ status, reason, headers, body }: Partial<Record<keyof Answer, unknown>>): string | undefined => {
  if (!Number.isInteger(status)) return 'status'
  if (reason !== undefined && !isText(reason)) return 'reason'
  if (!isHeaders(headers)) return 'headers'
  return isBody(body) ? undefined : 'body'
}

/** What a server gave, if it is an answer; the left is what is wrong with it. */
const read = (given: unknown): E.Either<string, Answer> => {
  if (typeof given !== 'object' || given === null || given instanceof Promise) {
    return E.left(`it gave ${Fault.kindOf(given)} in place of an answer`)
  }
  const own = OwnProperty.of(given)
  const odd = oddOf(own)
  // The cast: each field was looked at.
  return odd === undefined ? E.right(own as Answer) : E.left(`the ${odd} of its answer is not of its kind`)
}

const failed = (problem: string, cause?: unknown): E.Either<Fault.Fault, never> =>
  E.left(Fault.make('ProtocolError', `The server's function failed: ${problem}`, cause))

const asked = (server: Server, plan: Plan): E.Either<Fault.Fault, Answer> => {
  try {
    const given: unknown = answer(server)(plan)
    const answered = read(given)
    if (E.isRight(answered)) return answered
    Fault.ignoreRejection(given)
    return failed(answered.left)
  } catch (cause) {
    return failed(Fault.messageOf(cause), cause)
  }
}

/** Lets a server answer a plan. A server that throws, or gives no answer, is a `ProtocolError`. */
export const serve =
  (server: Server) =>
  (plan: Plan): E.Either<Fault.Fault, Served> => {
    const answered = asked(server, plan)
    if (E.isLeft(answered)) return answered
    const received = head(answered.right)
    const raw = bytesOf(answered.right, plan.method)
    return E.right({
      head: received,
      content: (limit) => {
        const codings = Coding.codings(received.headers)
        if (E.isLeft(codings)) return codings
        if (codings.right.length > 0) return Coding.decode(codings.right, raw, limit)
        return raw.length > limit ? E.left(tooLarge(limit)) : E.right(raw)
      },
    })
  }

/**
 * A pure server, and how its answers become replies: content codings are undone, and what has no body has none.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Status from '../values/Status.js'
import * as Coding from './Coding.js'
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

const asked = (server: Server, plan: Plan): E.Either<Fault.Fault, Answer> => {
  try {
    return E.right(answer(server)(plan))
  } catch (cause) {
    return E.left(Fault.make('ProtocolError', `The server's function failed: ${Fault.messageOf(cause)}`, cause))
  }
}

/** Lets a server answer a plan. A server that throws is a `ProtocolError`. */
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

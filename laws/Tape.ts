/**
 * The laws of recording and replaying, as predicates over implementations of `Transport.record` and `Transport.replay`.
 *
 * | law                | requires                                                                                      |
 * |--------------------|-----------------------------------------------------------------------------------------------|
 * | `recordIsSilent`   | recording does not change the outcome of a program                                            |
 * | `replayIsRecord`   | replaying a recording gives the same outcomes, except for redacted values                     |
 * | `replaysCalls`     | the same for single calls, including faults and cut bodies: each outcome once, in order       |
 * | `holdsNoSecret`    | a tape holds no credential of a request and no cookie value of a server                       |
 *
 * Every tape is encoded as JSON and decoded before it is replayed.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Jar from '../src/cookies/Jar.js'
import * as Http from '../src/Http.js'
import { memory } from '../src/transport/Memory.js'
import type { Sink } from '../src/transport/Record.js'
import * as Tape from '../src/transport/Tape.js'
import * as Octets from '../src/values/Octets.js'
import * as Fault from '../src/wire/Fault.js'
import type { Plan } from '../src/wire/Plan.js'
import { type Reply, reply } from '../src/wire/Reply.js'
import { type Transport, withPlan } from '../src/wire/Transport.js'
import type { Call } from './arbitrary/Calls.js'
import { CANARY, type Chain, contextOf, requestOf, serverOf } from './arbitrary/Chain.js'
import { planAt } from './arbitrary/Plan.js'
import { clientOf } from './Http.js'
import { ClosedEq, Eq } from './Unsealed.js'

/** The operations under test. */
export interface Operations {
  readonly record: (sink: Sink) => (inner: Transport) => Transport
  readonly replay: (tape: Tape.Tape) => Transport
}

interface Recording {
  readonly transport: Transport
  /** The tape, encoded and decoded. */
  readonly tape: () => Tape.Tape
  readonly text: () => string
}

const recording = ({ record }: Pick<Operations, 'record'>, inner: Transport): Recording => {
  let tape = Tape.empty
  const transport = record((entry) => () => {
    tape = Tape.append(entry)(tape)
  })(inner)
  const text = (): string => JSON.stringify(Tape.encode(tape))
  const read = (): Tape.Tape => {
    const decoded = Tape.decode(JSON.parse(text()))
    return E.isRight(decoded) ? decoded.right : Tape.empty
  }
  return { transport, tape: read, text }
}

const attempt = (chain: Chain, transport: Transport): Promise<unknown> =>
  Http.attempt(requestOf(chain))(contextOf(chain).jar ?? Jar.empty)(clientOf(chain, transport))()

/** States that recording does not change the outcome of a program. */
export const recordIsSilent =
  (operations: Pick<Operations, 'record'>) =>
  async (chain: Chain): Promise<boolean> => {
    const plain = await attempt(chain, memory(serverOf(chain)))
    return Eq.equals(await attempt(chain, recording(operations, memory(serverOf(chain))).transport), plain)
  }

/** States that replaying a recording gives the same outcomes, except for redacted values. */
export const replayIsRecord =
  (operations: Operations) =>
  async (chain: Chain): Promise<boolean> => {
    const { transport, tape } = recording(operations, memory(serverOf(chain)))
    const recorded = await attempt(chain, transport)
    return ClosedEq.equals(await attempt(chain, operations.replay(tape())), recorded)
  }

/** Every cookie value that the servers of a chain set begins with this text. */
const COOKIE_VALUE = 'host-only.'

/** States that a tape holds no credential of a request and no cookie value of a server. */
export const holdsNoSecret =
  (operations: Pick<Operations, 'record'>) =>
  async (chain: Chain): Promise<boolean> => {
    const { transport, text } = recording(operations, memory(serverOf(chain)))
    await attempt(chain, transport)
    return !text().includes(CANARY) && !text().includes(COOKIE_VALUE)
  }

// --- single calls --------------------------------------------------------------------------------------------------

const planOf = ({ path, method, token, body }: Call): Plan =>
  planAt('http://h.test')({
    method,
    target: `/${path}`,
    headers: [['Authorization', token]],
    content: body === undefined ? { _tag: 'Empty' } : { _tag: 'Bytes', text: body },
  })

async function* cut(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
  throw Fault.make('BodyCut', 'cut') // an iterable reports a failure as an exception
}

const replyOf = ({ outcome }: Call): Reply | undefined => {
  if (outcome._tag === 'Fault') return undefined
  const { status, fields, bytes, isCut } = outcome
  return reply({ status, headers: fields, body: isCut ? cut(bytes) : bytes })
}

/** Returns a transport that answers the calls in order. */
const answering = (calls: ReadonlyArray<Call>): Transport => {
  let count = 0
  return (plan) => async () => {
    const call = calls[count++]
    const made = call === undefined ? undefined : replyOf(call)
    if (made !== undefined) return E.right(made)
    const tag = call?.outcome._tag === 'Fault' ? call.outcome.fault : 'ProtocolError'
    return E.left(withPlan(plan, Fault.make(tag, `call ${count}`)))
  }
}

const read = async (made: Reply, reading: Call['reading']): Promise<unknown> => {
  const { body } = made
  switch (reading) {
    case 'gather':
      return body.gather(1000)()
    case 'discard':
      return body.discard()
    case 'iterate': {
      const chunks: Uint8Array[] = []
      try {
        for await (const chunk of body) chunks.push(chunk)
      } catch (cause) {
        return [Octets.concat(chunks), Fault.is(cause) && [cause._tag, cause.message]]
      }
      return [Octets.concat(chunks)]
    }
  }
}

const perform = async (calls: ReadonlyArray<Call>, transport: Transport): Promise<ReadonlyArray<unknown>> => {
  const outcomes: unknown[] = []
  for (const call of calls) {
    const sent = await transport(planOf(call), {})()
    if (E.isLeft(sent)) outcomes.push([sent.left._tag, sent.left.message])
    else outcomes.push([sent.right.status, sent.right.headers, await read(sent.right, call.reading)])
  }
  return outcomes
}

/** States that replaying single calls, including faults and cut bodies, gives each outcome once, in order. */
export const replaysCalls =
  (operations: Operations) =>
  async (calls: ReadonlyArray<Call>): Promise<boolean> => {
    const { transport, tape } = recording(operations, answering(calls))
    const recorded = await perform(calls, transport)
    return ClosedEq.equals(await perform(calls, operations.replay(tape())), recorded)
  }

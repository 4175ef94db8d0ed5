/**
 * Records the traffic of a transport: passes an entry for each attempt to a sink once the body of its reply has ended.
 *
 * Recording does not change what the program sees, and bodies are collected while they flow. A body that is neither read,
 * left nor discarded makes no entry. Place `record` outside `withRetry` to record the outcome of an exchange, and inside it
 * to record every attempt.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import { hideFields, secretsOf } from '../stages/ReplyRedaction.js'
import * as Secret from '../values/Secret.js'
import * as UserInput from '../values/UserInput.js'
import * as Clock from '../wire/Clock.js'
import { joinChunks } from '../wire/Parts.js'
import type { Plan } from '../wire/Plan.js'
import { concat, headOf, type Reply } from '../wire/Reply.js'
import { around, type SendControls, type Transport, type TransportError } from '../wire/Transport.js'
import { observeBody } from './BodyObserver.js'
import { type Asked, asked, type End, type Entry, redacted, redactedBody, withoutCause } from './TapeEntry.js'

/** Receives the entries: `(entry) => tape.modify(Tape.append(entry))` collects them in an `IORef`. */
export type Sink = (entry: Entry) => IO<void>

/** Options of `record`. */
export interface Options {
  /** What is recorded of a request body; its content may hold a password. `Length` by default. */
  readonly requestBody?: 'Length' | 'Content'
}

/** A plan and the content of its body: none until all of it was sent. */
type RecordedRequest = { readonly plan: Plan; readonly content: () => O.Option<Uint8Array> }

const collectingContent = (plan: Plan): RecordedRequest => {
  const { body } = plan
  if (body._tag === 'Empty') return { plan, content: () => O.none }
  if (body._tag === 'Bytes') return { plan, content: () => O.some(Secret.open(body.bytes)) }
  let whole: O.Option<Uint8Array> = O.none
  const collect = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const chunks: Uint8Array[] = []
    let joined = 0
    for await (const chunk of source) {
      chunks.push(chunk)
      joined = joinChunks(chunks, joined)
      yield chunk
    }
    whole = O.some(concat(chunks))
  }
  const content = () => whole
  // A generator opens its source when its first chunk is requested, so `withRetry` still sees whether the body was opened.
  return body._tag === 'Stream'
    ? { plan: { ...plan, body: { ...body, open: () => collect(body.open()) } }, content }
    : { plan: { ...plan, body: { ...body, source: collect(body.source) } }, content }
}

const sendRecorded = async (
  given: Plan,
  inner: Transport,
  controls: SendControls,
  requestBody: 'Length' | 'Content',
  write: (request: Asked, outcome: Entry['outcome']) => void,
): Promise<E.Either<TransportError, Reply>> => {
  const request: RecordedRequest =
    requestBody === 'Content' ? collectingContent(given) : { plan: given, content: () => O.none }
  const sent = await inner(request.plan, controls)()
  if (E.isLeft(sent)) {
    write(asked(request.content())(given), E.left(withoutCause(sent.left)))
    return E.left({ ...sent.left, plan: given })
  }
  const reply = sent.right
  const chunks: Uint8Array[] = []
  let joined = 0
  const onEnd = (how: End, read = concat(chunks)): void => {
    const bytes = redactedBody(given, read)
    const headers = redacted(hideFields(given, reply.headers), secretsOf(given))
    const end = typeof how === 'string' ? how : withoutCause(how)
    write(asked(request.content())(given), E.right({ ...headOf(reply), headers, bytes, end }))
  }
  const onChunk = (chunk: Uint8Array): void => {
    chunks.push(chunk)
    joined = joinChunks(chunks, joined)
  }
  return E.right({ ...reply, body: observeBody(reply.body, { onChunk, onEnd }) })
}

/** Returns a transport that passes an entry for each attempt to the sink, and otherwise behaves as `inner`. */
export const record =
  (sink: Sink, options: Options = {}) =>
  (inner: Transport): Transport => {
    const { requestBody = 'Length' } = UserInput.own(options)
    let count = 0
    return around(inner)((plan, controls) => () => {
      const order = count++
      const started = (controls.clock ?? Clock.system).now()
      return sendRecorded(plan, inner, controls, requestBody, (request, outcome) =>
        sink({ started, order, asked: request, outcome })(),
      )
    })
  }

/**
 * Keeping what goes over a transport: an entry for each attempt, handed to a sink when the body of its reply is over.
 *
 * The program under it sees no difference: bodies are kept while they flow. A body that nobody reads, leaves or
 * discards makes no entry. Around `withRetry` it keeps the outcome of an exchange, inside it every attempt.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import { hideIn, secretsOf } from '../stages/ReplyRedaction.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as Secret from '../values/Secret.js'
import * as Clock from '../wire/Clock.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { concat, type Reply, type Source } from '../wire/Reply.js'
import { around, type SendControls, type Transport, type TransportError } from '../wire/Transport.js'
import * as Tape from './Tape.js'

/** Where entries go: `(entry) => tape.modify(Tape.append(entry))` for a tape in an `IORef`. */
export type Sink = (entry: Tape.Entry) => IO<void>

export interface Options {
  /** What is kept of a request's body; its content may be a password. `Length` unless said. */
  readonly requestBody?: 'Length' | 'Content'
}

interface Kept {
  readonly plan: Plan
  /** What flowed, once it did so to its end. */
  readonly content: () => O.Option<Uint8Array>
}

/** A plan whose streamed body is kept while it flows. */
const keeping = (plan: Plan): Kept => {
  const { body } = plan
  if (body._tag === 'Empty') return { plan, content: () => O.none }
  if (body._tag === 'Bytes') return { plan, content: () => O.some(Secret.open(body.bytes)) }
  let whole: O.Option<Uint8Array> = O.none
  const kept = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of source) {
      chunks.push(chunk)
      yield chunk
    }
    whole = O.some(concat(chunks))
  }
  const content = (): O.Option<Uint8Array> => whole
  // A generator opens its source when it is asked for the first piece: whoever watches for that is not misled.
  return body._tag === 'Stream'
    ? { plan: { ...plan, body: { ...body, open: () => kept(body.open()) } }, content }
    : { plan: { ...plan, body: { ...body, source: kept(body.source) } }, content }
}

type Ended = (bytes: Uint8Array, end: Tape.End) => void

const NOTHING = new Uint8Array(0)

/** A body that tells what of it was read, and how it ended: once, the first time. */
const telling = (body: Source, ended: Ended): Source => {
  const chunks: Uint8Array[] = []
  // Set before the body is let go of: a piece that is still awaited ends then, and what came is not the whole.
  let isLeft = false
  return {
    gather: (limit) => async () => {
      const bytes = await body.gather(limit)()
      if (E.isRight(bytes)) ended(bytes.right, 'Whole')
      else ended(NOTHING, bytes.left)
      return bytes
    },
    discard: async () => {
      isLeft = true
      await body.discard()
      ended(concat(chunks), 'Left')
    },
    [Symbol.asyncIterator]: () => {
      const iterator = body[Symbol.asyncIterator]()
      return {
        next: async () => {
          try {
            const step = await iterator.next()
            if (step.done === true) ended(concat(chunks), isLeft ? 'Left' : 'Whole')
            else chunks.push(step.value)
            return step
          } catch (cause) {
            const fault = Fault.is(cause) ? cause : Fault.make('BodyCut', String(cause))
            ended(concat(chunks), isLeft ? 'Left' : fault)
            throw cause // to its reader, as the port says
          }
        },
        return: async () => {
          isLeft = true
          const step = await iterator.return?.()
          ended(concat(chunks), 'Left')
          return step ?? { done: true, value: undefined }
        },
      }
    },
  }
}

/** A fault without the foreign error, which may hold anything. */
const bare = ({ _tag, message, status, unsent }: Fault.Fault): Fault.Fault => ({
  ...Fault.make(_tag, message),
  ...(status === undefined ? {} : { status }),
  ...(unsent === undefined ? {} : { unsent }),
})

const keep = async (
  given: Plan,
  inner: Transport,
  limits: SendControls,
  content: 'Length' | 'Content',
  write: (asked: Tape.Asked, outcome: Tape.Entry['outcome']) => void,
): Promise<E.Either<TransportError, Reply>> => {
  const kept: Kept = content === 'Content' ? keeping(given) : { plan: given, content: () => O.none }
  const sent = await inner(kept.plan, limits)()
  const asked = (): Tape.Asked => Tape.asked(given, kept.content())
  if (E.isLeft(sent)) {
    write(asked(), E.left(bare(sent.left)))
    return E.left({ ...sent.left, plan: given })
  }
  let isWritten = false
  const { status, reason, headers, elapsed, httpVersion, body } = sent.right
  const ended: Ended = (bytes, end) => {
    if (isWritten) return
    isWritten = true
    const version = httpVersion === undefined ? {} : { httpVersion }
    const shown = Tape.redacted(hideIn(given, headers), secretsOf(given))
    const answered = { status, reason, headers: shown, elapsed, bytes, ...version }
    write(asked(), E.right({ ...answered, end: typeof end === 'string' ? end : bare(end) }))
  }
  return E.right({ ...sent.right, body: telling(body, ended) })
}

/** Hands an entry for each attempt to the sink, and changes nothing. */
export const record =
  (sink: Sink, options: Options = {}) =>
  (inner: Transport): Transport => {
    const { requestBody = 'Length' } = OwnProperty.of(options)
    let count = 0
    return around(inner)((plan, limits) => () => {
      const order = count++
      const started = (limits.clock ?? Clock.system).now()
      return keep(plan, inner, limits, requestBody, (asked, outcome) => sink({ started, order, asked, outcome })())
    })
  }

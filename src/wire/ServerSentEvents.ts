/**
 * Reads server-sent events (`text/event-stream`) as the HTML standard parses them, section 9.2.6, with one difference: a byte
 * order mark of UTF-16 selects UTF-16, while the standard always reads UTF-8. The APIs of language models stream their answers
 * in this format.
 *
 * | field   | effect                                                                     |
 * |---------|----------------------------------------------------------------------------|
 * | `event` | the type of the event; `message` if it is absent or empty                  |
 * | `data`  | one line of the data; several are joined with `\n`                         |
 * | `id`    | the id of this event and of later ones, unless it contains U+0000          |
 * | `retry` | the reconnection time, if it has digits only                               |
 * | others  | are ignored, as are lines that start with a colon                          |
 *
 * An empty line ends an event. An event without a data line, or without an empty line at its end, is not yielded. These
 * readers do not reconnect: `Http.eventStream` does.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Printable from '../values/Printable.js'
import { type Decoder, isSchema, type SchemaIssue, type StandardSchema } from '../values/StandardSchema.js'
import * as UserInput from '../values/UserInput.js'
import { linesOf, maxLengthOf, text } from './BodyReaders.js'
import * as Fault from './Fault.js'
import { type Decoding, type DecodingError, decode, errorOf } from './JsonDecoding.js'
import { joinLines } from './Parts.js'
import {
  type InEvent,
  type InvalidPayload,
  type NotJson,
  notJson,
  type SchemaFailed,
  type ServerSentEvent,
} from './ResponseError.js'

export type { InEvent, ServerSentEvent } from './ResponseError.js'

/**
 * Options of `events`.
 *
 * @since 0.2.0
 * @category model
 */
export interface EventsOptions {
  /**
   * The maximal length of a line, and of the data of one event, in UTF-16 code units; 64 Mi by default. More is
   * `BodyTooLarge`.
   */
  readonly maxLength?: number
  /**
   * An event with exactly this data ends the stream, and is not yielded: `[DONE]` for many APIs of language models. A stream
   * that ends without it is `BodyCut`, because it may not be complete. By default the end of the body ends it.
   */
  readonly until?: string
}

// --- parsing -------------------------------------------------------------------------------------------------------

/** Where a reader is in a stream: what a new connection needs to continue. */
export interface StreamPosition {
  /** The last id of a complete event, with or without data. Empty if the server sent no id. */
  readonly id: string
  /** The last reconnection time, in milliseconds. */
  readonly retry?: number
}

/** The position at the start of a stream. */
export const START: StreamPosition = { id: '' }

/** Returns the name and the value of a field. A line without a colon is a name with an empty value. */
const fieldOf = (line: string): readonly [name: string, value: string] => {
  const colon = line.indexOf(':')
  if (colon < 0) return [line, '']
  const value = line.slice(colon + 1)
  return [line.slice(0, colon), value.startsWith(' ') ? value.slice(1) : value]
}

const eventTooLong = (maxLength: number): Fault.Fault =>
  Fault.make('BodyTooLarge', `An event is longer than ${maxLength} characters; raise maxLength, or read lines`)

/** Returns milliseconds, or `undefined` for a value that the standard ignores or a number cannot hold. */
const millisecondsOf = (value: string): number | undefined =>
  /^[0-9]+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : undefined

/** What a server has set. An `id` that is empty is set too: it resets the id. */
export type PositionChange = 'Id' | 'Retry'

/**
 * Yields the events of a body that continues a stream from a position. Calls `onPosition` when the server sets it: for an id
 * after the whole event, before it is yielded, and for a reconnection time when its line is complete: with the next line, or at
 * the end of a body that ends with a line end.
 */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  maxLength: number | undefined,
  from: StreamPosition,
  onPosition: (position: StreamPosition, moved: PositionChange) => void,
): AsyncGenerator<ServerSentEvent> {
  const limit = maxLengthOf(maxLength)
  let position = from
  let id = from.id
  let retry = from.retry
  let event = ''
  let data: string[] = []
  let joined = 0
  let length = 0
  let hasId = false
  const move = (to: StreamPosition, moved: PositionChange): void => {
    position = to
    onPosition(to, moved)
  }
  const moveRetry = (): void => {
    if (retry !== undefined && retry !== position.retry) move({ ...position, retry }, 'Retry')
  }
  let isLastComplete = true
  let isLineComplete = true
  const texts = (async function* (): AsyncGenerator<string> {
    for await (const part of text()(body)) {
      isLineComplete = /[\r\n]$/.test(part)
      yield part
    }
  })()
  try {
    for await (const line of linesOf({ maxLength: limit })(texts)) {
      moveRetry()
      if (line === '') {
        const isEvent = data.length > 0
        if (hasId) move({ ...position, id }, 'Id')
        hasId = false
        const complete = { event: event || 'message', data: data.join('\n'), ...position }
        event = ''
        data = []
        joined = 0
        length = 0
        if (isEvent) yield complete
        continue
      }
      const [name, value] = fieldOf(line)
      if (name === 'event') event = value
      else if (name === 'id' && !value.includes('\0')) {
        id = value
        hasId = true
      } else if (name === 'retry') retry = millisecondsOf(value) ?? retry
      else if (name === 'data') {
        length += value.length + 1
        if (length > limit + 1) throw eventTooLong(limit) // an iterable can only throw
        data.push(value)
        joined = joinLines(data, joined)
      }
    }
    isLastComplete = isLineComplete
  } finally {
    if (isLastComplete) moveRetry() // a body that fails in a line does not yield it
  }
}

/** Returns the data that ends a stream. Untyped code may pass anything. */
export const untilOf = (until: unknown): string | undefined => (typeof until === 'string' ? until : undefined)

/** The fault of a stream that ended without the data of `until`. */
export const endedBefore = (what: string, until: string): Fault.Fault =>
  Fault.make('BodyCut', `${what} ended before the event ${Printable.quoted(until)}, so it may not be complete`)

/**
 * Yields the events before the first one whose data is `until`, or all of them without it. Throws `BodyCut` if they end without
 * this data.
 */
export async function* eventsUntil(
  events: AsyncIterable<ServerSentEvent>,
  until: string | undefined,
): AsyncGenerator<ServerSentEvent> {
  for await (const event of events) {
    if (event.data === until) return
    yield event
  }
  if (until !== undefined) throw endedBefore('The body', until) // an iterable can only throw
}

// --- decoding ------------------------------------------------------------------------------------------------------

/**
 * The events of a stream, each with its decoded data, or with the reason why it could not be decoded.
 *
 * @since 0.2.0
 * @category model
 */
export type DecodedEvents<Err, A> = AsyncGenerator<E.Either<NotJson<InEvent> | Err, ServerSentEvent<A>>>
type SchemaError = InvalidPayload<ReadonlyArray<SchemaIssue>, InEvent> | SchemaFailed<InEvent>

/**
 * Parses the data of each event as JSON and decodes the value, as `events` with a decoder or a schema does: for the events
 * of `Http.eventStream`.
 *
 * @since 0.2.0
 * @category combinators
 */
export function decodeEvents<A>(
  schema: StandardSchema<A>,
): (events: AsyncIterable<ServerSentEvent>) => DecodedEvents<SchemaError, A>
export function decodeEvents<E, A>(
  decode: Decoder<E, A>,
): (events: AsyncIterable<ServerSentEvent>) => DecodedEvents<InvalidPayload<E, InEvent>, A>
export function decodeEvents<D, A>(decoder: Decoding<D, A>) {
  return async function* (events: AsyncIterable<ServerSentEvent>): DecodedEvents<DecodingError<D, InEvent>, A> {
    let number = 0
    for await (const event of events) {
      number += 1
      const json = Printable.parseJson(event.data)
      if (E.isLeft(json)) {
        yield E.left(notJson({ event }, `event ${number}`, json.left))
        continue
      }
      const decoding = decode(decoder, json.right)
      const decoded = decoding instanceof Promise ? await decoding : decoding
      yield E.isRight(decoded)
        ? E.right({ ...event, data: decoded.right })
        : E.left(errorOf({ event }, `event ${number}`, json.right, decoded.left))
    }
  }
}

const rawEvents = (options: EventsOptions) =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
    const { maxLength, until } = UserInput.own(options)
    yield* eventsUntil(
      readEvents(body, maxLength, START, () => {}),
      untilOf(until),
    )
  }

/** Returns whether the first argument of `events` is meant as options. In untyped code, another value is a wrong schema. */
const areOptions = (given: unknown): given is EventsOptions => !isSchema(given) && UserInput.isRecord(given)

/**
 * Yields the events of a body, each as soon as it is complete. The bytes are UTF-8, unless they start with another byte order
 * mark. Time grows linearly with the body, and memory with an event.
 *
 * With a decoder, such as one of io-ts, or a Standard Schema (zod, valibot, arktype), the data of each event is parsed as JSON
 * and decoded. A `Left` is then `NotJson`, `InvalidPayload` or, of a schema, `SchemaFailed`, with the `event` as it was
 * received; later events follow. A schema whose promise
 * never settles is awaited forever; `Http.json` ends it with a signal.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as t from 'io-ts'
 * import { Stream } from 'requests-ts'
 *
 * async function* body() { yield Buffer.from('id: 7\nevent: delta\ndata: {"text":\ndata:  "Hi"}\n\ndata: [DONE]\n\n') }
 * const events: Array<Stream.ServerSentEvent> = []
 * for await (const event of Stream.events()(body())) events.push(event)
 * assert.deepEqual(events[0], { event: 'delta', data: '{"text":\n "Hi"}', id: '7' })
 *
 * const deltas: Array<string> = []
 * for await (const delta of Stream.events(t.type({ text: t.string }).decode, { until: '[DONE]' })(body()))
 *   if (E.isRight(delta)) deltas.push(delta.right.data.text)
 * assert.deepEqual(deltas, ['Hi'])
 */
export function events<A>(
  schema: StandardSchema<A>,
  options?: EventsOptions,
): (body: AsyncIterable<Uint8Array>) => DecodedEvents<SchemaError, A>
export function events<E, A>(
  decode: Decoder<E, A>,
  options?: EventsOptions,
): (body: AsyncIterable<Uint8Array>) => DecodedEvents<InvalidPayload<E, InEvent>, A>
export function events(options?: EventsOptions): (body: AsyncIterable<Uint8Array>) => AsyncGenerator<ServerSentEvent>
export function events<E, A>(
  first: Decoding<E, A> | EventsOptions = {},
  options: EventsOptions = {},
): (body: AsyncIterable<Uint8Array>) => AsyncGenerator<ServerSentEvent> | DecodedEvents<DecodingError<E, InEvent>, A> {
  if (areOptions(first)) return rawEvents(first)
  const decoded = decodeEvents(first as Decoder<E, A>) // the cast: `decodeEvents` distinguishes decoders and schemas
  const raw = rawEvents(options ?? {}) // null in untyped code
  return (body) => decoded(raw(body))
}

/**
 * Reads server-sent events (`text/event-stream`) as the HTML standard parses them, section 9.2.6. The APIs of language
 * models stream their answers in this format.
 *
 * | field   | effect                                                                     |
 * |---------|----------------------------------------------------------------------------|
 * | `event` | the type of the event; `message` if it is absent or empty                  |
 * | `data`  | one line of the data; several are joined with `\n`                         |
 * | `id`    | the id of this event and of later ones, unless it contains U+0000          |
 * | `retry` | the reconnection time, if it has digits only                               |
 * | others  | are ignored, as are lines that start with a colon                          |
 *
 * An empty line ends an event. An event without a data line, or without an empty line at its end, is not yielded. This
 * module does not reconnect: send the last `id` as `Last-Event-ID` to continue.
 */
import * as UserInput from '../values/UserInput.js'
import { lines, maxLengthOf } from './BodyReaders.js'
import * as Fault from './Fault.js'
import type { ServerSentEvent } from './ResponseError.js'

export type { ServerSentEvent } from './ResponseError.js'

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
}

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

/**
 * Yields the events of a body, each as soon as it is complete. The bytes are UTF-8, unless they start with another byte order
 * mark. Time grows linearly with the body.
 *
 * @since 0.2.0
 * @category destructors
 * @example
 * import { Stream } from 'requests-ts'
 *
 * async function* body() { yield Buffer.from('id: 7\nevent: delta\ndata: {"text":\ndata:  "Hi"}\n\n: ping\n\n') }
 * const events: Array<Stream.ServerSentEvent> = []
 * for await (const event of Stream.events()(body())) events.push(event)
 * assert.deepEqual(events, [{ event: 'delta', data: '{"text":\n "Hi"}', id: '7' }])
 */
export const events = (options: EventsOptions = {}) =>
  async function* (body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
    const limit = maxLengthOf(UserInput.own(options).maxLength)
    let id = ''
    let retry: number | undefined
    let event = ''
    let data: string[] = []
    let length = 0
    for await (const line of lines({ maxLength: limit })(body)) {
      if (line === '') {
        const isEvent = data.length > 0
        const complete = { event: event || 'message', data: data.join('\n'), id }
        event = ''
        data = []
        length = 0
        if (isEvent) yield retry === undefined ? complete : { ...complete, retry }
        continue
      }
      const [name, value] = fieldOf(line)
      if (name === 'event') event = value
      else if (name === 'id' && !value.includes('\0')) id = value
      else if (name === 'retry') retry = millisecondsOf(value) ?? retry
      else if (name === 'data') {
        length += value.length + 1
        if (length > limit + 1) throw eventTooLong(limit) // an iterable has no other way to fail
        data.push(value)
      }
    }
  }

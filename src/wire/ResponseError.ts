/**
 * The errors of reading a response: its status, and the JSON of its body, of one line of its body, or of one event.
 *
 * `Response.json`, `Stream.jsonLines` and `Stream.events` fail with the same types. The type parameter `Origin` says what the
 * error has:
 *
 * | origin       | made by            | has                                                          |
 * |--------------|--------------------|--------------------------------------------------------------|
 * | `InResponse` | `Response.json`    | `response`                                                   |
 * | `InLine`     | `Stream.jsonLines` | `line`; no response, because the rest of the body is not read |
 * | `InEvent`    | `Stream.events`    | `event`, as it was received; no response, as above           |
 */
import * as DecoderIssues from '../values/DecoderIssues.js'
import * as Headers from '../values/Headers.js'
import * as Printable from '../values/Printable.js'
import type { Broken } from '../values/StandardSchema.js'
import { type Plan, urlWithoutQuery } from './Plan.js'
import type { Response, Unread } from './Reply.js'

/**
 * The JSON was the body of a response.
 *
 * @since 0.2.0
 * @category model
 */
export interface InResponse {
  /** The response whose body was read. */
  readonly response: Response
  /** Never set: see `InLine`. */
  readonly line?: undefined
  /** Never set: see `InEvent`. */
  readonly event?: undefined
}

/**
 * The JSON was one line of a body.
 *
 * @since 0.2.0
 * @category model
 */
export interface InLine {
  /** The number of the line, from 1. Blank lines count. */
  readonly line: number
  /** Never set: see `InResponse`. */
  readonly response?: undefined
  /** Never set: see `InEvent`. */
  readonly event?: undefined
}

/**
 * A server-sent event. `Data` is the type of its data: text, or what `Stream.events` decoded.
 *
 * @since 0.2.0
 * @category model
 */
export interface ServerSentEvent<Data = string> {
  /** The type of the event: `message` by default. */
  readonly event: string
  /** The lines of the data, joined with `\n`, or the decoded value. */
  readonly data: Data
  /** The last id that the server sent, in this event or before it. Empty if it sent no id. */
  readonly id: string
  /** The last reconnection time that the server sent, in milliseconds. Absent if it sent no time. */
  readonly retry?: number
}

/**
 * The JSON was the data of a server-sent event.
 *
 * @since 0.2.0
 * @category model
 */
export interface InEvent {
  /** The event as it was received. */
  readonly event: ServerSentEvent
  /** Never set: see `InResponse`. */
  readonly response?: undefined
  /** Never set: see `InLine`. */
  readonly line?: undefined
}

/**
 * Where the JSON of an error was.
 *
 * @since 0.2.0
 * @category model
 */
export type JsonOrigin = InResponse | InLine | InEvent

/** A status of 400 or above (D14). */
export interface StatusError {
  readonly _tag: 'StatusError'
  /** The response, with its body. */
  readonly response: Response
  /** The text of requests' `raise_for_status`, the method, and then title and detail of `Response.problem`, shortened. */
  readonly message: string
}

/** The text is not valid JSON. */
export type NotJson<Origin extends JsonOrigin = InResponse> = Origin & {
  readonly _tag: 'NotJson'
  /** The body, the line or the event, and what is wrong with it. */
  readonly message: string
}

/** The decoder rejected the JSON value. */
export type InvalidPayload<E, Origin extends JsonOrigin = InResponse> = Origin & {
  readonly _tag: 'InvalidPayload'
  /** What the decoder returned. It may contain the received values. */
  readonly errors: E
  /**
   * The positions that the decoder rejected, such as `items[0].id`, and `$` for the whole value: at most 100. Known for
   * io-ts and Standard Schema (zod, valibot, arktype), and empty for other errors.
   */
  readonly paths: ReadonlyArray<string>
  /**
   * Names the first paths, and the expected and the received type of each. It never repeats a received value. In `paths` and here,
   * `[*]` stands for a key that a schema of zod, valibot or arktype, or a codec of io-ts does not declare, because it is received.
   */
  readonly message: string
}

/**
 * The schema did not decide about the JSON value: it threw, it returned neither a value nor issues, it returned a promise to a
 * function that cannot wait, or it is not a Standard Schema. The fault is in the program, not in the response.
 *
 * @since 0.2.0
 * @category errors
 */
export type SchemaFailed<Origin extends JsonOrigin = InResponse> = Origin & {
  readonly _tag: 'SchemaFailed'
  /** What the schema threw, or what it rejected its promise with. It may contain the received values. */
  readonly error?: unknown
  /** What is wrong with the schema. It never repeats a received value. */
  readonly message: string
}

/**
 * The response is not a stream of events: its status is not 200, or its Content-Type is not `text/event-stream`. A status of
 * 400 or above is a `StatusError`.
 *
 * @since 0.2.0
 * @category errors
 */
export interface NotEventStream {
  readonly _tag: 'NotEventStream'
  /** The response, without its body. */
  readonly response: Unread
  /** The request, and the status and Content-Type of the response. */
  readonly message: string
}

/** Returns the name of a body for messages: its method, and its URL without query. */
export const bodyOf = (plan: Plan): string => `the body of ${plan.method} ${urlWithoutQuery(plan)}`

/** Returns the error of a response that is not a stream of events. */
export const notEventStream = (response: Unread): NotEventStream => {
  const { status, plan, headers } = response
  const type = Headers.combined(headers, 'Content-Type')
  const found = `its status is ${status}, and its Content-Type ${type === undefined ? 'is missing' : `is ${Printable.quoted(type)}`}`
  const message = `The response to ${plan.method} ${urlWithoutQuery(plan)} is not a stream of events: ${found}; it needs 200 and text/event-stream`
  return { _tag: 'NotEventStream', response, message: Printable.escapeControls(message) }
}

/** Returns the error of a text that is not JSON. `where` is the name of the text. */
export const notJson = <Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  problem: string,
): NotJson<Origin> => ({
  ...origin,
  _tag: 'NotJson',
  message: Printable.escapeControls(`Invalid JSON in ${where}: ${problem}`),
})

/** Returns the error of a schema that did not decide. `where` is the name of the text. */
export const schemaFailed = <Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  { problem, error }: Broken,
): SchemaFailed<Origin> => {
  const message = Printable.escapeControls(`Cannot check the JSON in ${where}: ${problem}`)
  return error === undefined
    ? { ...origin, _tag: 'SchemaFailed', message }
    : { ...origin, _tag: 'SchemaFailed', error, message }
}

/** Returns the error of a JSON value that a decoder or a schema rejected. `where` is the name of its text. */
export const invalidPayload = <E, Origin extends JsonOrigin>(
  origin: Origin,
  where: string,
  json: unknown,
  errors: E,
  schema?: unknown,
): InvalidPayload<E, Origin> => {
  const issues = DecoderIssues.issuesOf(json, errors, schema)
  const reason = issues.length === 0 ? "the decoder rejected it; see 'errors'" : DecoderIssues.show(issues)
  return {
    ...origin,
    _tag: 'InvalidPayload',
    errors,
    paths: issues.map(({ path }) => path),
    message: Printable.escapeControls(`Unexpected JSON in ${where}: ${reason}`),
  }
}

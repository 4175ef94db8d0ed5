/**
 * The errors of reading a response: its status, and the JSON of its body or of one line of its body.
 *
 * `Response.json` and `Stream.jsonLines` fail with the same types. The type parameter `Origin` says what the error has:
 *
 * | origin       | made by            | has                                                          |
 * |--------------|--------------------|--------------------------------------------------------------|
 * | `InResponse` | `Response.json`    | `response`                                                   |
 * | `InLine`     | `Stream.jsonLines` | `line`; no response, because the rest of the body is not read |
 */
import * as DecoderIssues from '../values/DecoderIssues.js'
import * as Printable from '../values/Printable.js'
import { type Plan, urlWithoutQuery } from './Plan.js'
import type { Response } from './Reply.js'

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
}

/** A status of 400 or above (D14). */
export interface StatusError {
  readonly _tag: 'StatusError'
  /** The response, with its body. */
  readonly response: Response
  /** The text of requests' `raise_for_status`, the method, and then title and detail of `Response.problem`, shortened. */
  readonly message: string
}

/** The text is not valid JSON. */
export type NotJson<Origin extends InResponse | InLine = InResponse> = Origin & {
  readonly _tag: 'NotJson'
  /** The body or the line, and what is wrong with it. */
  readonly message: string
}

/** The decoder rejected the JSON value. */
export type InvalidPayload<E, Origin extends InResponse | InLine = InResponse> = Origin & {
  readonly _tag: 'InvalidPayload'
  /** What the decoder returned. It may contain the received values. */
  readonly errors: E
  /**
   * The positions that the decoder rejected, such as `items[0].id`, and `$` for the whole value: at most 100. Known for
   * io-ts and Standard Schema (zod, valibot, arktype), and empty for other errors.
   */
  readonly paths: ReadonlyArray<string>
  /** Names the first paths, and the expected and the received type of each. It never repeats a received value. */
  readonly message: string
}

/** Returns the name of a body for messages: its method, and its URL without query. */
export const bodyOf = (plan: Plan): string => `the body of ${plan.method} ${urlWithoutQuery(plan)}`

/** Returns the error of a text that is not JSON. `where` is the name of the text. */
export const notJson = <Origin extends InResponse | InLine>(
  origin: Origin,
  where: string,
  problem: string,
): NotJson<Origin> => ({
  ...origin,
  _tag: 'NotJson',
  message: Printable.escapeControls(`Invalid JSON in ${where}: ${problem}`),
})

/** Returns the error of a JSON value that a decoder rejected. `where` is the name of its text. */
export const invalidPayload = <E, Origin extends InResponse | InLine>(
  origin: Origin,
  where: string,
  json: unknown,
  errors: E,
): InvalidPayload<E, Origin> => {
  const issues = DecoderIssues.issuesOf(json, errors)
  const reason = issues.length === 0 ? "the decoder rejected it; see 'errors'" : DecoderIssues.show(issues)
  return {
    ...origin,
    _tag: 'InvalidPayload',
    errors,
    paths: issues.map(({ path }) => path),
    message: Printable.escapeControls(`Unexpected JSON in ${where}: ${reason}`),
  }
}

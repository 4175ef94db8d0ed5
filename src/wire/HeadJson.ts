/** The head of a reply as JSON, so that an exchange can continue after it in another process. Public as `Head`. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import type { Head } from './Reply.js'

export type { Head } from './Reply.js'

const FORMAT = 'requests-ts/head'
const VERSION = 1

const { FieldValue } = Serialization
const Value = t.union([FieldValue, t.readonly(t.strict({ secret: FieldValue }))])

const { Finite } = Serialization

const TimingsJson = t.readonly(
  t.exact(
    t.intersection([
      t.type({ queue: Finite, send: Finite, wait: Finite }),
      t.partial({ dns: Finite, connect: Finite, tls: Finite, receive: Finite }),
      t.partial({ reused: t.boolean, remoteAddress: Serialization.Line, localPort: Finite }),
    ]),
  ),
)

/** The codec of a saved head. */
export const HeadJson = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        format: t.literal(FORMAT),
        version: t.literal(VERSION),
        status: Serialization.Finite,
        reason: FieldValue,
        headers: t.readonlyArray(t.readonly(t.tuple([Serialization.Line, Value]))),
        elapsed: Serialization.Finite,
      }),
      t.partial({ httpVersion: t.literal('HTTP/2'), finalUrl: Serialization.Line, timings: TimingsJson }),
    ]),
  ),
)
export type HeadJson = t.TypeOf<typeof HeadJson>

/**
 * Converts a head to JSON. Error: `Unwritable`, with the paths of header fields that are secret and need `{ reveal: true }`, such as
 * `headers[2] (Set-Cookie)`.
 *
 * Laws: `decode(encode({ reveal: true })(head)) = head`. Whatever `encode` returns, `decode` accepts.
 *
 * @since 0.2.0
 * @category formats
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Head, Reply } from 'requests-ts'
 *
 * const head = Reply.head({ status: 302, headers: { location: '/login' } })
 * const again = pipe(head, Head.encode(), E.flatMap(Head.decode))
 * assert.deepEqual(again, E.right(head))
 */
export const encode =
  (options: Serialization.Reveal = {}) =>
  (head: Head): E.Either<Serialization.EncodeError, HeadJson> => {
    const writer = Serialization.writer(options)
    const { status, reason, headers, elapsed, httpVersion, finalUrl, timings } = head
    const json: HeadJson = {
      format: FORMAT,
      version: VERSION,
      status,
      reason: writer.secret('reason', reason, FieldValue),
      headers: headers.fields.map(([name, value], i) => {
        const path = `headers[${i}] (${name})`
        const text = writer.secret(path, value, FieldValue)
        return [writer.secret(path, name), Secret.is(value) ? { secret: text } : text]
      }),
      elapsed,
      ...(httpVersion === undefined ? {} : { httpVersion }),
      ...(finalUrl === undefined ? {} : { finalUrl: writer.secret('finalUrl', finalUrl) }),
      ...(timings === undefined ? {} : { timings }),
    }
    return E.flatMap(Serialization.readable<HeadJson>(decode))(Serialization.written(writer, json))
  }

/**
 * Converts JSON to a head. Error: `Unreadable`.
 *
 * @since 0.2.0
 * @category formats
 */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, Head> => {
  const json = Serialization.readVersion(FORMAT, VERSION, HeadJson, u)
  if (E.isLeft(json)) return json
  const { status, reason, headers, elapsed, httpVersion, finalUrl, timings } = json.right
  return E.right({
    status,
    reason,
    headers: Headers.fromPairs(
      headers.map(([name, value]) => [name, typeof value === 'string' ? value : Secret.make(value.secret)]),
    ),
    elapsed,
    ...(httpVersion === undefined ? {} : { httpVersion }),
    ...(finalUrl === undefined ? {} : { finalUrl }),
    ...(timings === undefined ? {} : { timings }),
  })
}

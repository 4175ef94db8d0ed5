/** The io-ts codec of a tape in the shape of HAR 1.2. */
import * as t from 'io-ts'
import * as Serialization from '../values/Serialization.js'

export const FORMAT = 'requests-ts/tape'
export const VERSION = 1

const Field = t.readonly(t.type({ name: Serialization.Line, value: Serialization.FieldValue }))
export const Parameter = t.readonly(t.type({ name: t.string, value: t.string }))
const Base64 = t.literal('base64')

export const FaultJson = t.readonly(
  t.intersection([
    t.type({ tag: t.string, message: t.string }),
    t.partial({ status: Serialization.Finite, unsent: t.literal(true) }),
  ]),
)

export const PostData = t.readonly(
  t.intersection([t.type({ mimeType: t.string, text: t.string }), t.partial({ _encoding: Base64 })]),
)

const RequestJson = t.readonly(
  t.intersection([
    t.type({
      method: Serialization.Line,
      url: Serialization.Line,
      httpVersion: t.string,
      cookies: t.readonlyArray(t.unknown),
      headers: t.readonlyArray(Field),
      queryString: t.readonlyArray(Parameter),
      headersSize: t.number,
      bodySize: t.number,
    }),
    t.partial({ postData: PostData, _body: t.union([Serialization.Finite, t.literal('unknown')]) }),
  ]),
)

export const Content = t.readonly(
  t.intersection([t.type({ size: t.number, mimeType: t.string }), t.partial({ text: t.string, encoding: Base64 })]),
)

const ResponseJson = t.readonly(
  t.intersection([
    t.type({
      status: Serialization.Finite,
      statusText: t.string,
      httpVersion: t.string,
      cookies: t.readonlyArray(t.unknown),
      headers: t.readonlyArray(Field),
      content: Content,
      redirectURL: t.string,
      headersSize: t.number,
      bodySize: t.number,
    }),
    t.partial({ _end: t.union([t.keyof({ Whole: null, Left: null }), FaultJson]), _fault: FaultJson }),
  ]),
)

const EntryJson = t.readonly(
  t.type({
    startedDateTime: t.string,
    time: Serialization.Finite,
    request: RequestJson,
    response: ResponseJson,
    cache: t.UnknownRecord,
    timings: t.readonly(t.type({ send: t.number, wait: t.number, receive: t.number })),
    _order: Serialization.Finite,
  }),
)

/** A tape as JSON. */
export const TapeJson = t.readonly(
  t.type({
    log: t.readonly(
      t.type({
        version: t.literal('1.2'),
        creator: t.readonly(t.type({ name: t.string, version: t.string })),
        entries: t.readonlyArray(EntryJson),
        _tape: t.readonly(t.type({ format: t.literal(FORMAT), version: t.literal(VERSION) })),
      }),
    ),
  }),
)
export type TapeJson = t.TypeOf<typeof TapeJson>
export type EntryJson = t.TypeOf<typeof EntryJson>

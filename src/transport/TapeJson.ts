/**
 * A tape as JSON in the shape of HAR 1.2 (`log.entries`), so that HAR tools can show it.
 *
 * | field                | meaning (not in HAR)                                             |
 * |----------------------|------------------------------------------------------------------|
 * | `log._tape`          | format and version                                               |
 * | `_order`             | position among entries that began in the same millisecond        |
 * | `request._body`      | length of the body in octets, or `unknown`                       |
 * | `postData._encoding` | `base64` if the content is not valid UTF-8                       |
 * | `response._end`      | how the body ended: `Whole`, `Left`, or a fault                  |
 * | `response._fault`    | the fault that occurred instead of a reply; `status` is then 0   |
 *
 * Law: `decode(encode(tape)) = tape`, through `JSON.stringify` and `JSON.parse`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Octets from '../values/Octets.js'
import * as Serialization from '../values/Serialization.js'
import * as Fault from '../wire/Fault.js'
import { type Answered, type Asked, type Entry, type Pairs, type Tape, valueOf, withoutCause } from './TapeEntry.js'

// --- codec ---------------------------------------------------------------------------------------------------------

const FORMAT = 'requests-ts/tape'
const VERSION = 1
const Field = t.readonly(t.type({ name: Serialization.Line, value: Serialization.FieldValue }))
const Parameter = t.readonly(t.type({ name: t.string, value: t.string }))
const Base64 = t.literal('base64')

const FaultJson = t.readonly(
  t.intersection([
    t.type({ tag: t.string, message: t.string }),
    t.partial({ status: Serialization.Finite, unsent: t.literal(true) }),
  ]),
)

const PostData = t.readonly(
  t.intersection([t.type({ mimeType: t.string, text: t.string }), t.partial({ _encoding: Base64 })]),
)

/** The properties of both a request and a response. */
const MESSAGE = {
  httpVersion: t.string,
  cookies: t.readonlyArray(t.unknown),
  headers: t.readonlyArray(Field),
  headersSize: t.number,
  bodySize: t.number,
}

const RequestJson = t.readonly(
  t.intersection([
    t.type({
      ...MESSAGE,
      method: Serialization.Line,
      url: Serialization.Line,
      queryString: t.readonlyArray(Parameter),
    }),
    t.partial({ postData: PostData, _body: t.union([Serialization.Finite, t.literal('unknown')]) }),
  ]),
)

const Content = t.readonly(
  t.intersection([t.type({ size: t.number, mimeType: t.string }), t.partial({ text: t.string, encoding: Base64 })]),
)

const ResponseJson = t.readonly(
  t.intersection([
    t.type({ ...MESSAGE, status: Serialization.Finite, statusText: t.string, content: Content, redirectURL: t.string }),
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
type EntryJson = t.TypeOf<typeof EntryJson>
const HTTP_1 = 'HTTP/1.1'

// --- writing -------------------------------------------------------------------------------------------------------

const named = (pairs: Pairs): ReadonlyArray<t.TypeOf<typeof Parameter>> =>
  pairs.map(([name, value]) => ({ name, value }))

const faultJson = (fault: Fault.Fault): t.TypeOf<typeof FaultJson> => {
  const { _tag: tag, cause: _, ...rest } = withoutCause(fault)
  return { tag, ...rest }
}

const postData = (content: Uint8Array, mimeType: string): t.TypeOf<typeof PostData> => {
  const text = Octets.toValidText(content)
  return text === undefined ? { mimeType, text: Octets.toBase64(content), _encoding: 'base64' } : { mimeType, text }
}

const requestJson = ({ method, url, headers, body }: Asked, httpVersion: string): EntryJson['request'] => {
  const queryString = named(URL.canParse(url) ? [...new URL(url).searchParams] : [])
  const shape = { method, url, httpVersion, cookies: [], headers: named(headers), queryString, headersSize: -1 }
  if (O.isNone(body)) return { ...shape, bodySize: 0 }
  const { length, content } = body.value
  return {
    ...shape,
    bodySize: O.getOrElse(() => -1)(length),
    _body: O.isSome(length) ? length.value : 'unknown',
    ...(O.isSome(content) ? { postData: postData(content.value, valueOf(headers, 'content-type')) } : {}),
  }
}

const contentJson = ({ bytes, headers }: Answered): t.TypeOf<typeof Content> => {
  const shape = { size: bytes.length, mimeType: valueOf(headers, 'content-type') || 'x-unknown' }
  const text = Octets.toValidText(bytes)
  return text === undefined ? { ...shape, text: Octets.toBase64(bytes), encoding: 'base64' } : { ...shape, text }
}

/** HAR's form of an exchange without a response. */
const NO_REPLY = {
  status: 0,
  statusText: '',
  httpVersion: '',
  cookies: [],
  headers: [],
  content: { size: 0, mimeType: 'x-unknown' },
  redirectURL: '',
  headersSize: -1,
  bodySize: -1,
} as const

const responseJson = (outcome: Entry['outcome']): EntryJson['response'] => {
  if (E.isLeft(outcome)) return { ...NO_REPLY, _fault: faultJson(outcome.left) }
  const { status, reason, headers, end } = outcome.right
  return {
    ...NO_REPLY,
    status,
    statusText: reason,
    httpVersion: outcome.right.httpVersion ?? HTTP_1,
    headers: named(headers),
    content: contentJson(outcome.right),
    redirectURL: valueOf(headers, 'location'),
    _end: typeof end === 'string' ? end : faultJson(end),
  }
}

const entryJson = ({ started, order, asked, outcome }: Entry): EntryJson => {
  const time = E.isRight(outcome) ? outcome.right.elapsed : 0
  return {
    startedDateTime: started.toISOString(),
    time,
    request: requestJson(asked, E.isRight(outcome) ? (outcome.right.httpVersion ?? HTTP_1) : HTTP_1),
    response: responseJson(outcome),
    cache: {},
    timings: { send: 0, wait: time, receive: 0 },
    _order: order,
  }
}

/** Encodes a tape as JSON. Never reveals a secret, because entries are redacted when they are recorded. */
export const encode = ({ entries }: Tape): TapeJson => ({
  log: {
    version: '1.2',
    creator: { name: 'requests-ts', version: String(VERSION) },
    entries: entries.map(entryJson),
    _tape: { format: FORMAT, version: VERSION },
  },
})

// --- reading -------------------------------------------------------------------------------------------------------

const pairsOf = (fields: EntryJson['request']['headers']): Pairs => fields.map(({ name, value }) => [name, value])

const faultOf = ({ tag, message, status, unsent }: t.TypeOf<typeof FaultJson>): Fault.Fault | undefined => {
  const fault = { _tag: tag, message, cause: undefined, status, unsent }
  return Fault.is(fault) ? withoutCause(fault) : undefined
}

const bytesOf = (text: string, encoding: 'base64' | undefined): Uint8Array =>
  encoding === undefined ? Octets.fromText(text) : Octets.fromBase64(text)

const askedOf = ({ method, url, headers, postData, _body }: EntryJson['request']): Asked => ({
  method,
  url,
  headers: pairsOf(headers),
  body:
    _body === undefined
      ? O.none
      : O.some({
          length: _body === 'unknown' ? O.none : O.some(_body),
          content: postData === undefined ? O.none : O.some(bytesOf(postData.text, postData._encoding)),
        }),
})

const outcomeOf = ({ response, time }: EntryJson): E.Either<string, Entry['outcome']> => {
  const { status, statusText, headers, content, httpVersion, _end = 'Whole', _fault } = response
  if (_fault !== undefined) {
    const fault = faultOf(_fault)
    return fault === undefined ? E.left(`"${_fault.tag}" is not a fault tag`) : E.right(E.left(fault))
  }
  const end = typeof _end === 'string' ? _end : faultOf(_end)
  if (end === undefined) return E.left('response._end is not a known fault')
  const bytes = bytesOf(content.text ?? '', content.encoding)
  const version = httpVersion === 'HTTP/2' ? ({ httpVersion } as const) : {}
  const answered = { status, reason: statusText, headers: pairsOf(headers), elapsed: time, bytes, end }
  return E.right(E.right({ ...answered, ...version }))
}

const entryOf = (json: EntryJson): E.Either<string, Entry> => {
  const started = new Date(json.startedDateTime)
  if (Number.isNaN(started.getTime())) return E.left('startedDateTime is not a date')
  const request = { started, order: json._order, asked: askedOf(json.request) }
  return E.map((outcome: Entry['outcome']) => ({ ...request, outcome }))(outcomeOf(json))
}

const isObject = (u: unknown): u is Readonly<Record<string, unknown>> => typeof u === 'object' && u !== null

/** Decodes a tape from JSON. Error: `Unreadable`. */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, Tape> => {
  const log = isObject(u) ? u['log'] : undefined
  const envelope = Serialization.checkEnvelope(FORMAT, VERSION, isObject(log) ? log['_tape'] : undefined)
  if (E.isLeft(envelope)) return envelope
  const read = Serialization.read(TapeJson, u)
  if (E.isLeft(read)) return read
  const entries = E.traverseArrayWithIndex((i, json: EntryJson) =>
    E.mapLeft((problem) => Serialization.decodeError([`log.entries.${i}: ${problem}`]))(entryOf(json)),
  )(read.right.log.entries)
  return E.map((entries: Tape['entries']) => ({ entries }))(entries)
}

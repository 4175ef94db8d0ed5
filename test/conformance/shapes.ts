/** Codecs of the objects that several vector files share: session, request, response, prepared request, errors. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { ANY_ERROR, isRecord } from './json.js'
import { type Py, Tagged } from './tagged.js'

/** Extends a codec with a default for absent and null values. */
export const orElse = <A>(codec: t.Type<A, unknown, unknown>, otherwise: A): t.Type<A, unknown, unknown> =>
  new t.Type(
    codec.name,
    codec.is,
    (u, context) => (u === undefined || u === null ? t.success(otherwise) : codec.validate(u, context)),
    codec.encode,
  )

// --- inputs ---------------------------------------------------------------------------------------------------------

export const CookieSpec = t.union([
  t.tuple([t.string, Tagged]),
  t.intersection([
    t.type({ name: t.string, value: Tagged }),
    t.partial({
      domain: t.string,
      path: t.string,
      secure: orElse(t.boolean, false),
      expires: t.union([t.number, t.null]),
      port: t.union([t.string, t.null]),
      version: t.number,
    }),
  ]),
])
export type CookieSpec = t.TypeOf<typeof CookieSpec>

const HeaderPairs = t.array(t.tuple([Tagged, Tagged]))

export const SessionSpec = t.partial({
  headers: HeaderPairs,
  params: Tagged,
  auth: Tagged,
  proxies: Tagged,
  verify: Tagged,
  cert: Tagged,
  stream: Tagged,
  hooks: Tagged,
  max_redirects: t.number,
  trust_env: t.boolean,
  cookies: t.array(CookieSpec),
})
export type SessionSpec = t.TypeOf<typeof SessionSpec>

export const RequestCookies = t.union([t.type({ jar: t.array(CookieSpec) }), Tagged])

/** The optional fields of a request. */
export const OptionalRequestSpec = t.partial({
  params: Tagged,
  headers: t.union([HeaderPairs, t.null]),
  data: Tagged,
  json: Tagged,
  files: Tagged,
  auth: Tagged,
  cookies: RequestCookies,
  proxies: Tagged,
  verify: Tagged,
  cert: Tagged,
  timeout: Tagged,
  stream: Tagged,
  hooks: Tagged,
  allow_redirects: t.union([t.boolean, t.null]),
})

export const RequestSpec = t.intersection([t.type({ method: t.string, url: Tagged }), OptionalRequestSpec])
export type RequestSpec = t.TypeOf<typeof RequestSpec>

const AnswerFields = t.intersection([
  t.type({ status: t.number, headers: t.array(t.tuple([t.string, Tagged])) }),
  t.partial({ body: Tagged, reason: Tagged, advance: t.number }),
])
const withHeaders = (u: unknown): unknown =>
  isRecord(u) && (u['headers'] === undefined || u['headers'] === null) ? { ...u, headers: [] } : u

/** A canned response. `headers` is optional. */
export const AnswerSpec = new t.Type<t.TypeOf<typeof AnswerFields>, unknown, unknown>(
  'AnswerSpec',
  AnswerFields.is,
  (u, context) => AnswerFields.validate(withHeaders(u), context),
  AnswerFields.encode,
)
export type AnswerSpec = t.TypeOf<typeof AnswerSpec>

/** Decodes a tagged header value to its text on the wire. */
export const HeaderText = new t.Type<string, string, unknown>(
  'HeaderText',
  t.string.is,
  (u, context) =>
    E.chain(
      (value: Py): t.Validation<string> =>
        value._tag === 'Str' || value._tag === 'Bytes' ? t.success(headerValue(value)) : t.failure(u, context),
    )(Tagged.validate(u, context)),
  (text) => text,
)

export const HeaderTexts = t.array(t.tuple([t.string, HeaderText]))

export const EnvironmentSpec = t.record(t.string, t.string)

// --- outputs --------------------------------------------------------------------------------------------------------

/** An error with the name of the Python exception, or `ANY_ERROR` for a plain Python exception. */
export interface Failure {
  readonly error: string
}

export const failure = (error: string): Failure => ({ error })

export const isFailure = (output: object): output is Failure => 'error' in output

/** An error in the vectors. Its message is not compared. */
export const RawFailure = t.type({ error: t.string, requests_error: t.boolean })

export const readFailure = ({ error, requests_error }: t.TypeOf<typeof RawFailure>): Failure =>
  failure(requests_error ? error : ANY_ERROR)

/** Decodes with a codec, then converts to the common form. */
export const reading =
  <A, B>(codec: t.Decoder<unknown, A>, toCommon: (raw: A) => B) =>
  (u: unknown): t.Validation<B> =>
    E.map(toCommon)(codec.decode(u))

/** Decodes an output that is an error or matches the codec. */
export const readingOrFailure =
  <A, B>(codec: t.Type<A, unknown, unknown>, toCommon: (raw: A) => B) =>
  (u: unknown): t.Validation<B | Failure> =>
    RawFailure.is(u) ? E.right(readFailure(u)) : reading(codec, toCommon)(u)

/** A prepared request in the vectors. Its `body_type` is not compared. */
export const PreparedSpec = t.type({
  method: t.string,
  url: t.string,
  headers: t.array(t.tuple([t.string, Tagged])),
  body: t.union([t.string, t.null]),
})

export interface Prepared {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** Base64. */
  readonly body: string | null
}

const headerValue = (py: Py): string => (py._tag === 'Bytes' ? Buffer.from(py.bytes).toString('latin1') : textOf(py))

const textOf = (py: Py): string => (py._tag === 'Str' ? py.text : '')

export const readPrepared = ({ method, url, headers, body }: t.TypeOf<typeof PreparedSpec>): Prepared => ({
  method,
  url,
  headers: headers.map(([name, value]) => [name, headerValue(value)] as const),
  body,
})

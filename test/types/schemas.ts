/**
 * Schemas of other libraries, as users pass them. The compiler infers the decoded type and the errors. Nothing here runs.
 * `npm run check` compiles this file.
 */
import { type } from 'arktype'
import type * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Http, type HttpError, Request, Response, Stream } from 'requests-ts'
import * as v from 'valibot'
import * as z from 'zod'
import { expectType } from './programs.js'

type Equal<X, Y> = (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? true : false

const Zod = z.object({ id: z.number(), at: z.string().transform(Number) })
const Valibot = v.object({ id: v.number(), name: v.optional(v.string(), 'Ada') })
const Ark = type({ id: 'number', 'name?': 'string' })
const IoTs = t.type({ id: t.number })

type Issues = ReadonlyArray<Response.SchemaIssue>
type Failure = HttpError.NotJson | HttpError.InvalidPayload<Issues> | HttpError.SchemaFailed
type Read<A> = (response: Response.Response) => E.Either<Failure, A>

// The decoded type is the output of the schema, after its transformations.
const zod = Response.json(Zod)
expectType<Equal<typeof zod, Read<{ id: number; at: number }>>>()
const valibot = Response.schema(Valibot)
expectType<Equal<typeof valibot, Read<{ id: number; name: string }>>>()
const ark = Response.json(Ark)
expectType<Equal<typeof ark, Read<{ id: number; name?: string }>>>()

// A decoder cannot fail with `SchemaFailed`, so that nothing has to match it.
const decoded = Response.json(IoTs.decode)
expectType<
  Equal<
    typeof decoded,
    (response: Response.Response) => E.Either<HttpError.NotJson | HttpError.InvalidPayload<t.Errors>, { id: number }>
  >
>()

const program = pipe(Http.get('users/1'), Http.json(Zod))
expectType<
  Equal<typeof program, Http.Http<HttpError.SendError | HttpError.StatusError | Failure, { id: number; at: number }>>
>()
const task = Response.schemaTask(Ark)
expectType<Equal<ReturnType<ReturnType<typeof task>>, Promise<E.Either<Failure, { id: number; name?: string }>>>>()

const rows = Stream.jsonLines(Valibot)
type Row = E.Either<
  | Response.NotJson<Response.InLine>
  | Response.InvalidPayload<Issues, Response.InLine>
  | Response.SchemaFailed<Response.InLine>,
  { id: number; name: string }
>
expectType<Equal<typeof rows, (body: AsyncIterable<Uint8Array>) => AsyncGenerator<Row>>>()

const raw = Stream.events({ until: '[DONE]' })
expectType<Equal<typeof raw, (body: AsyncIterable<Uint8Array>) => AsyncGenerator<Stream.ServerSentEvent>>>()
const deltas = Stream.events(Zod, { until: '[DONE]' })
type Delta = E.Either<
  | Response.NotJson<Response.InEvent>
  | Response.InvalidPayload<Issues, Response.InEvent>
  | Response.SchemaFailed<Response.InEvent>,
  Stream.ServerSentEvent<{ id: number; at: number }>
>
expectType<Equal<typeof deltas, (body: AsyncIterable<Uint8Array>) => AsyncGenerator<Delta>>>()
const decodedDeltas = Stream.decodeEvents(IoTs.decode)
type DecodedDelta = E.Either<
  Response.NotJson<Response.InEvent> | Response.InvalidPayload<t.Errors, Response.InEvent>,
  Stream.ServerSentEvent<{ id: number }>
>
expectType<
  Equal<typeof decodedDeltas, (events: AsyncIterable<Stream.ServerSentEvent>) => AsyncGenerator<DecodedDelta>>
>()
// A schema of text has a property `maxLength`, as the options do.
const texts = Stream.events(z.string().max(5))
type TextError = Response.InvalidPayload<Issues, Response.InEvent> | Response.SchemaFailed<Response.InEvent>
expectType<Equal<typeof texts, (body: AsyncIterable<Uint8Array>) => Stream.DecodedEvents<TextError, string>>>()

// An io-ts codec is neither: its `decode` is.
// @ts-expect-error
export const codec = Response.json(IoTs)

// --- event streams ------------------------------------------------------------------------------------------------------

const feed = Http.eventStream(Request.get('feed'), { until: '[DONE]' })((events) =>
  pipe(events, Stream.decodeEvents(Zod), Stream.take(3), Stream.toArray),
)
// A fault of the reader is that of the program, so only the errors of the program are left.
expectType<
  Equal<
    typeof feed,
    Http.Http<
      HttpError.SendError | HttpError.StatusError | HttpError.NotEventStream,
      ReadonlyArray<
        E.Either<
          | Response.NotJson<Response.InEvent>
          | Response.InvalidPayload<Issues, Response.InEvent>
          | Response.SchemaFailed<Response.InEvent>,
          Stream.ServerSentEvent<{ id: number; at: number }>
        >
      >
    >
  >
>()

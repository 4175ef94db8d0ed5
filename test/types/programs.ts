/**
 * Programs as users write them, without type annotations that the compiler can infer. The compiler checks the results.
 * Nothing here runs. `npm run check` compiles this file.
 */
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import type { StateReaderTaskEither } from 'fp-ts/lib/StateReaderTaskEither.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import {
  Client,
  Exchange,
  Http,
  HttpError,
  Jar,
  Merge,
  Pages,
  Plan,
  Prepare,
  Request,
  Response,
  Send,
  Session,
  Stream,
  Transport,
} from 'requests-ts'
import * as z from 'zod'

type Success<P> = P extends Http.Http<unknown, infer A> ? A : never
type Equal<X, Y> = (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2 ? true : false
/** Compiles only if the type argument is `true`, for example `Equal<A, B>`. */
export const expectType = <_T extends true>(): void => {}

// --- a login, and its page -------------------------------------------------------------------------------------------

const session = pipe(
  Session.defaults,
  Session.withBaseUrl('https://api.test/v1'),
  Session.withHeader('User-Agent', 'MyApp/1.0'),
  Session.withBasicAuth('user', 'pass'),
)
const Account = t.type({ name: t.string })

export const account = pipe(
  Http.post('login', Request.withForm({ user: 'me', pass: 'secret' })),
  SRTE.flatMapEither(Response.ok),
  SRTE.flatMap(() => Http.get('account')),
  SRTE.flatMapEither(Response.json(Account.decode)),
)
type Failure = HttpError.SendError | HttpError.StatusError | HttpError.NotJson | HttpError.InvalidPayload<t.Errors>

const main = pipe(account, Client.use({ session }))
expectType<Equal<typeof main, TE.TaskEither<Failure, readonly [{ name: string }, Jar.Jar]>>>()

export const tomorrow = pipe(
  main,
  TE.flatMap(([, jar]) => pipe(Http.get('account'), Client.use({ session, jar }))),
)
export const elsewhere = pipe(
  account,
  Client.use({ session, transport: Transport.memory({ 'POST /login': { status: 200 } }), clock: () => new Date(0) }),
)

// --- planning without sending ------------------------------------------------------------------------------------------

const look = pipe(Request.get('search'), Request.withQuery({ q: 'monoid' }), Plan.plan({ session }))
const byStages = pipe(Request.get('search'), Merge.merge(session), Prepare.prepare({ jar: Jar.empty }))
expectType<Equal<typeof look, E.Either<HttpError.PlanError, Plan.Plan>>>()
expectType<Equal<typeof byStages, E.Either<HttpError.PlanError, Plan.Plan>>>()

// A jar requires `now`.
// @ts-expect-error
export const timeless = Plan.plan({ session, jar: Jar.empty })

// --- do notation -------------------------------------------------------------------------------------------------------

const readToken: TE.TaskEither<'no-file', string> = TE.right('token')
const program = pipe(
  Http.Do,
  SRTE.bindW('token', () => SRTE.fromTaskEither(readToken)),
  SRTE.bindW('me', ({ token }) => pipe(Http.get('me', Request.withBearer(token)), SRTE.flatMapEither(Response.ok))),
  SRTE.bindW('jar', () => Http.jar),
  SRTE.map(({ me, jar }) => ({ status: me.status, cookies: Jar.toArray(jar).length })),
)
expectType<
  Equal<
    typeof program,
    StateReaderTaskEither<
      Jar.Jar,
      Client.Client,
      'no-file' | HttpError.SendError | HttpError.StatusError,
      { status: number; cookies: number }
    >
  >
>()
export const scoped = pipe(
  Http.Do,
  SRTE.flatMapTaskEither(() => readToken),
  SRTE.flatMap((token) => Http.locally(Session.withBearer(token))(account)),
)

// --- concurrency ---------------------------------------------------------------------------------------------------------

const item = (id: number) => pipe(Http.get(`items/${id}`), SRTE.flatMapEither(Response.ok))
const many = pipe([1, 2, 3], RA.map(item), Http.parallel({ concurrency: 4 }))
expectType<Equal<typeof many, Http.Http<HttpError.SendError | HttpError.StatusError, readonly Response.Response[]>>>()
export const both = pipe(
  [account, item(1)] as const,
  Http.parallel(),
  SRTE.map(([me, one]) => `${me.name} ${one.status}`),
)
export const urls = pipe(
  ['a', 'b'],
  RA.map((url) => Http.get(url)),
)

// --- failure -------------------------------------------------------------------------------------------------------------

const mirrored: Http.Http<HttpError.SendError, Response.Response> = pipe(
  Http.get('x'),
  Http.orElse((error) => (error._tag === 'ConnectFailed' ? Http.get('mirror') : SRTE.left(error))),
)
export const total = pipe(
  mirrored,
  Http.orElse((error) => SRTE.of(error._tag)),
)
const kept = pipe(
  Http.attempt(Request.get('x')),
  SRTE.map(E.flatMap(Response.ok)),
  SRTE.map(E.flatMap(Response.json(t.string.decode))),
)
expectType<Equal<typeof kept, StateReaderTaskEither<Jar.Jar, Client.Client, never, E.Either<Failure, string>>>>()
export const shown = pipe(account, Client.use({ session }), TE.mapLeft(HttpError.show))

const described = pipe(
  account,
  Http.match(
    (error) => {
      switch (error._tag) {
        case 'StatusError':
          return error.response.status
        case 'InvalidPayload':
          return error.errors.length
        default:
          return HttpError.show(error)
      }
    },
    ({ name }) => name,
  ),
)
expectType<Equal<typeof described, Http.Http<never, string | number>>>()

const refreshed = pipe(
  account,
  Http.orElse((error) =>
    error._tag === 'StatusError' && error.response.status === 401
      ? pipe(
          Http.post('refresh'),
          Http.flatMap(() => account),
        )
      : Http.left(error),
  ),
)
expectType<Equal<typeof refreshed, Http.Http<Failure, { name: string }>>>()

const renamed = pipe(
  account,
  Http.mapError((error) => (error._tag === 'NotJson' ? error.message : 'unavailable')),
)
expectType<Equal<typeof renamed, Http.Http<string, { name: string }>>>()

// --- programs with the functions of Http -------------------------------------------------------------------------------

const pages = pipe(
  'repos',
  Http.unfold((url) =>
    pipe(
      Http.get(url),
      Http.flatMapEither(Response.ok),
      Http.flatMapEither((page) =>
        pipe(
          page,
          Response.json(t.array(t.number).decode),
          E.map((ids) => [ids, Response.link('next')(page)]),
        ),
      ),
    ),
  ),
  Http.map(RA.flatten),
)
expectType<Equal<typeof pages, Http.Http<Failure, readonly number[]>>>()

const details = pipe(pages, Http.map(RA.map(item)), Http.flatMap(Http.parallel({ concurrency: 4 })))
expectType<Equal<typeof details, Http.Http<Failure, readonly Response.Response[]>>>()

const next = pipe(
  Http.get('repos'),
  Http.map(Response.link('next')),
  Http.flatMap(
    O.match(
      () => Http.of('last'),
      (url) => pipe(Http.get(url), Http.map(Response.text)),
    ),
  ),
)
expectType<Equal<typeof next, Http.Http<HttpError.SendError, string>>>()

const sent = pipe(
  TE.tryCatch(() => Promise.resolve('content'), E.toError),
  Http.fromTaskEither,
  Http.flatMap((content) => Http.put('file', Request.withText(content))),
)
expectType<Equal<typeof sent, Http.Http<Error | HttpError.SendError, Response.Response>>>()

const done = pipe(
  Http.Do,
  Http.bind('token', () => Http.fromTaskEither(readToken)),
  Http.bind('me', ({ token }) => pipe(Http.get('me', Request.withBearer(token)), Http.flatMapEither(Response.ok))),
  Http.apS('jar', Http.jar),
  Http.let('cookies', ({ jar }) => Jar.toArray(jar).length),
  Http.map(({ me, cookies }) => ({ status: me.status, cookies })),
)
expectType<
  Equal<
    typeof done,
    Http.Http<'no-file' | HttpError.SendError | HttpError.StatusError, { status: number; cookies: number }>
  >
>()

// --- an application with its own environment and errors -----------------------------------------------------------------

interface Env {
  readonly http: Client.Client
  readonly prefix: string
}
interface AppError {
  readonly kind: 'NotFound' | 'Upstream'
}
const toAppError = (error: HttpError.HttpError): AppError => ({
  kind: error._tag === 'StatusError' && error.response.status === 404 ? 'NotFound' : 'Upstream',
})
const inApp = flow(Http.mapError(toAppError), Http.toReaderTaskEither)
const viaFlow = inApp(account)
expectType<Equal<typeof viaFlow, RTE.ReaderTaskEither<{ readonly http: Client.Client }, AppError, { name: string }>>>()
const service = pipe(
  RTE.asks(({ prefix }: Env) => prefix),
  RTE.flatMap((prefix) =>
    pipe(
      account,
      Http.mapError(toAppError),
      Http.map(({ name }) => `${prefix} ${name}`),
      Http.toReaderTaskEither,
    ),
  ),
)
expectType<Equal<typeof service, RTE.ReaderTaskEither<Env & { readonly http: Client.Client }, AppError, string>>>()
const served = Client.scoped({ session })((http) => service({ http, prefix: 'Hello' }))
expectType<Equal<typeof served, TE.TaskEither<AppError, string>>>()
const running = (client: Client.Client) => pipe(account, Client.runIn(client))
expectType<Equal<ReturnType<typeof running>, TE.TaskEither<Failure, { name: string }>>>()

// --- Exchange by hand ------------------------------------------------------------------------------------------------------

const drive =
  (client: Client.Client) =>
  (x: Exchange.Exchange): TE.TaskEither<HttpError.ExchangeError, Response.Head> =>
    pipe(
      Send.send(client)(x.plan),
      TE.mapLeft((error) => Exchange.failed(error)(x)),
      TE.flatMap((reply) =>
        pipe(
          x,
          Exchange.receive(client.clock.now())(reply),
          Exchange.match(
            drive(client),
            (_, head) => TE.right(head),
            (error) => TE.left(error),
          ),
        ),
      ),
    )
const byHand = (client: Client.Client) =>
  flow(
    Exchange.start({ session: client.session }),
    E.map((x) => ({ ...x, plan: { ...x.plan, method: 'QUERY' } })),
    TE.fromEither,
    TE.flatMap(drive(client)),
  )
expectType<
  Equal<ReturnType<typeof byHand>, (request: Request.Request) => TE.TaskEither<HttpError.SendError, Response.Head>>
>()
export const edited = pipe(
  Http.start(Request.get('x')),
  SRTE.flatMap((x) => Http.resume({ ...x, plan: { ...x.plan, method: 'QUERY' } })),
)

// --- custom parts ------------------------------------------------------------------------------------------------------------

export const hooked = pipe(
  session,
  Session.withHook((head, plan) => (head.status === 418 ? TE.left(`no tea for ${plan.method}`) : TE.right(head))),
  Request.withHook(TE.right),
)
const server: Exchange.Server = {
  'GET /a': { status: 302, headers: { location: '/b', 'set-cookie': ['a=1', 'b=2'] } },
  'GET /b': (plan) => ({ status: 200, body: plan.method }),
}
export const trace = pipe(Request.get('a'), Exchange.simulate({ session })(server))
export const overMemory = pipe(
  Http.attempt(Request.get('a')),
  Client.use({ session, transport: Transport.memory(server) }),
  TE.map(([outcome, jar]) => E.isRight(outcome) && outcome.right.status === 200 && Jar.Eq.equals(jar, trace.jar)),
)
export const overFetch: Transport.Transport = (plan, { signal }) =>
  pipe(
    TE.tryCatch(
      () => fetch(Plan.wire(plan).url, { redirect: 'manual', ...(signal && { signal }) }),
      Transport.failed('ConnectFailed', plan),
    ),
    TE.map((reply) => Transport.reply({ status: reply.status })),
  )

// --- errors ----------------------------------------------------------------------------------------------------------

type Own = { readonly _tag: 'Own'; readonly code: 7 }
/** The list of tags has every tag. */
expectType<Equal<(typeof HttpError.TAGS)[number], HttpError.Tag>>()

declare const failing: TE.TaskEither<HttpError.StatusError | HttpError.InvalidPayload<t.Errors> | Own, number>
declare const statusOrUrl: HttpError.StatusError | HttpError.PlanError
declare const unknown: unknown

const matched = pipe(
  failing,
  TE.mapLeft(
    HttpError.match({
      StatusError: ({ response }) => response.status,
      InvalidPayload: ({ errors, paths }) => [errors[0]?.context, paths] as const,
      Own: ({ code }) => code,
    }),
  ),
)
expectType<
  Equal<typeof matched, TE.TaskEither<number | readonly [t.Context | undefined, ReadonlyArray<string>], number>>
>()

// @ts-expect-error A tag of the union is missing.
export const incomplete = pipe(failing, TE.mapLeft(HttpError.match({ StatusError: () => 1, Own: () => 2 })))
export const complete = pipe(
  failing,
  TE.mapLeft(HttpError.match({ StatusError: () => 1, InvalidPayload: ({ paths }) => paths, Own: ({ code }) => code })),
)
export const more = pipe(
  failing,
  // @ts-expect-error The union has no such tag.
  TE.mapLeft(HttpError.match({ StatusError: () => 1, InvalidPayload: () => 2, Own: () => 3, ReadTimeout: () => 4 })),
)
declare const library: TE.TaskEither<HttpError.StatusError | HttpError.NotJson, number>
export const known = pipe(library, TE.mapLeft(HttpError.match({ StatusError: () => 1, NotJson: () => 2 })))
export const misspelled = pipe(
  library,
  // @ts-expect-error The library has no such tag.
  TE.mapLeft(HttpError.match({ StatusError: () => 1, NotJson: () => 2, StatusErorr: () => 3 })),
)
// @ts-expect-error The union has no such tag.
export const superfluous = pipe(failing, TE.mapLeft(HttpError.matchOr({ ReadTimeout: () => 1 }, () => 2)))

const partly = pipe(failing, TE.mapLeft(HttpError.matchOr({ StatusError: () => 1 }, (other) => other._tag)))
expectType<Equal<typeof partly, TE.TaskEither<number | 'InvalidPayload' | 'Own', number>>>()

declare const fault: HttpError.StatusError | HttpError.InvalidPayload<t.Errors>
export const direct: number = HttpError.match({
  StatusError: ({ response }) => response.status,
  InvalidPayload: () => 0,
})(fault)
// @ts-expect-error A tag of the error is missing.
export const incompleteDirect: number = HttpError.match({ StatusError: ({ response }) => response.status })(fault)
export const directOr: string = HttpError.matchOr({ StatusError: () => 'status' }, HttpError.show)(statusOrUrl)

export const guarded: number = HttpError.is('StatusError')(statusOrUrl) ? statusOrUrl.response.status : 0
export const narrowed: string = HttpError.is('InvalidUrl')(unknown) ? unknown.url : ''
export const statuses: ReadonlyArray<number> = pipe(
  [statusOrUrl],
  RA.filter(HttpError.is('StatusError')),
  RA.map(({ response }) => response.status),
)

// --- pages -------------------------------------------------------------------------------------------------------------

const Numbers = t.array(t.number)
type PageFailure = Http.PagesError<HttpError.NotJson | HttpError.InvalidPayload<t.Errors>>
type NumberList = Http.Http<PageFailure, ReadonlyArray<number>>

const byNext = Http.pages({
  request: 'numbers',
  items: Response.json(Numbers.decode),
  next: (response, items) => (items.length > 2 ? O.some(response.url) : O.none),
})
expectType<Equal<typeof byNext, NumberList>>()
const nextFirst = Http.pages({
  request: 'numbers',
  next: (_, items, { pages }) => (items.length > 2 ? O.some(`numbers?page=${pages}`) : O.none),
  items: Response.json(Numbers.decode),
})
expectType<Equal<typeof nextFirst, NumberList>>()
const bySchema = Http.pages({
  request: 'numbers',
  items: Response.json(z.array(z.number())),
  next: (_, items) => (items.length > 2 ? O.some('numbers') : O.none),
})
expectType<Equal<Success<typeof bySchema>, ReadonlyArray<number>>>()
const ofFlow = Http.pages({
  request: 'numbers',
  items: flow(
    Response.json(t.type({ numbers: Numbers }).decode),
    E.map(({ numbers }) => numbers),
  ),
  next: (_, items) => (items.length > 2 ? O.some('numbers') : O.none),
})
expectType<Equal<typeof ofFlow, NumberList>>()
const annotated = Http.pages({
  request: 'numbers',
  items: Response.json(Numbers.decode),
  next: (_, items: ReadonlyArray<number>) => O.some(`numbers?after=${items[0]?.toFixed()}`),
})
expectType<Equal<typeof annotated, NumberList>>()
const readNumbers = Response.json(Numbers.decode)
const byReader = Http.pages({
  request: 'numbers',
  items: readNumbers,
  next: (_, items) => O.some(`numbers?after=${items[0]?.toFixed()}`),
})
expectType<Equal<typeof byReader, NumberList>>()
const byCursor = Http.pages({ request: 'numbers', items: readNumbers, next: Pages.byCursor('after', () => O.none) })
expectType<Equal<typeof byCursor, NumberList>>()
export const mistaken = Http.pages({
  request: 'numbers',
  // @ts-expect-error The function that finds the next page takes items of another type.
  items: readNumbers,
  next: (_, items: ReadonlyArray<string>) => O.fromNullable(items[0]),
})
const sum = Http.streamPages({
  request: 'numbers',
  items: Response.json(Numbers.decode),
  next: (_, items) => (items.length > 2 ? O.some('numbers') : O.none),
})((numbers) => async () => {
  let added = 0
  for await (const number of numbers) added += number
  return E.right(added)
})
expectType<Equal<typeof sum, Http.Http<PageFailure, number>>>()

// --- streams -----------------------------------------------------------------------------------------------------------

export const events = pipe(
  Request.get('events'),
  Http.stream(Stream.ok((_, body) => pipe(body, Stream.events(), Stream.take(3), Stream.toArray))),
)
expectType<
  Equal<typeof events, Http.Http<Exchange.SendError | HttpError.StatusError, ReadonlyArray<Stream.ServerSentEvent>>>
>()

declare const save: (line: string) => TE.TaskEither<'full', void>
export const saved = pipe(
  Request.get('lines'),
  Http.stream((_, body) => pipe(body, Stream.lines(), Stream.forEach(save))),
)
expectType<Equal<typeof saved, Http.Http<Exchange.SendError | 'full', void>>>()

declare const other: TE.TaskEither<Transport.TransportError, number>
export const nested = pipe(
  Request.get('a'),
  Http.stream(() => other),
)
expectType<Equal<typeof nested, Http.Http<Exchange.SendError | Transport.TransportError, number>>>()

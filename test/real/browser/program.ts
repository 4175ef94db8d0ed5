/** What the page of `package.real.ts` runs, as a web page would: it imports the package and names no transport. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  Client,
  Environment,
  Http,
  Jar,
  Multipart,
  Request,
  Response,
  Session,
  Store,
  Stream,
  Transport,
  Url,
} from 'requests-ts'

type Outcome = readonly [tag: string, detail: unknown]

// The types of this project do not have the globals of a page.
const { origin } = new URL(String(Reflect.get(globalThis, 'location')))
const session = Session.at(origin)
const shown = E.match(
  ({ _tag, message }: { readonly _tag: string; readonly message: string }): Outcome => [_tag, message],
  (value: unknown): Outcome => ['Right', value],
)
const run = async <L extends { readonly _tag: string; readonly message: string }, A>(
  program: Http.Http<L, A>,
  options: Client.Options = {},
): Promise<Outcome> => shown(await pipe(program, Client.runWith({ session, ...options }))())

const text = Http.map(Response.text)

/** What a page can do with the default transport. */
export const sends = async (): Promise<Readonly<Record<string, Outcome>>> => ({
  get: await run(pipe(Http.get('/hello'), text)),
  post: await run(pipe(Http.post('/echo', Request.withJson({ a: 'ü' })), Http.ok, text)),
  status: await run(pipe(Http.get('/missing'), Http.ok)),
  deadline: await run(Http.get('/silent'), { session: Session.withTimeouts({ total: 100 })(session) }),
  lines: await run(Http.stream((_, body) => pipe(body, Stream.lines(), Stream.toArray))(Request.get('/lines'))),
  shared: shown(
    await Client.scoped({ session })((client) =>
      pipe(TE.sequenceArray(['/hello', '/hello'].map((path) => Client.runIn(client)(pipe(Http.get(path), text))))),
    )(),
  ),
})

const words = Http.eventStream(Request.get('/events'), { retry: { attempts: 2, base: 0 } })((events) =>
  pipe(
    events,
    Stream.toArray,
    TE.map((all) => all.map(({ data, id }) => `${id}: ${data}`)),
  ),
)

const Item = { '~standard': { version: 1, vendor: 'page', validate: (value: unknown) => ({ value }) } } as const

/** Server-sent events over two connections, a list in pages, a template and a problem of a server. */
export const reads = async (): Promise<Readonly<Record<string, Outcome>>> => ({
  events: await run(words),
  pages: await run(Http.pages({ request: '/list', items: Response.json((u) => E.right([u])), lookAhead: 1 })),
  template: shown(Url.template('/echo{?q}')({ q: 'ü&' })),
  schema: await run(pipe(Http.post('/echo', Request.withJson({ a: 1 })), Http.json(Item))),
  problem: await run(pipe(Http.get('/problem'), Http.ok)),
  compressed: await run(Http.post('/echo', Request.withText('a'.repeat(2000)), Request.withCompression('gzip'))),
})

/** What a page cannot do. */
export const refuses = async (): Promise<Readonly<Record<string, Outcome>>> => ({
  undici: await run(Http.get('/hello'), { transport: Transport.undici() }),
  planned: await run(Http.plan(Request.get('/hello')), { transport: Transport.undici() }),
  download: await run(Stream.toFile('/tmp/file')(Request.get('/hello'))),
  load: shown(await Store.load('/tmp/session.json')()),
  save: shown(await Store.save('/tmp/session.json')({ session, jar: Jar.empty })()),
  file: shown(await Multipart.statFile('/etc/hostname')()),
  upload: await run(Http.post('/echo', Request.withMultipart({ file: Multipart.file('/etc/hostname') }))),
})

/** What `Session.defaults` reads: nothing. */
export const environment = (): unknown => Environment.problems(Environment.read())

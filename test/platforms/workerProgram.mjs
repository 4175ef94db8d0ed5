// A worker that imports the package and names no transport. It returns what its programs returned, as JSON.
import { pipe } from 'fp-ts/lib/function.js'
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
} from 'requests-ts'

const shown = (outcome) =>
  outcome._tag === 'Left' ? [outcome.left._tag, outcome.left.message] : ['Right', outcome.right]
const text = Http.map(Response.text)

const findings = async (origin) => {
  const session = Session.at(origin)
  const run = async (program, change = (x) => x, options = {}) =>
    shown(await pipe(program, Client.runWith({ session: change(session), ...options }))())
  return {
    get: await run(pipe(Http.get('/'), text)),
    cookies: await run(pipe(Http.post('/login'), text)),
    post: await run(pipe(Http.post('/echo', Request.withJson({ a: 'ü' })), text)),
    gzip: await run(pipe(Http.get('/gzip'), text)),
    deadline: await run(Http.get('/silent'), Session.withTimeouts({ total: 200 })),
    lines: await run(Http.stream((_, body) => pipe(body, Stream.lines(), Stream.toArray))(Request.get('/lines'))),
    undici: await run(Http.get('/'), undefined, { transport: Transport.undici() }),
    proxy: await run(Http.get('/'), Session.withProxy({ all: 'http://127.0.0.1:9' })),
    upload: await run(Http.post('/echo', Request.withMultipart({ file: Multipart.file('/etc/hostname') }))),
    download: await run(Stream.toFile('/tmp/file')(Request.get('/'))),
    load: shown(await Store.load('/tmp/session.json')()),
    save: shown(await Store.save('/tmp/session.json')({ session, jar: Jar.empty })()),
    environment: Environment.problems(Environment.read()),
  }
}

// biome-ignore lint/style/noDefaultExport: workerd calls the default export
export default {
  fetch: async (request) => {
    const origin = new URL(request.url).searchParams.get('origin')
    return globalThis.Response.json(await findings(origin))
  },
}

import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Environment, Http, Request, Response, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { gone, sleep, transport, until, web } from './servers.js'

// Several clients on one transport with real connections. The transport closes only when its owner closes it.

const server = () =>
  web((request, response) => {
    if (request.url === '/slow') setTimeout(() => response.end('slow'), 100)
    else if (request.url === '/half') response.write('half')
    else if (request.url !== '/never') response.end('fast')
  })
const options = (shared: Transport.Transport): Client.Options => ({
  session: Session.empty,
  transport: shared,
  environment: Environment.empty,
})
const text = (url: string) => pipe(Http.get(url), Http.flatMapEither(Response.ok), Http.map(Response.text))
const reading = (url: string) =>
  pipe(
    Request.get(url),
    Http.stream((_, body) => body.gather(1e6)),
  )

describe('clients that share a transport', () => {
  it('do not end the requests of each other', async () => {
    const { url } = await server()
    const shared = transport()
    const outcomes = await Promise.all(
      ['slow', 'fast', 'slow'].map((path) => pipe(text(`${url}/${path}`), Client.runWith(options(shared)))()),
    )
    expect(outcomes).toEqual(['slow', 'fast', 'slow'].map(E.right))
  })
  it('reuse its connections one after the other', async () => {
    const started = await server()
    const shared = transport()
    for (let i = 0; i < 3; i++) await pipe(text(`${started.url}/fast`), Client.runWith(options(shared)))()
    expect(started.connections()).toBe(1)
    await Transport.close(shared)()
    await gone(started)
  })
  it('do not end the requests of each other through a mount', async () => {
    const { url } = await server()
    const session = Session.mount(url, transport())(Session.empty)
    const run = (path: string) => pipe(text(`${url}/${path}`), Client.runWith({ ...options(transport()), session }))
    expect(await Promise.all(['slow', 'fast'].map((path) => run(path)()))).toEqual(['slow', 'fast'].map(E.right))
  })
  it.each(['never', 'half'])(
    'end their own request for /%s with ClientClosed, and release its connection',
    async (path) => {
      const started = await server()
      const shared = transport()
      const [closing, staying] = [Client.open(options(shared))(), Client.open(options(shared))()]
      const running = pipe(reading(`${started.url}/${path}`), Client.runIn(closing))()
      const other = pipe(text(`${started.url}/slow`), Client.runIn(staying))()
      await until(() => started.connections() === 2)
      await sleep(20)
      await Client.close(closing)()
      expect(await running).toMatchObject({ left: { _tag: 'ClientClosed' } })
      expect(await other).toEqual(E.right('slow'))
      await until(() => started.sockets.size === 1)
      expect(started.sockets.size).toBe(1)
    },
  )
  it('keep the connections of a transport that they opened to themselves', async () => {
    const started = await server()
    const opening: Client.Options = {
      session: Session.empty,
      openTransport: () => Transport.undici(),
      environment: Environment.empty,
    }
    const both = Client.scoped(opening)((client) =>
      pipe(
        text(`${started.url}/slow`),
        Client.runIn(client),
        TE.tap(() => pipe(text(`${started.url}/fast`), Client.runWith(opening))),
        TE.tap(() => pipe(text(`${started.url}/fast`), Client.runIn(client))),
      ),
    )
    expect(await both()).toEqual(E.right('slow'))
    expect(started.connections()).toBe(2)
    await gone(started)
  })
})

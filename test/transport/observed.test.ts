/** What can be observed of a connection: its reuse on a reply, and undici's diagnostics channels. */
import diagnostics from 'node:diagnostics_channel'
import * as http2 from 'node:http2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Environment from '../../src/session/Environment.js'
import * as Session from '../../src/session/Session.js'
import { pki, pkiPath, transport, web } from './servers.js'

const reuseOf = async (url: string, options: Parameters<typeof transport>[0] = {}): Promise<ReadonlyArray<unknown>> => {
  const found: unknown[] = []
  const session = pipe(
    Session.empty,
    Session.withCa(pkiPath('ca.pem')),
    Session.withObserver({
      onReply:
        ({ result }) =>
        () => {
          const head = E.isRight(result) ? result.right : undefined
          found.push([head?.httpVersion, head?.connection?.reused])
        },
    }),
  )
  const sender = transport(options)
  const get = Client.use({ session, transport: sender, environment: Environment.empty })(Http.get(url))
  await get()
  await get()
  await sender.close?.()
  return found
}

describe('the connection of a reply', () => {
  it('is reported as reused with the second request over HTTP/1.1', async () => {
    const server = await web((_, response) => response.end('ok'))
    expect(await reuseOf(server.url)).toEqual([
      ['HTTP/1.1', false],
      ['HTTP/1.1', true],
    ])
  })
  it('is reported as new if the server closes each connection', async () => {
    const server = await web((_, response) => response.setHeader('Connection', 'close').end('ok'))
    expect(await reuseOf(server.url)).toEqual([
      ['HTTP/1.1', false],
      ['HTTP/1.1', false],
    ])
  })
  it('is reported as reused with the second request over HTTP/2', async () => {
    const server = http2.createSecureServer({ cert: pki('server.pem'), key: pki('server.key') })
    server.on('request', (_, response) => response.end('ok'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const found = await reuseOf(`https://localhost:${port}/`, { http2: true })
    await new Promise<void>((resolve) => server.close(() => resolve()))
    expect(found).toEqual([
      ['HTTP/2', false],
      ['HTTP/2', true],
    ])
  })
})

describe("undici's diagnostics channels", () => {
  it('fire for each request over HTTP/1.1', async () => {
    const server = await web((_, response) => response.end('ok'))
    const names = [
      'client:beforeConnect',
      'client:connected',
      'client:connectError',
      'client:sendHeaders',
      'request:create',
      'request:bodySent',
      'request:headers',
      'request:trailers',
      'request:error',
    ]
    const seen: string[] = []
    const listeners = names.map((name) => ({ name: `undici:${name}`, listen: () => void seen.push(name) }))
    for (const { name, listen } of listeners) diagnostics.subscribe(name, listen)
    await reuseOf(server.url)
    for (const { name, listen } of listeners) diagnostics.unsubscribe(name, listen)
    const each = ['client:sendHeaders', 'request:bodySent', 'request:headers', 'request:trailers']
    const connect = ['client:beforeConnect', 'client:connected']
    expect(seen).toEqual(['request:create', ...connect, ...each, 'request:create', ...each])
  })
})

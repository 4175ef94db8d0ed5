// Digest challenges of a proxy: answered for the proxy's own realm, and never sent to an origin.

import { createHash } from 'node:crypto'
import * as http from 'node:http'
import * as net from 'node:net'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as Plan from '../../src/Plan.js'
import * as Story from '../../src/Story.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import { listen, pkiPath, secure, web } from './servers.js'

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** Checks an answer as RFC 7616 3.4.1 says, without the code under test. */
const isAnswered = (header: string | undefined, method: string, target: string, pass: string): boolean => {
  if (header === undefined || !header.startsWith('Digest ')) return false
  const field = (name: string): string => new RegExp(`${name}="?([^",]*)"?`).exec(header)?.[1] ?? ''
  if (field('uri') !== target || field('nonce') !== 'n0nce') return false
  const key = md5(`${field('username')}:proxy realm:${pass}`)
  return field('response') === md5(`${key}:n0nce:${field('nc')}:${field('cnonce')}:auth:${md5(`${method}:${target}`)}`)
}

/** A proxy that asks for a digest, with the password `hunter2`. */
const digestProxy = async () => {
  const seen: string[] = []
  const challenge = 'Digest realm="proxy realm", nonce="n0nce", qop="auth"'
  const note = (request: http.IncomingMessage): boolean => {
    const header = request.headers['proxy-authorization']
    const { method = '', url = '' } = request
    const isOk = isAnswered(header, method, url, 'hunter2')
    seen.push(`${method} ${header?.split(' ')[0] ?? 'none'} ${/nc=(\d+)/.exec(header ?? '')?.[1] ?? '-'} ${isOk}`)
    return isOk
  }
  const server = http.createServer((request, response) => {
    if (!note(request)) {
      response.writeHead(407, { 'Proxy-Authenticate': challenge, 'Set-Cookie': 'proxy=1' }).end('who are you?')
      return
    }
    const { 'proxy-authorization': _, ...headers } = request.headers
    const onward = http.request(
      request.url ?? '',
      { method: request.method ?? 'GET', headers, agent: false },
      (reply) => {
        response.writeHead(reply.statusCode ?? 502, reply.rawHeaders)
        reply.pipe(response)
      },
    )
    request.pipe(onward)
  })
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket) => {
    if (!note(request)) {
      socket.end(`HTTP/1.1 407 Who\r\nProxy-Authenticate: ${challenge}\r\nContent-Length: 3\r\n\r\nno!`)
      return
    }
    const [host = '', port = ''] = (request.url ?? '').split(':')
    const onward = net.connect(Number(port), host, () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
    onward.pipe(socket).pipe(onward)
  })
  const { port } = await listen(server, 'connection')
  return { seen, url: (pass: string) => `http://me:${pass}@127.0.0.1:${port}` }
}

const echoing = () =>
  web((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { authorization, cookie, 'proxy-authorization': proxy } = request.headers
      response.end(JSON.stringify([authorization, cookie, proxy, Buffer.concat(chunks).toString()]))
    })
  })

const sessionFor = (proxy: string) => pipe(Session.empty, Session.withProxy(proxy))

describe('a proxy that forwards', () => {
  test('is answered once, and then in advance, and the origin sees nothing of it', async () => {
    const [between, origin] = [await digestProxy(), await echoing()]
    const post = Http.post(`${origin.url}/x?y=1`, Request.withText('body'))
    const outcome = await pipe(
      post,
      Http.flatMap(() => post),
      Client.use({ session: sessionFor(between.url('hunter2')) }),
    )()
    const [response, jar] = E.isRight(outcome) ? outcome.right : expect.fail('it failed')
    expect([response.status, Buffer.from(response.bytes).toString()]).toEqual([200, '[null,null,null,"body"]'])
    expect(between.seen).toEqual(['POST Basic - false', 'POST Digest 00000001 true', 'POST Digest 00000002 true'])
    expect(Jar.toArray(jar)).toEqual([])
    expect(JSON.stringify(Jar.encode({ reveal: true })(jar))).not.toContain('hunter2')
  })
  test('with a wrong password is answered once, and its 407 is the response', async () => {
    const between = await digestProxy()
    const outcome = await pipe(Http.get('http://a.test/'), Client.use({ session: sessionFor(between.url('wrong')) }))()
    expect(E.isRight(outcome) && outcome.right[0].status).toBe(407)
    expect(between.seen).toEqual(['GET Basic - false', 'GET Digest 00000001 false'])
  })
  test('cannot be answered with a body that is read once', async () => {
    const between = await digestProxy()
    const body = (async function* () {
      yield Buffer.from('x')
    })()
    const outcome = await pipe(
      Http.post('http://a.test/', Request.withOnce(body)),
      Client.use({ session: sessionFor(between.url('hunter2')) }),
    )()
    expect(outcome).toMatchObject({ left: { _tag: 'UnrewindableBody', history: [{ head: { status: 407 } }] } })
  })
})

describe('a tunnel', () => {
  test('is opened with an answer, and used for several requests', async () => {
    const [between, origin] = [await digestProxy(), await secure((_, response) => response.end('secure'))]
    const session = pipe(sessionFor(between.url('hunter2')), Session.withCa(pkiPath('ca.pem')))
    const get = Http.get(origin.url)
    const outcome = await pipe(
      get,
      Http.flatMap(() => get),
      Client.use({ session }),
    )()
    expect(E.isRight(outcome) && outcome.right[0].status).toBe(200)
    expect(between.seen).toEqual(['CONNECT Basic - false', 'CONNECT Digest 00000001 true'])
    expect(origin.connections()).toBe(1)
  })
  test('with a wrong password is ProxyFailed with the status 407', async () => {
    const between = await digestProxy()
    const session = sessionFor(between.url('wrong-hunter3'))
    const outcome = await pipe(Http.get('https://a.test/'), Client.use({ session }))()
    expect(outcome).toMatchObject({ left: { _tag: 'ProxyFailed', status: 407 } })
    expect(between.seen).toEqual(['CONNECT Basic - false', 'CONNECT Digest 00000001 false'])
    expect(JSON.stringify(outcome)).not.toContain('hunter3')
  })
})

describe('without a network', () => {
  const session = sessionFor('http://me:hunter2@proxy.test:3128')
  const challenge = 'Digest realm="proxy realm", nonce="n0nce", qop="auth"'
  const server = () => ({ status: 407, headers: { 'proxy-authenticate': challenge } })
  test('a challenge is answered once for each hop, and told in the story', () => {
    const trace = Exchange.simulate({ session, jar: Jar.empty, now: new Date(0) })(server)(
      Request.get('http://a.test/'),
    )
    expect(trace.hops.map(({ head }) => head.status)).toEqual([407, 407])
    const { chapters } = Story.ofTrace(trace)
    expect(chapters[0]?.decision).toEqual(['answers the challenge of the proxy, once'])
  })
  test('a 407 of an origin is not answered, and no challenge of an origin is answered for the proxy', () => {
    const direct = Exchange.simulate({ session: Session.empty })(() => ({
      status: 407,
      headers: { 'proxy-authenticate': challenge },
    }))(Request.get('http://a.test/'))
    expect(direct.hops).toHaveLength(1)
    const asking = {
      origin: 'http://proxy.test:3128',
      realm: 'r',
      user: 'me',
      nonce: 'n',
      opaque: { _tag: 'None' } as const,
    }
    const jar = Jar.remember({ ...asking, algorithm: { _tag: 'None' }, qop: true }, new Date(0))(Jar.empty)
    const made = Plan.plan({ session, jar, now: new Date(0), entropy: 'seed' })(Request.get('http://a.test/'))
    expect(E.isRight(made) && Plan.toHttp({ reveal: true })(made.right)).toContain('Proxy-Authorization: Basic ')
  })
})

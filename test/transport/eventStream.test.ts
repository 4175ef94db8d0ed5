/** Event streams on real connections: what is written, what is released, and what a hostile server can do. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Environment, Http, Request, type Retry, Session, Stream, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { chunked, gone, raw, until, web } from './servers.js'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n'
const openOptions = (): Client.Options => ({ session: Session.defaults, environment: Environment.empty })
const FAST: Retry.Retry = { attempts: 5, base: 5, jitter: 0 }

/** Sends an event every few milliseconds until the client closes the connection. */
const ticking = () => {
  const seen = { sent: 0, closed: 0 }
  const server = web((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const timer = setInterval(() => response.write(`id: ${seen.sent}\ndata: {"n":${seen.sent++}}\n\n`), 2)
    response.on('close', () => {
      clearInterval(timer)
      seen.closed += 1
    })
  })
  return { seen, server }
}

describe('a reader that stops early', () => {
  it('closes the connection of Http.stream, with decoded events', async () => {
    const { seen, server } = ticking()
    const listening = await server
    const Tick = z.object({ n: z.number() })
    const program = pipe(
      Request.get(listening.url),
      Http.stream((_, body) => pipe(body, Stream.events(Tick), Stream.take(3), Stream.toArray)),
    )
    const outcome = await Client.runWith(openOptions())(program)()
    expect(E.isRight(outcome) && outcome.right.map((event) => E.isRight(event) && event.right.data.n)).toEqual([
      0, 1, 2,
    ])
    await until(() => seen.closed === 1)
    expect(seen.closed).toBe(1)
    await gone(listening)
  })
  it('closes the connection of Http.stream at until', async () => {
    const { seen, server } = ticking()
    const { url } = await server
    const program = pipe(
      Request.get(url),
      Http.stream((_, body) => pipe(body, Stream.events({ until: '{"n":4}' }), Stream.toArray)),
    )
    const outcome = await Client.runWith(openOptions())(program)()
    expect(E.isRight(outcome) && outcome.right.length).toBe(4)
    await until(() => seen.closed === 1)
    expect(seen.closed).toBe(1)
  })
  it('closes the connection of Http.eventStream, while the client stays open', async () => {
    const { seen, server } = ticking()
    const { url } = await server
    const client = Client.open(openOptions())()
    const program = Http.eventStream(Request.get(url))((events) => pipe(events, Stream.take(3), Stream.toArray))
    const outcome = await Client.runIn(client)(program)()
    expect(E.isRight(outcome) && outcome.right.map(({ data }) => data)).toEqual(['{"n":0}', '{"n":1}', '{"n":2}'])
    await until(() => seen.closed === 1)
    expect(seen.closed).toBe(1)
    await Client.close(client)()
  })
})

describe('a connection that is cut', () => {
  it('in the middle of an event, of a character or before its first byte, neither loses nor doubles an event', async () => {
    const event = (n: number) => `id: ${n}é\r\nevent: tick\r\ndata: ${n}é\r\n\r\n`
    const server = await raw((socket, request, count) => {
      const sent = /^last-event-id: (.*)$/im.exec(request)?.[1]
      const after = sent === undefined ? 0 : Number.parseInt(Buffer.from(sent, 'latin1').toString(), 10)
      if (after >= 5) {
        socket.end('HTTP/1.1 204 No Content\r\n\r\n')
        return
      }
      if (count === 2) {
        socket.destroy()
        return
      }
      // One event, and a part of the next one: half of its é too.
      const bytes = Buffer.from(event(after + 1) + event(after + 2))
      const part = bytes.subarray(0, Buffer.byteLength(event(after + 1)) + 4 + count)
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${(part.length + 9).toString(16)}\r\n`)
      socket.write(part, () => setTimeout(() => socket.destroy(), 5))
    })
    const program = Http.eventStream(Request.get(server.url), { retry: FAST })(Stream.toArray)
    const outcome = await Client.runWith(openOptions())(program)()
    expect(E.isRight(outcome) && outcome.right.map(({ data, id }) => [data, id])).toEqual(
      [1, 2, 3, 4, 5].map((n) => [`${n}é`, `${n}é`]),
    )
  })
  it('writes the headers of an event stream, byte for byte', async () => {
    const server = await raw((socket, _, count) =>
      socket.end(
        count === 1
          ? `${HEAD}Connection: close\r\n\r\nid: \u00e2\u0080\u00a6x\ndata: a\n\n`
          : 'HTTP/1.1 204 No Content\r\n\r\n',
        'latin1',
      ),
    )
    const program = Http.eventStream(Request.get(server.url), { retry: FAST })(Stream.toArray)
    await Client.runWith({ ...openOptions(), session: Session.empty })(program)()
    const host = new URL(server.url).host
    const common = `Accept: text/event-stream\r\nCache-Control: no-store\r\n`
    expect(server.received.map((request) => request.replace(/^connection: .*\r\n/im, ''))).toEqual([
      `GET / HTTP/1.1\r\nhost: ${host}\r\n${common}\r\n`,
      `GET / HTTP/1.1\r\nhost: ${host}\r\n${common}Last-Event-ID: \u00e2\u0080\u00a6x\r\n\r\n`,
    ])
  })
  it('connects again through a transport that retries, without doubling an event', async () => {
    const server = await raw((socket, request, count) => {
      if (count % 2 === 1) socket.end('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      else if (/last-event-id: 2/i.test(request)) socket.end('HTTP/1.1 204 No Content\r\n\r\n')
      else {
        const id = /last-event-id: 1/i.test(request) ? 2 : 1
        socket.end(`${HEAD}Connection: close\r\n\r\nid: ${id}\ndata: ${id}\n\n`)
      }
    })
    const program = Http.eventStream(Request.get(server.url), { retry: FAST })(Stream.toArray)
    const wrapTransport = Transport.withRetry({ base: 1 })
    const outcome = await Client.runWith({ ...openOptions(), wrapTransport })(program)()
    expect(E.isRight(outcome) && outcome.right.map(({ data }) => data)).toEqual(['1', '2'])
    expect(server.received.length).toBe(6)
  })
})

describe('a quiet server', () => {
  it('that closes after each comment is read until its next event', async () => {
    let connections = 0
    const { url } = await web((_, response) => {
      connections += 1
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(connections === 1 ? 'id: 1\ndata: a\n\n' : connections === 9 ? 'id: 2\ndata: b\n\n' : ': ping\n\n')
    })
    const program = Http.eventStream(Request.get(url), { retry: { ...FAST, attempts: 2 } })((events) =>
      pipe(events, Stream.take(2), Stream.toArray),
    )
    const outcome = await Client.runWith(openOptions())(program)()
    expect(E.isRight(outcome) && outcome.right.map(({ data }) => data)).toEqual(['a', 'b'])
    expect(connections).toBe(9)
  })
})

describe('a hostile server', () => {
  /** Writes the same text as fast as the client reads. */
  const flooding = (text: string) =>
    web((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const more = (): void => {
        while (!response.destroyed && response.write(text)) {}
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
  it.each([
    ['line', 'data: xxxxxxxxxxxxxxxxxxxxxxxx'],
    ['comment', ':xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
    ['event', 'data: xxxxxxxxxxxxxxxxxxxxxxxx\n'],
  ])('cannot fill the memory with an endless %s', async (_, text) => {
    const listening = await flooding(text)
    const program = Http.eventStream(Request.get(listening.url), { maxLength: 100_000, retry: FAST })(Stream.toArray)
    expect(await Client.runWith(openOptions())(program)()).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
    await gone(listening)
  })
  it('cannot make the client connect without a limit with retry: 0', async () => {
    let connections = 0
    const { url } = await web((_, response) => {
      connections += 1
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(connections < 4 ? 'retry: 0\n\n' : '')
    })
    const program = Http.eventStream(Request.get(url), { retry: { ...FAST, base: 20 } })(Stream.toArray)
    const start = performance.now()
    expect(await Client.runWith(openOptions())(program)()).toMatchObject({ left: { _tag: 'BodyCut' } })
    expect(connections).toBe(3 + 4) // the third one sent something, so that it counts as the first of five
    expect(performance.now() - start).toBeGreaterThan(3 * 20)
  })
  it('cannot delay the next connection by the body of a status that is retried', async () => {
    let connections = 0
    const { url } = await web((_, response) => {
      connections += 1
      if (connections === 3) {
        response.writeHead(204).end()
        return
      }
      response.writeHead(503)
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const program = Http.eventStream(Request.get(url), { retry: { ...FAST, statuses: [503] } })(Stream.toArray)
    const start = performance.now()
    expect(await Client.runWith(openOptions())(program)()).toEqual(E.right([]))
    expect(performance.now() - start).toBeLessThan(5000)
  })
  it('cannot hold the body of a rejected request longer than the read timeout, or a signal', async () => {
    const listening = await web((request, response) => {
      response.writeHead(500)
      response.write('.')
      if (request.url !== '/slow') return
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const program = (path: string) =>
      Http.eventStream(Request.get(listening.url + path), { retry: { ...FAST, attempts: 1 } })(Stream.toArray)
    const session = Session.withTimeouts({ read: 100 })(Session.defaults)
    expect(await Client.runWith({ ...openOptions(), session })(program('/quiet'))()).toMatchObject({
      left: { _tag: 'ReadTimeout' },
    })
    const slow = pipe(program('/slow'), Http.withSignal(AbortSignal.timeout(200)))
    expect(await Client.runWith({ ...openOptions(), session })(slow)()).toMatchObject({ left: { _tag: 'Aborted' } })
    await gone(listening)
  })
  it('cannot make the client wait without a limit with a large retry', async () => {
    const { url } = await web((request, response) => {
      if (request.headers['last-event-id'] === '1') response.writeHead(204).end()
      else
        response.writeHead(200, { 'content-type': 'text/event-stream' }).end('retry: 99999999999\nid: 1\ndata: a\n\n')
    })
    const retry = { ...FAST, retryAfter: 20 }
    const outcome = await Client.runWith(openOptions())(Http.eventStream(Request.get(url), { retry })(Stream.toArray))()
    expect(E.isRight(outcome) && outcome.right.length).toBe(1)
  })
  it('is not read if it streams another type', async () => {
    const listening = await web((_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' })
      response.write('data: a\n\n')
    })
    const program = Http.eventStream(Request.get(listening.url))(Stream.toArray)
    expect(await Client.runWith(openOptions())(program)()).toMatchObject({ left: { _tag: 'NotEventStream' } })
    await gone(listening)
  })
})

describe('events in chunks of one byte', () => {
  it('are read as whole ones', async () => {
    const text = 'id: 1\r\ndata: …\r\n\r\nid: 2\r\rdata: b\n\n'
    const bytes = Array.from(Buffer.from(text), (byte) => String.fromCharCode(byte))
    const reply = chunked(...bytes).replace('HTTP/1.1 200 OK\r\n', HEAD)
    const server = await raw((socket) => socket.write(Buffer.from(reply, 'latin1')))
    const program = Http.eventStream(Request.get(server.url), { retry: { attempts: 1 } })(Stream.toArray)
    const outcome = await Client.runWith(openOptions())(program)()
    expect(E.isRight(outcome) && outcome.right.map(({ data, id }) => [data, id])).toEqual([
      ['…', '1'],
      ['b', '2'],
    ])
  })
})

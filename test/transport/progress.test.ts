/** Progress of uploads and downloads: bytes on the wire, reported after each chunk. */
import { gzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, test } from 'vitest'
import * as Client from '../../src/Client.js'
import * as Http from '../../src/Http.js'
import * as Environment from '../../src/session/Environment.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { memory } from '../../src/transport/Memory.js'
import { withRetry } from '../../src/transport/Retry.js'
import * as Body from '../../src/values/Body.js'
import type { Progress } from '../../src/wire/Transport.js'
import { exchange, plan, text } from './plans.js'
import { ok, raw, transport, web } from './servers.js'

const observer = () => {
  const seen: Progress[] = []
  const progress = (one: Progress) => () => {
    seen.push(one)
  }
  const of = (direction: Progress['direction']) => seen.filter((one) => one.direction === direction)
  return { seen, progress, up: () => of('up'), down: () => of('down') }
}

/** Expects increasing byte counts that end with `end`, all with the same total. */
const expectGrowing = (seen: ReadonlyArray<Progress>, end: number, total: number | undefined): void => {
  const sizes = seen.map(({ bytes }) => bytes)
  expect(sizes).toEqual([...new Set(sizes)].sort((x, y) => x - y))
  expect(sizes.at(-1)).toBe(end)
  expect(seen.every((one) => one.total === total)).toBe(true)
}

const MANY = 1_000_000

describe('an upload', () => {
  const echo = () => web((request, response) => request.resume().on('end', () => response.end('ok')))

  test('reports bytes in memory, few or many', async () => {
    const server = await echo()
    for (const size of [1, MANY]) {
      const { progress, up } = observer()
      await text(
        transport(),
        plan(server.url, {
          method: 'POST',
          headers: [['Content-Length', String(size)]],
          body: Body.bytes(Buffer.alloc(size)),
        }),
        { progress },
      )
      expectGrowing(up(), size, size)
      if (size === MANY) expect(up().length).toBeGreaterThan(2)
    }
  })
  test('reports a stream, with its length if it is known', async () => {
    const server = await echo()
    async function* source() {
      yield Buffer.alloc(10)
      yield Buffer.alloc(5)
    }
    const known = observer()
    const headers = [['Content-Length', '15']] as const
    await text(transport(), plan(server.url, { method: 'POST', headers, body: Body.stream(source, 15) }), known)
    expect(known.up()).toEqual([10, 15].map((bytes) => ({ direction: 'up', bytes, total: 15 })))
    const unknown = observer()
    await text(transport(), plan(server.url, { method: 'POST', body: Body.once(source()) }), unknown)
    expect(unknown.up()).toEqual([10, 15].map((bytes) => ({ direction: 'up', bytes })))
  })
  test('reports nothing without a body, and sends the same bytes with and without progress', async () => {
    const server = await raw((socket) => socket.write(ok()))
    const post = plan(server.url, {
      method: 'POST',
      headers: [['Content-Length', '3']],
      body: Body.bytes(Buffer.from('abc')),
    })
    const { progress, up } = observer()
    await text(transport(), plan(server.url), { progress })
    expect(up()).toEqual([])
    await text(transport(), post)
    await text(transport(), post, { progress })
    expect(server.received[2]).toBe(server.received[1])
  })
})

describe('a download', () => {
  test('is reported as it arrives, with its length if it is known', async () => {
    const server = await web((request, response) => {
      if (request.url === '/known') response.writeHead(200, { 'Content-Length': MANY })
      response.write(Buffer.alloc(MANY / 2))
      response.end(Buffer.alloc(MANY / 2))
    })
    for (const [path, total] of [
      ['/known', MANY],
      ['/chunked', undefined],
    ] as const) {
      const { progress, down } = observer()
      await exchange(transport(), plan(server.url + path), { progress })
      expectGrowing(down(), MANY, total)
      expect(down().length).toBeGreaterThan(1)
    }
  })
  test('counts bytes on the wire, before decoding', async () => {
    const coded = gzipSync(Buffer.alloc(100_000))
    const server = await web((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': coded.length }).end(coded)
    })
    const { progress, down } = observer()
    expect((await text(transport(), plan(server.url), { progress })).length).toBe(100_000)
    expectGrowing(down(), coded.length, coded.length)
  })
})

test('a progress callback that throws does not end the request', async () => {
  const server = await web((request, response) => request.pipe(response))
  const progress = () => () => {
    throw new Error('mine')
  }
  const post = plan(server.url, { method: 'POST', body: Body.bytes(Buffer.from('abc')) })
  expect(await text(transport(), post, { progress })).toBe('abc')
})

test('progress is a setting of session and request, and works with any transport', async () => {
  const server = await web((request, response) => request.pipe(response))
  for (const sender of [transport(), memory((sent) => ({ status: 200, body: sent.method }))]) {
    const { progress, up, down } = observer()
    const size = sender.close === undefined ? 4 : 3
    const outcome = await pipe(
      Http.post(server.url, Request.withText('abc'), Request.withProgress(progress)),
      Client.use({ session: Session.defaults, transport: sender, environment: Environment.empty }),
    )()
    expect(E.isRight(outcome)).toBe(true)
    expectGrowing(up(), 3, 3)
    expect(down().at(-1)?.bytes).toBe(size)
  }
})

test('each attempt counts from zero', async () => {
  const server = await raw((socket, _, count) =>
    socket.write(count === 1 ? ok('later').replace('200 OK', '503 Later') : ok('done')),
  )
  const { progress, up } = observer()
  const put = plan(server.url, {
    method: 'PUT',
    headers: [['Content-Length', '3']],
    body: Body.bytes(Buffer.from('abc')),
  })
  await text(withRetry({ base: 1 })(transport()), put, { progress })
  expect(up().map(({ bytes }) => bytes)).toEqual([3, 3])
})

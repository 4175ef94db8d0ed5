/** HTTP/2 is used only if enabled. nghttpd supports only HTTP/2, nginx both versions. */
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { Http, Request, Response } from 'requests-ts'
import { describe, expect, test } from 'vitest'
import { failure, get, https, text, value } from './rig.js'

const http2 = { transport: { http2: true } }

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield Buffer.alloc(10_000, i)
}

describe('nghttpd', () => {
  const origin = https('nghttpd')

  test('returns a large body', async () => {
    expect((await get(`${origin}/three-million`, [], http2)).bytes.length).toBe(3_000_000)
  })

  test('returns an upload from memory or a stream', async () => {
    expect(
      await text(`${origin}/`, [(request) => ({ ...request, method: 'POST' }), Request.withText('hello')], http2),
    ).toBe('hello')
    const streamed = await value(
      Http.post(
        `${origin}/`,
        Request.withStream(() => pieces(50)),
      ),
      http2,
    )
    expect(streamed.bytes.length).toBe(500_000)
    expect(streamed.bytes.at(-1)).toBe(49)
  })

  test('handles 50 concurrent requests, and returns a 404', async () => {
    const many = Http.parallel()(Array.from({ length: 50 }, () => Http.get(`${origin}/three-million`)))
    expect((await value(many, http2)).map(({ bytes }) => bytes.length)).toEqual(Array(50).fill(3_000_000))
    expect((await get(`${origin}/nothing`, [], http2)).status).toBe(404)
  })

  test('fails if HTTP/2 is not enabled', async () => {
    await failure(Http.get(origin))
  })
})

describe('one connection with many streams', () => {
  const streams = { transport: { http2: { streams: 100 }, connections: 1 } }
  const hundred = (url: string) => Http.parallel()(Array.from({ length: 100 }, () => Http.get(url)))

  test('serves 100 simultaneous requests of nghttpd', async () => {
    const replies = await value(hundred(`${https('nghttpd')}/three-million`), streams)
    expect(replies.map(({ bytes }) => bytes.length)).toEqual(Array(100).fill(3_000_000))
  })

  test('serves 100 simultaneous requests of nginx, and 2,000 more after a GOAWAY', async () => {
    const url = `${https('nginxTls')}/protocol`
    const replies = await value(hundred(url), streams)
    expect(new Set(replies.map(Response.text))).toEqual(new Set(['HTTP/2.0 TLSv1.3 localhost\n']))
    // nginx ends a connection after 1,000 requests by default (keepalive_requests).
    const more = Http.traverse(() => hundred(url))(Array.from({ length: 20 }))
    const statuses = (await value(more, streams)).flat().map(({ status }) => status)
    expect(statuses).toEqual(Array(2000).fill(200))
  })

  test('falls back to HTTP/1.1', async () => {
    expect(await text(https('nginxUntrusted'), [Request.withVerify(false)], streams)).toBe('reached\n')
  })
})

describe('nginx', () => {
  test.each([
    [true, 'HTTP/2.0'],
    [false, 'HTTP/1.1'],
  ])('uses its version for http2: %s (%s)', async (http2, version) => {
    const url = `${https('nginxTls')}/protocol`
    expect(await text(url, [], { transport: { http2 } })).toBe(`${version} TLSv1.3 localhost\n`)
  })

  test('handles 100 requests in turn on one client', async () => {
    const one = Http.get(`${https('nginxTls')}/protocol`)
    const all = Array.from({ length: 99 }).reduce<typeof one>((before) => SRTE.flatMap(() => one)(before), one)
    expect(Response.text(await value(all, http2))).toContain('HTTP/2.0')
  })

  test('uses HTTP/1.1 if the origin does not support HTTP/2', async () => {
    expect(await text(https('nginxUntrusted'), [Request.withVerify(false)], http2)).toBe('reached\n')
  })
})

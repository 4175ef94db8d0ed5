/** Unexpected `100 Continue` responses (RFC 9110 15.2). */
import type { Socket } from 'node:net'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InterimFilter } from '../../src/transport/undici/Http1.js'
import { plan, tag, text } from './plans.js'
import { ok, raw, transport } from './servers.js'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const HINT = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'

const pieces = (content: string, cuts: ReadonlyArray<number>): Buffer[] => {
  const bytes = Buffer.from(content, 'latin1')
  const at = [0, ...[...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end))
}

/** Returns what undici would read if the chunks arrive in turn, and how many times a `100` was reported. */
const readThrough = (chunks: ReadonlyArray<Buffer>): readonly [passed: string, reported: number] => {
  const waiting: Buffer[] = []
  // The cast: the filter only uses `read`.
  const socket = { read: () => waiting.shift() ?? null } as unknown as Socket
  let reported = 0
  const filter = new InterimFilter(socket, 65_536)
  filter.expectHead({
    onInterim: () => {
      reported += 1
    },
  })
  let passed = ''
  for (const chunk of chunks) {
    if (chunk.length > 0) waiting.push(chunk)
    for (let read = socket.read(); read !== null; read = socket.read()) passed += read.toString('latin1')
  }
  return [passed, reported]
}

describe('InterimFilter (specification)', () => {
  test('removes every 100 before the head and nothing else, however the bytes are split', () => {
    const heads = fc.array(fc.constantFrom(CONTINUE, HINT), { maxLength: 4 })
    const bodies = fc.constantFrom('', 'ok', CONTINUE, 'HTTP/1.')
    fc.assert(
      fc.property(heads, bodies, fc.array(fc.nat(), { maxLength: 20 }), (interims, body, cuts) => {
        const final = ok(body)
        const [passed, reported] = readThrough(pieces(interims.join('') + final, cuts))
        expect(passed).toBe(interims.filter((one) => one !== CONTINUE).join('') + final)
        expect(reported).toBe(interims.filter((one) => one === CONTINUE).length)
      }),
    )
  })

  test('passes bytes that are not HTTP at once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', minLength: 13 }), fc.array(fc.nat()), (garbage, cuts) => {
        fc.pre(!garbage.startsWith('H'))
        expect(readThrough(pieces(garbage, cuts))[0]).toBe(garbage)
      }),
    )
  })
})

test('accepts up to 100 interim responses before the response, on one connection', async () => {
  const server = await raw((socket, _, count) => socket.write(CONTINUE.repeat(count < 3 ? 50 * count : 101) + ok()))
  const client = transport()
  for (let i = 0; i < 2; i++) expect(await text(client, plan(server.url, { method: 'POST' }))).toBe('ok')
  expect(await tag(client, plan(server.url))).toBe('ProtocolError')
  expect(server.connections()).toBe(1)
})

test('rejects a 100 that exceeds the limit of a head', async () => {
  const server = await raw((socket) => socket.write(`HTTP/1.1 100 Continue\r\n${'X: y\r\n'.repeat(20_000)}`))
  expect(await tag(transport({ maxHeaderSize: 10_000 }), plan(server.url))).toBe('ProtocolError')
})

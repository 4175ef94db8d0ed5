/**
 * Memory use does not grow with the length of a body. One process transfers 64 MiB and then 1 GiB; its peak memory may rise
 * by 64 MB between the two. The server is a separate process, so that its memory is not counted.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as Body from '../../src/values/Body.js'
import { exchange, head, plan } from './plans.js'
import { sleep, transport } from './servers.js'

const MIB = 2 ** 20
const PIECE = 65_536
/** The receiver pauses this long after the first chunk. Without backpressure, the rest accumulates in memory meanwhile. */
const PAUSE_MS = 1000

const SERVER = `
  const { createServer } = require('node:http')
  const piece = Buffer.alloc(${PIECE})
  createServer((request, response) => {
    if (request.method === 'PUT') {
      let bytes = 0
      request.on('data', (chunk) => { bytes += chunk.length })
      request.once('data', () => {
        request.pause()
        setTimeout(() => request.resume(), ${PAUSE_MS})
      })
      request.on('end', () => response.end(String(bytes)))
      return
    }
    let left = Number(request.url.slice(1))
    const more = () => {
      while (left > 0) {
        left -= piece.length
        if (!response.write(piece)) return response.once('drain', more)
      }
      response.end()
    }
    more()
  }).listen(0, '127.0.0.1', function () { process.send(this.address().port) })
  process.on('disconnect', () => process.exit())`

let folder: string
let server: ChildProcess
let url: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
  writeFileSync(join(folder, 'server.cjs'), SERVER)
  server = fork(join(folder, 'server.cjs'))
  const [port] = await once(server, 'message')
  url = `http://127.0.0.1:${port}/`
})

afterEach(async () => {
  const gone = once(server, 'exit')
  server.disconnect()
  await gone
  rmSync(folder, { recursive: true })
})

async function* pieces(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= PIECE) yield Buffer.allocUnsafeSlow(PIECE)
}

const down = async (bytes: number): Promise<number> => {
  const { body } = await head(transport(), plan(`${url}${bytes}`))
  let read = 0
  for await (const piece of body) {
    if (read === 0) await sleep(PAUSE_MS)
    read += piece.length
  }
  return read
}

const up = async (bytes: number): Promise<number> => {
  const body = Body.stream(() => pieces(bytes), bytes)
  const reply = await exchange(transport(), plan(url, { method: 'PUT', body }))
  return E.isRight(reply) ? Number(reply.right.text) : Number.NaN
}

/** The number of small bodies before the measurement. The garbage collector of Node 24 needs more to adapt. */
const WARM_UPS = Number.parseInt(process.versions.node, 10) < 24 ? 1 : 4

/** Peak memory in MB. */
const peakMemory = (): number => process.resourceUsage().maxRSS / 1024

test.each([
  ['down', down],
  ['up', up],
] as const)('transferring 1 GiB %s needs at most 64 MB more than 64 MiB', { timeout: 120_000 }, async (_, move) => {
  for (let i = 0; i < WARM_UPS; i++) expect(await move(64 * MIB)).toBe(64 * MIB)
  const before = peakMemory()
  expect(await move(1024 * MIB)).toBe(1024 * MIB)
  expect(peakMemory() - before).toBeLessThanOrEqual(64)
})

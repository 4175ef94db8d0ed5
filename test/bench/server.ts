/** A small server in its own process, so that its CPU time is not measured. */
import { fork } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'

const JSON_BODY = JSON.stringify({
  id: 42,
  name: 'requests-ts',
  tags: ['http', 'fp-ts'],
  ok: true,
  nested: { a: 1, b: [2] },
})

const PIECE = Buffer.alloc(65_536, 'x')

/** Sends the given number of bytes as fast as they are read. */
const pour = (response: ServerResponse, bytes: number): void => {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes })
  let left = bytes
  const more = (): void => {
    while (left > 0) {
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE
      left -= piece.length
      if (!response.write(piece)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
}

/** Counts the bytes of the request body. */
const drain = (request: IncomingMessage, response: ServerResponse): void => {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  request.on('end', () => response.end(JSON.stringify({ bytes })))
}

const serve = (): void => {
  const cookies = Array.from({ length: 10 }, (_, i) => `held${i}=value-number-${i}; Path=/; HttpOnly`)
  const server = createServer((request, response) => {
    if (request.url === '/redirect') {
      response.writeHead(302, { location: '/json', 'content-length': 0 }).end()
      return
    }
    const [, direction, bytes] = /^\/(down|up)\/(\d*)$/.exec(request.url ?? '') ?? []
    if (direction === 'down') return pour(response, Number(bytes))
    response.setHeader('content-type', 'application/json')
    if (direction === 'up') return drain(request, response)
    if (request.url === '/cookies') response.setHeader('set-cookie', cookies)
    response.end(JSON_BODY)
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) process.send?.(address.port)
  })
  process.on('disconnect', () => process.exit(0))
}

export interface Served {
  readonly url: string
  readonly stop: () => void
}

/** Starts the server and returns its URL. */
export const start = (): Promise<Served> =>
  new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), ['serve'], { execArgv: [] })
    child.once('message', (port) => resolve({ url: `http://127.0.0.1:${port}`, stop: () => child.kill() }))
  })

if (process.argv[2] === 'serve') serve()

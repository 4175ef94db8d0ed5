/** A small server in a process of its own, so that its CPU is not counted. */
import { fork } from 'node:child_process'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

const JSON_BODY = JSON.stringify({
  id: 42,
  name: 'requests-ts',
  tags: ['http', 'fp-ts'],
  ok: true,
  nested: { a: 1, b: [2] },
})

const serve = (): void => {
  const cookies = Array.from({ length: 10 }, (_, i) => `held${i}=value-number-${i}; Path=/; HttpOnly`)
  const server = createServer((request, response) => {
    if (request.url === '/redirect') {
      response.writeHead(302, { location: '/json', 'content-length': 0 }).end()
      return
    }
    response.setHeader('content-type', 'application/json')
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

/** Starts the server and gives its URL. */
export const start = (): Promise<Served> =>
  new Promise((resolve) => {
    const child = fork(fileURLToPath(import.meta.url), ['serve'])
    child.once('message', (port) => resolve({ url: `http://127.0.0.1:${port}`, stop: () => child.kill() }))
  })

if (process.argv[2] === 'serve') serve()

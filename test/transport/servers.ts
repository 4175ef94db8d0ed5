/**
 * Servers on loopback that are closed after their test, and a check for leaks.
 *
 * `raw` writes exact bytes, `web` is node:http, `secure` is node:https, `proxy` forwards and tunnels.
 * After each test the transports are closed first. Then the check fails if a server still has a connection, or if the
 * process has a socket, timer or name lookup that it did not have before the test.
 */
import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import * as net from 'node:net'
import * as tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Options } from '../../src/transport/undici/TransportOptions.js'
import { undici } from '../../src/transport/undici/Undici.js'
import type { Transport } from '../../src/wire/Transport.js'

/** Returns the path of a file of the test PKI; `pki` returns its text. */
export const pkiPath = (name: string): string => fileURLToPath(new URL(`../pki/${name}`, import.meta.url))
export const pki = (name: string): string => readFileSync(pkiPath(name), 'utf8')

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

// --- leaks ---------------------------------------------------------------------------------------------------------

/** The servers of a test, with their open connections. */
const opened: Array<{ readonly sockets: ReadonlySet<net.Socket>; readonly close: () => Promise<void> }> = []
const transports: Transport[] = []

/** Returns the number of active resources of each kind. */
const resources = (): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}
let before: Readonly<Record<string, number>> = {}

/** Returns the resources that the test did not release. */
const leaked = (): ReadonlyArray<string> =>
  Object.entries(resources()).flatMap(([kind, count]) => (count > (before[kind] ?? 0) ? [`${count} ${kind}`] : []))

const warnings: string[] = []
const onWarning = (warning: Error): void => {
  warnings.push(warning.message)
}

/** Waits until a condition holds, at most `ms` milliseconds. */
export const until = async (condition: () => boolean, ms = 1000): Promise<void> => {
  for (const start = performance.now(); !condition() && performance.now() - start < ms; ) await sleep(5)
}

beforeEach(() => {
  before = resources()
  process.on('warning', onWarning)
})

afterEach(async () => {
  await Promise.all(transports.splice(0).map((transport) => transport.close?.()))
  const servers = opened.splice(0)
  await until(() => servers.every(({ sockets }) => sockets.size === 0))
  const remaining = servers.map(({ sockets }) => sockets.size)
  await Promise.all(servers.map(({ close }) => close()))
  await until(() => leaked().length === 0)
  process.off('warning', onWarning)
  expect({
    connections: remaining.filter((count) => count > 0),
    leaked: leaked(),
    warnings: warnings.splice(0),
  }).toEqual({
    connections: [],
    leaked: [],
    warnings: [],
  })
})

/** Expects that a server soon has no connections. */
export const gone = async (server: { readonly sockets: ReadonlySet<unknown> }): Promise<void> => {
  await until(() => server.sockets.size === 0)
  expect(server.sockets.size).toBe(0)
}

/** Returns a transport that is closed after the test. */
export const transport = (options?: Options): Transport => {
  const made = undici(options)
  transports.push(made)
  return made
}

// --- servers -------------------------------------------------------------------------------------------------------

export interface Listening {
  readonly port: number
  /** `127.0.0.1:port`. */
  readonly host: string
  readonly sockets: ReadonlySet<net.Socket>
  /** Returns the number of all connections so far. */
  readonly connections: () => number
}

export const listen = async (
  server: net.Server,
  event: string,
  path?: string,
  address = '127.0.0.1',
): Promise<Listening> => {
  const sockets = new Set<net.Socket>()
  let connections = 0
  server.on(event, (socket: net.Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, address, resolve) : server.listen(path, resolve),
  )
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  opened.push({ sockets, close })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0
  return { port, host: `127.0.0.1:${port}`, sockets, connections: () => connections }
}

/** Starts a TCP server that calls `use` for each connection. */
export const accept = (use: (socket: net.Socket) => void, path?: string): Promise<Listening> =>
  listen(net.createServer(use), 'connection', path)

/** The same over TLS. */
export const acceptTls = (use: (socket: net.Socket) => void, name = 'server'): Promise<Listening> =>
  listen(
    tls.createServer({ cert: pki(`${name}.pem`), key: pki(`${name}.key`) }, (socket) => {
      // Node 20.18 reports a reset here, later versions on the TCP connection.
      socket.on('error', () => {})
      use(socket)
    }),
    'connection',
  )

export interface Raw extends Listening {
  readonly url: string
  /** All received data as latin-1, one text for each connection. */
  readonly received: string[]
}

export type Answer = (socket: net.Socket, request: string, count: number) => void

const afterBody = (head: string, rest: string): string | undefined => {
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  if (!/^transfer-encoding: chunked/im.test(head)) return rest.length < length ? undefined : rest.slice(length)
  const end = `\r\n${rest}`.indexOf('\r\n0\r\n\r\n')
  return end < 0 ? undefined : rest.slice(end + 5)
}

/** Starts an HTTP server that calls `answer` for each request head, with a count over all connections. */
export const raw = async (answer: Answer): Promise<Raw> => {
  const received: string[] = []
  let count = 0
  const listening = await accept((socket) => {
    const index = received.push('') - 1
    let rest = ''
    let head: string | undefined
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      received[index] += text
      rest += text
      for (;;) {
        if (head === undefined) {
          const end = rest.indexOf('\r\n\r\n')
          if (end < 0) return
          head = rest.slice(0, end + 4)
          rest = rest.slice(end + 4)
          answer(socket, head, ++count)
        }
        const next = afterBody(head, rest)
        if (next === undefined) return
        head = undefined
        rest = next
      }
    })
  })
  return { ...listening, url: `http://${listening.host}`, received }
}

/** Returns a response with this text and its length. */
export const ok = (text = 'ok', headers = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${headers}\r\n${text}`

/** Returns a response whose body is sent in these chunks. */
export const chunked = (...chunks: ReadonlyArray<string>): string =>
  `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${[...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}`

/** Starts a server that responds to every request with the same bytes; text is latin-1. */
export const always = (bytes: string | Uint8Array): Promise<Raw> =>
  raw((socket) => socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes))

export interface Web extends Listening {
  readonly url: string
}

export const web = async (handler: http.RequestListener): Promise<Web> => {
  const listening = await listen(http.createServer(handler), 'connection')
  return { ...listening, url: `http://${listening.host}` }
}

/** Starts node:https with a certificate of the test PKI. `url` has the host localhost, like the certificate. */
export const secure = async (
  handler: http.RequestListener = (_, response) => response.end('secure'),
  options: https.ServerOptions & { readonly name?: string } = {},
): Promise<Web> => {
  const { name = 'server', ...rest } = options
  const server = https.createServer({ cert: pki(`${name}.pem`), key: pki(`${name}.key`), ...rest }, handler)
  const listening = await listen(server, 'connection')
  return { ...listening, url: `https://localhost:${listening.port}` }
}

/** Returns a URL that accepts no connection: the queue of its port is full, and its server sleeps. */
export const deaf = async (): Promise<string> => {
  const code = `
    const { parentPort } = require('node:worker_threads')
    const net = require('node:net')
    const server = net.createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      const { port } = server.address()
      parentPort.postMessage(port)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 15000)
    })`
  const worker = new Worker(code, { eval: true })
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const fillers = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1').on('error', () => {}))
  await sleep(50)
  const close = async (): Promise<void> => {
    for (const filler of fillers) filler.destroy()
    await worker.terminate()
  }
  opened.push({ sockets: new Set(), close })
  return `http://127.0.0.1:${port}/`
}

/** `mute` accepts connections, reads and never responds; `silent` does so as an HTTP server. */
export const mute = (): Promise<Listening> => accept((socket) => socket.resume())
export const silent = (): Promise<Raw> => raw(() => {})

// --- proxies -------------------------------------------------------------------------------------------------------

export interface RecordingProxy extends Listening {
  readonly url: string
  /** One line for each request to the proxy. */
  readonly requests: string[]
}

const pipe = (x: net.Socket, y: net.Socket): void => {
  x.on('error', () => y.destroy()).on('close', () => y.destroy())
  y.on('error', () => x.destroy()).on('close', () => x.destroy())
  x.pipe(y).pipe(x)
}

interface ProxyOptions {
  readonly credentials?: string
  readonly tls?: boolean
  /** Requests a client certificate; called for each connection. */
  readonly onSecure?: (socket: net.Socket) => void
}

/** Starts a proxy that forwards absolute URLs and opens tunnels. With `credentials` it requires them. */
export const proxy = async (options: ProxyOptions = {}): Promise<RecordingProxy> => {
  const requests: string[] = []
  const { credentials } = options
  const expected = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`
  const isAuthorized = (request: http.IncomingMessage): boolean =>
    expected === undefined || request.headers['proxy-authorization'] === expected
  const forward: http.RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url} Host=${request.headers.host}`)
    if (!isAuthorized(request)) {
      response.writeHead(407, { 'Proxy-Authenticate': 'Basic realm="p"' }).end('who are you?')
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
    onward.on('error', () => response.writeHead(502).end())
    request.pipe(onward)
  }
  const server = options.tls
    ? https.createServer(
        {
          cert: pki('server.pem'),
          key: pki('server.key'),
          requestCert: options.onSecure !== undefined,
          rejectUnauthorized: false,
        },
        forward,
      )
    : http.createServer(forward)
  server.on('connect', (request: http.IncomingMessage, socket: net.Socket, head: Buffer) => {
    requests.push(`CONNECT ${request.url} Host=${request.headers.host}`)
    if (!isAuthorized(request)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 3\r\n\r\nno!')
      return
    }
    const { hostname, port } = new URL(`http://${request.url}`)
    const onward = net.connect(Number(port || 80), hostname.replace(/[[\]]|\.$/g, ''), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      pipe(socket, onward)
    })
    onward.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
  })
  if (options.onSecure !== undefined) server.on('secureConnection', options.onSecure)
  const listening = await listen(server, 'connection')
  const scheme = options.tls ? 'https' : 'http'
  const login = credentials === undefined ? '' : `${credentials}@`
  const host = options.tls ? `localhost:${listening.port}` : listening.host
  return { ...listening, url: `${scheme}://${login}${host}`, requests }
}

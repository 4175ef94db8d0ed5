/** The servers that probes send to: they tell what arrived, and allow every origin, method and field (CORS). */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { Origins, Seen } from './probes.js'

/** `hello` as one frame of zstd, which Node 20 cannot write. */
const ZSTD_HELLO = Buffer.from('28b52ffd005829000068656c6c6f', 'hex')

const CODED: Readonly<Record<string, Uint8Array>> = {
  gzip: gzipSync('hello'),
  deflate: deflateSync('hello'),
  br: brotliCompressSync('hello'),
  zstd: ZSTD_HELLO,
}

const corsOf = ({ headers }: IncomingMessage): Readonly<Record<string, string>> => ({
  'Access-Control-Allow-Origin': headers.origin ?? '*',
  'Access-Control-Allow-Methods': headers['access-control-request-method'] ?? '*',
  'Access-Control-Allow-Headers': headers['access-control-request-headers'] ?? '*',
})

const pairsOf = (raw: ReadonlyArray<string>): Seen['headers'] =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []))

const lengthOf = async (request: IncomingMessage): Promise<number> => {
  let length = 0
  for await (const chunk of request) length += chunk.length
  return length
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  counts: Map<string, number>,
  abandoned: string[],
): Promise<void> => {
  const { method = '', url = '/', rawHeaders, socket } = request
  response.on('close', () => {
    if (!response.writableFinished) abandoned.push(url)
  })
  const length = await lengthOf(request)
  const cors = corsOf(request)
  const end = (
    status: number,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string | string[]>> = {},
  ) => {
    response.writeHead(status, { ...cors, ...headers })
    response.end(body)
  }
  if (method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) return end(204, '')
  const [path = '', query = ''] = url.split('?')
  const [, name = '', detail = ''] = path.split('/')
  switch (name) {
    case 'redirect':
      return end(302, 'moved', { Location: '/seen' })
    case 'cookies':
      return end(200, '', { 'Set-Cookie': ['a=1', 'b=2'] })
    case 'coding':
      return end(200, CODED[detail] ?? '', { 'Content-Encoding': detail })
    case 'length':
      return end(200, 'hello', { 'Content-Length': '5' })
    case 'cut-gzip':
      return end(200, gzipSync('hello'.repeat(1000)).subarray(0, 20), { 'Content-Encoding': 'gzip' })
    case 'cut':
      response.writeHead(200, { ...cors, 'Content-Length': '100' })
      response.write('ten octets')
      setTimeout(() => socket.destroy(), 50)
      return
    case 'hang-up':
      socket.destroy()
      return
    case 'garbage':
      socket.end('I do not speak HTTP\r\n\r\n')
      return
    case 'silent':
      return
    case 'endless': {
      response.writeHead(200, cors)
      const timer = setInterval(() => response.write('x'.repeat(1000)), 5)
      response.on('close', () => clearInterval(timer))
      return
    }
    case 'misdirected':
      counts.set(query, (counts.get(query) ?? 0) + 1)
      return end(421, 'later')
    case 'count':
      return end(200, String(counts.get(query) ?? 0))
    case 'page':
      return end(200, '<!doctype html><title>page</title>', { 'Content-Type': 'text/html' })
    default:
      return end(200, JSON.stringify({ method, headers: pairsOf(rawHeaders), length }))
  }
}

/** A server that accepts any method, which that of Node does not. */
const methodServer = (): net.Server =>
  net.createServer((socket) => {
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      const [method = ''] = text.split(' ')
      const wanted = /^access-control-request-method: (.*)\r$/im.exec(text)?.[1] ?? method
      const body = JSON.stringify({ method, headers: [], length: 0 })
      const head = [
        'HTTP/1.1 200 OK',
        'Access-Control-Allow-Origin: *',
        `Access-Control-Allow-Methods: ${wanted}`,
        `Content-Length: ${body.length}`,
        'Connection: close',
      ]
      socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
    })
  })

const pki = (name: string): Buffer => readFileSync(new URL(`../../pki/${name}`, import.meta.url))

/** A server whose certificate no client trusts. */
const untrustedServer = (): net.Server =>
  https.createServer({ cert: pki('self-signed.pem'), key: pki('self-signed.key') }, (_, response) => response.end('ok'))

const listen = async (server: net.Server, port: number): Promise<number> => {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  // The cast: a server that listens on a port has an address with one.
  return (server.address() as AddressInfo).port
}

/** Ports that the Fetch standard blocks and that need no privilege. */
const BLOCKED = [10_080, 6697, 6679, 6669, 6668, 6667, 6666, 6665, 6566, 5061, 5060, 4190]

const listenOnBlocked = async (make: () => Server): Promise<readonly [Server, number]> => {
  for (const port of BLOCKED) {
    const server = make()
    try {
      return [server, await listen(server, port)]
    } catch {
      server.close()
    }
  }
  throw new Error('All blocked ports are in use')
}

export interface Servers {
  readonly origins: Origins
  /** Serves a page from another origin than `echo`. */
  readonly page: string
  /** The targets of requests whose connection ended before their response. */
  readonly abandoned: ReadonlyArray<string>
  readonly close: () => Promise<void>
}

export const openServers = async (): Promise<Servers> => {
  const counts = new Map<string, number>()
  const abandoned: string[] = []
  const make = (): Server =>
    createServer((request, response) => {
      answer(request, response, counts, abandoned).catch(() => response.destroy())
    })
  const sockets = new Set<net.Socket>()
  const track = (server: net.Server): net.Server =>
    server.on('connection', (socket: net.Socket) => {
      sockets.add(socket)
      socket.on('error', () => {}) // a client may reset the connection
      socket.on('close', () => sockets.delete(socket))
    })
  const echo = make()
  const page = make()
  const methods = methodServer()
  const untrusted = untrustedServer()
  const free = net.createServer()
  const ports = await Promise.all([echo, page, methods, untrusted].map((server) => listen(track(server), 0)))
  const [blocked, blockedPort] = await listenOnBlocked(make)
  track(blocked)
  const closedPort = await listen(free, 0)
  await new Promise((resolve) => free.close(resolve))
  const [echoPort, pagePort, methodPort, untrustedPort] = ports
  return {
    origins: {
      echo: `http://127.0.0.1:${echoPort}`,
      methods: `http://127.0.0.1:${methodPort}`,
      blocked: `http://127.0.0.1:${blockedPort}`,
      closed: `http://127.0.0.1:${closedPort}`,
      untrusted: `https://127.0.0.1:${untrustedPort}`,
    },
    page: `http://127.0.0.1:${pagePort}/page`,
    abandoned,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await Promise.all(
        [echo, page, methods, untrusted, blocked].map((server) => new Promise((resolve) => server.close(resolve))),
      )
    },
  }
}

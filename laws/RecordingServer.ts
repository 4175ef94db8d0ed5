/**
 * A server that writes down what arrives and answers as it is told: where a transport is tried.
 *
 * A `Stand` opens one, with the transport that is to be tried in front of it: `network` on a loopback socket, for what
 * sends bytes; `pure` behind a function, for what takes a `Server`.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../src/values/Headers.js'
import { type Plan, wire } from '../src/wire/Plan.js'
import { type Answer, head, type Server } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'
import { settle } from './TaskOutcome.js'

/** One request as it came. */
export interface Arrived {
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** Absent where the request stopped before its end. */
  readonly body: O.Option<Uint8Array>
}

/**
 * What happens to a request: an answer; silence; a connection that ends before the head, or within it; something
 * that is not HTTP; a body that stops short of its length; a body without an end.
 */
export type Behaviour = Answer | 'Silence' | 'HangUp' | 'HalfHead' | 'Garbage' | 'Cut' | 'Endless'

/** What happens to the n-th request, from 0. */
export type Behave = (n: number) => Behaviour

export interface Scene {
  readonly transport: Transport
  readonly origin: string
  readonly arrived: () => ReadonlyArray<Arrived>
  /** Connections that are open at the server. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

export type Stand = (behave: Behave) => Promise<Scene>

// --- over a socket ---------------------------------------------------------------------------------------------------

const pairsOf = (raw: ReadonlyArray<string>): ReadonlyArray<readonly [string, string]> =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []))

const drip = (response: ServerResponse): void => {
  const chunk = Buffer.alloc(16_384, 'e')
  const pour = (): void => {
    let hasRoom = !response.destroyed
    while (hasRoom) hasRoom = response.write(chunk) && !response.destroyed
  }
  response.on('drain', pour)
  pour()
}

const CUT = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten octets'

const act = (behaviour: Behaviour, { socket }: IncomingMessage, response: ServerResponse): void => {
  if (typeof behaviour !== 'string') give(behaviour, response)
  else if (behaviour === 'HangUp') socket.destroy()
  else if (behaviour === 'HalfHead') socket.end('HTTP/1.1 200 OK\r\nX-A: ')
  else if (behaviour === 'Garbage') socket.end('I do not speak HTTP\r\n\r\n')
  else if (behaviour === 'Cut') socket.end(CUT)
  else if (behaviour === 'Endless') drip(response.writeHead(200))
}

const give = (answer: Answer, response: ServerResponse): void => {
  const { status, reason, headers } = head(answer)
  response.sendDate = false
  response.writeHead(status, reason, Headers.reveal(headers).flat())
  response.end(answer.body)
}

const bodyOf = async (request: IncomingMessage): Promise<O.Option<Uint8Array>> => {
  const chunks: Uint8Array[] = []
  try {
    for await (const chunk of request) chunks.push(chunk)
    return O.some(Buffer.concat(chunks))
  } catch {
    return O.none
  }
}

/** For a transport that sends bytes. Nothing leaves the loopback interface. */
export const network =
  (make: () => Transport): Stand =>
  async (behave) => {
    const arrived: Arrived[] = []
    const sockets = new Set<Socket>()
    const server = createServer(async (request, response) => {
      const n = arrived.length
      const { method = '', url: target = '', rawHeaders } = request
      const headers = pairsOf(rawHeaders)
      arrived.push({ method, target, headers, body: O.none })
      const body = await bodyOf(request)
      arrived[n] = { method, target, headers, body }
      if (O.isSome(body)) act(behave(n), request, response)
    })
    server.keepAliveTimeout = 60_000
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => {}) // what the other side does to its connection is what is being watched
      socket.on('close', () => sockets.delete(socket))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    // The cast: a server that listens on a port has an address with one.
    const { port } = server.address() as AddressInfo
    return {
      transport: make(),
      origin: `http://127.0.0.1:${port}`,
      arrived: () => arrived,
      connections: () => sockets.size,
      close: async () => {
        for (const socket of sockets) socket.destroy()
        await new Promise<void>((resolve) => server.close(() => resolve()))
      },
    }
  }

// --- behind a function -----------------------------------------------------------------------------------------------

const arrivedOf = (plan: Plan): Arrived => {
  const { method, headers, body } = wire(plan)
  return { method, target: `${plan.url.pathname}${plan.url.search}`, headers, body }
}

/** For a transport that takes a pure server. What is no answer is a server that throws. */
export const pure =
  (make: (server: Server) => Transport): Stand =>
  async (behave) => {
    const arrived: Arrived[] = []
    const server: Server = (plan) => {
      arrived.push(arrivedOf(plan))
      const behaviour = behave(arrived.length - 1)
      if (typeof behaviour === 'string') throw new Error(`the server fails: ${behaviour}`)
      return behaviour
    }
    return {
      transport: make(server),
      origin: 'http://witness.test',
      arrived: () => arrived,
      connections: () => 0,
      close: async () => {},
    }
  }

/** Opens a stand for as long as it is used, and closes transport and server on every path. */
export const on =
  (stand: Stand, behave: Behave, patience: number) =>
  async <A>(use: (scene: Scene) => Promise<A>): Promise<A> => {
    const scene = await stand(behave)
    try {
      return await use(scene)
    } finally {
      await settle(async () => scene.transport.close?.(), patience)
      await scene.close()
    }
  }

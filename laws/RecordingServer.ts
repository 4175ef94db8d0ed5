/**
 * A server for tests of transports: it records each request, and behaves as the test specifies.
 *
 * A `TestBed` opens a server together with the transport under test. `network` listens on a loopback socket, for
 * transports that send bytes. `pure` is a function, for transports that take a `Server`.
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

/** One request, as the server received it. */
export interface Arrived {
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  /** None if the request ended too early. */
  readonly body: O.Option<Uint8Array>
}

/**
 * How the server reacts to a request.
 *
 * | behaviour   | the server                                                  |
 * |-------------|-------------------------------------------------------------|
 * | an `Answer` | sends it                                                    |
 * | `Silence`   | sends nothing                                               |
 * | `HangUp`    | closes the connection                                       |
 * | `HalfHead`  | closes it after half of a head                              |
 * | `Garbage`   | sends bytes that are not HTTP                               |
 * | `Cut`       | sends fewer octets than the Content-Length                  |
 * | `Endless`   | sends a body without an end                                 |
 */
export type Behaviour = Answer | 'Silence' | 'HangUp' | 'HalfHead' | 'Garbage' | 'Cut' | 'Endless'

/** The behaviour for the n-th request, counted from 0. */
export type Behave = (n: number) => Behaviour

/** A transport, and the server that it talks to. */
export interface Scene {
  readonly transport: Transport
  readonly origin: string
  readonly arrived: () => ReadonlyArray<Arrived>
  /** The number of connections that are open at the server. */
  readonly connections: () => number
  readonly close: () => Promise<void>
}

/** Starts a server that behaves as given, and a transport for it. */
export type TestBed = (behave: Behave) => Promise<Scene>

// --- over a socket ---------------------------------------------------------------------------------------------------

const pairsOf = (raw: ReadonlyArray<string>): ReadonlyArray<readonly [string, string]> =>
  raw.flatMap((name, i) => (i % 2 === 0 ? [[name, raw[i + 1] ?? ''] as const] : []))

const sendEndlessly = (response: ServerResponse): void => {
  const chunk = Buffer.alloc(16_384, 'e')
  const fill = (): void => {
    let isWritable = !response.destroyed
    while (isWritable) isWritable = response.write(chunk) && !response.destroyed
  }
  response.on('drain', fill)
  fill()
}

const CUT = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten octets'

const react = (behaviour: Behaviour, { socket }: IncomingMessage, response: ServerResponse): void => {
  if (typeof behaviour !== 'string') sendAnswer(behaviour, response)
  else if (behaviour === 'HangUp') socket.destroy()
  else if (behaviour === 'HalfHead') socket.end('HTTP/1.1 200 OK\r\nX-A: ')
  else if (behaviour === 'Garbage') socket.end('I do not speak HTTP\r\n\r\n')
  else if (behaviour === 'Cut') socket.end(CUT)
  else if (behaviour === 'Endless') sendEndlessly(response.writeHead(200))
}

const sendAnswer = (answer: Answer, response: ServerResponse): void => {
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

/** A test bed for transports that send bytes, on the loopback interface. */
export const network =
  (make: () => Transport): TestBed =>
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
      if (O.isSome(body)) react(behave(n), request, response)
    })
    server.keepAliveTimeout = 60_000
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => {}) // the transport under test may reset the connection
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

// --- as a function ---------------------------------------------------------------------------------------------------

const arrivedOf = (plan: Plan): Arrived => {
  const { method, headers, body } = wire(plan)
  return { method, target: `${plan.url.pathname}${plan.url.search}`, headers, body }
}

/** A test bed for transports that take a pure server. The server throws for each behaviour that is not an answer. */
export const pure =
  (make: (server: Server) => Transport): TestBed =>
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
      origin: 'http://recording.test',
      arrived: () => arrived,
      connections: () => 0,
      close: async () => {},
    }
  }

/** Opens a test bed, passes its scene to `use`, and always closes transport and server. */
export const on =
  (bed: TestBed, behave: Behave, patience: number) =>
  async <A>(use: (scene: Scene) => Promise<A>): Promise<A> => {
    const scene = await bed(behave)
    try {
      return await use(scene)
    } finally {
      await settle(async () => scene.transport.close?.(), patience)
      await scene.close()
    }
  }

/** @deprecated Use `TestBed`. */
export type Stand = TestBed

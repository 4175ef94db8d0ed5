/** A server that reads one request from each connection, records its octets, and sends an empty response. */
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** A request as received. Header values are octets. */
export interface Heard {
  readonly method: string
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array
  /** The subject of the client certificate, if there is one. */
  readonly client: string | undefined
}

export interface Echo {
  readonly port: number
  readonly heard: ReadonlyArray<Heard>
  readonly close: () => Promise<void>
}

const unchunked = (content: Buffer): Buffer | undefined => {
  const pieces: Buffer[] = []
  for (let at = 0; ; ) {
    const end = content.indexOf('\r\n', at)
    if (end < 0) return undefined
    const size = Number.parseInt(content.toString('latin1', at, end), 16)
    if (content.length < end + 2 + size + 2) return undefined
    if (size === 0) return Buffer.concat(pieces)
    pieces.push(content.subarray(end + 2, end + 2 + size))
    at = end + 2 + size + 2
  }
}

/** Parses the received bytes; `undefined` until the request is complete. */
const read = (arrived: Buffer, client: string | undefined): Heard | undefined => {
  const end = arrived.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = arrived.toString('latin1', 0, end).split('\r\n')
  const [method = '', target = ''] = first.split(' ')
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.replace(/^[^:]*: ?/, '')] as const)
  const of = (name: string): string | undefined => headers.find(([other]) => other.toLowerCase() === name)?.[1]
  const rest = arrived.subarray(end + 4)
  const isChunked = of('transfer-encoding')?.toLowerCase() === 'chunked'
  const size = Number(of('content-length') ?? 0)
  const body = isChunked ? unchunked(rest) : rest.length >= size ? rest.subarray(0, size) : undefined
  return body === undefined ? undefined : { method, target, headers, body, client }
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })

const serve =
  (heard: Heard[], clientOf: (socket: Socket) => string | undefined) =>
  (socket: Socket): void => {
    let arrived = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      arrived = Buffer.concat([arrived, chunk])
      const request = read(arrived, clientOf(socket))
      if (request === undefined) return
      heard.push(request)
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    })
  }

const opened = async (server: Server, heard: ReadonlyArray<Heard>): Promise<Echo> => ({
  port: await listen(server),
  heard,
  close: () => new Promise((resolve) => server.close(() => resolve())),
})

export const echo = (): Promise<Echo> => {
  const heard: Heard[] = []
  return opened(createServer(serve(heard, () => undefined)), heard)
}

export const tlsEcho = (options: TlsOptions): Promise<Echo> => {
  const heard: Heard[] = []
  const server = createTlsServer(options)
  server.on('secureConnection', (socket) => serve(heard, () => String(socket.getPeerCertificate().subject?.CN))(socket))
  server.on('tlsClientError', () => {})
  return opened(server, heard)
}

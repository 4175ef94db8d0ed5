/** A SOCKS server that records its requests: versions 4, 4a and 5, with a user name or with user and password. */
import * as net from 'node:net'
import type { RecordingProxy } from './servers.js'
import { accept } from './servers.js'

/** Returns a function that reads a number of bytes from a socket. */
const reader = (socket: net.Socket): ((count: number) => Promise<Buffer>) => {
  let received = Buffer.alloc(0)
  let wake: (() => void) | undefined
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    wake?.()
  })
  return async (count) => {
    while (received.length < count) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    const bytes = received.subarray(0, count)
    received = received.subarray(count)
    return bytes
  }
}

type Read = ReturnType<typeof reader>

const one = async (read: Read): Promise<number> => (await read(1))[0] ?? 0
const word = async (read: Read): Promise<number> => (await read(2)).readUInt16BE()
const counted = async (read: Read): Promise<string> => (await read(await one(read))).toString('latin1')
const terminated = async (read: Read): Promise<string> => {
  let text = ''
  for (let byte = await one(read); byte !== 0; byte = await one(read)) text += String.fromCharCode(byte)
  return text
}

interface ConnectRequest {
  /** The request for the record. */
  readonly line: string
  readonly host: string
  readonly port: number
}

const version4 = async (read: Read): Promise<ConnectRequest> => {
  await one(read)
  const port = await word(read)
  const address = [...(await read(4))]
  const user = await terminated(read)
  const isName = address.slice(0, 3).every((byte) => byte === 0)
  const host = isName ? await terminated(read) : address.join('.')
  return { line: `${isName ? '4a' : '4'} ${host}:${port} user=${user}`, host, port }
}

const address5 = async (read: Read): Promise<string> => {
  const kind = await one(read)
  if (kind === 1) return [...(await read(4))].join('.')
  if (kind === 3) return `name:${await counted(read)}`
  const groups = await read(16)
  return Array.from({ length: 8 }, (_, i) => groups.readUInt16BE(2 * i).toString(16)).join(':')
}

const version5 = async (read: Read, socket: net.Socket, credentials?: string): Promise<ConnectRequest | undefined> => {
  const methods = await read(await one(read))
  const method = credentials === undefined ? 0 : 2
  if (!methods.includes(method)) {
    socket.end(Buffer.from([5, 255]))
    return undefined
  }
  socket.write(Buffer.from([5, method]))
  let login = ''
  if (method === 2) {
    await one(read)
    login = `${await counted(read)}:${await counted(read)}`
    socket.write(Buffer.from([1, login === credentials ? 0 : 1]))
    if (login !== credentials) return undefined
  }
  await read(3)
  const address = await address5(read)
  const port = await word(read)
  return { line: `5 ${address}:${port} login=${login}`, host: address.replace('name:', ''), port }
}

/** Starts a SOCKS server. With `refuse`, it responds with this code instead of opening a tunnel. */
export const socks = async (
  options: { readonly credentials?: string; readonly refuse?: number } = {},
): Promise<RecordingProxy> => {
  const requests: string[] = []
  const serve = async (socket: net.Socket): Promise<void> => {
    const read = reader(socket)
    const version = await one(read)
    const request = version === 4 ? await version4(read) : await version5(read, socket, options.credentials)
    if (request === undefined) return
    requests.push(request.line)
    const answer = (code: number): Buffer =>
      version === 4 ? Buffer.from([0, code, 0, 0, 0, 0, 0, 0]) : Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0])
    if (options.refuse !== undefined) {
      socket.end(answer(options.refuse))
      return
    }
    const onward = net.connect(request.port, request.host === 'there.test' ? '127.0.0.1' : request.host, () => {
      socket.write(answer(version === 4 ? 0x5a : 0))
      socket.pipe(onward).pipe(socket)
    })
    onward.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => onward.destroy())
  }
  const listening = await accept((socket) => void serve(socket))
  return { ...listening, url: listening.host, requests }
}

/**
 * Waits on this machine for the browser that comes back from a login (RFC 8252 7.3).
 *
 * | redirect URI                     | listens on                                        | is sent as                      |
 * |----------------------------------|---------------------------------------------------|---------------------------------|
 * | `http://127.0.0.1/callback`      | any free port of 127.0.0.1                        | `http://127.0.0.1:port/callback` |
 * | `http://[::1]/callback`          | any free port of ::1                              | `http://[::1]:port/callback`    |
 * | `http://localhost/callback`      | any free port of 127.0.0.1                        | `http://localhost:port/callback` |
 * | the same with a port             | this port                                         | exactly as given                |
 *
 * | request                          | answer                                                                              |
 * |----------------------------------|-------------------------------------------------------------------------------------|
 * | another path                     | 404                                                                                 |
 * | another method than GET          | 405                                                                                 |
 * | a callback of another login      | 400, and the wait goes on                                                           |
 * | the callback                     | 200 with a short text, and the wait is over                                         |
 *
 * No answer repeats anything of its request.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { addressOf } from './LoopbackCallback.js'
 *
 * const address = addressOf('http://127.0.0.1/callback')
 * assert.equal(E.isRight(address) && address.right.withPort(8400), 'http://127.0.0.1:8400/callback')
 * assert.equal(E.isLeft(addressOf('http://other.test/callback')), true)
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import * as E from 'fp-ts/lib/Either.js'
import { messageOf } from '../values/Printable.js'

/** Where a redirect URI leads to on this machine. */
export interface Address {
  readonly host: '127.0.0.1' | '::1'
  /** 0 for any free port. */
  readonly port: number
  /** The path of the callback, as a browser sends it. */
  readonly path: string
  /** The redirect URI with the port of the listener. */
  readonly withPort: (port: number) => string
}

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::(\d{1,5}))?(?=[/?]|$)([\x21-\x7e]*)$/i

/** Returns the address of a redirect URI. The left says what is wrong. */
export const addressOf = (redirectUri: string): E.Either<string, Address> => {
  const [, name = '', port = '', rest = ''] = LOOPBACK.exec(redirectUri) ?? []
  if (name === '' || !URL.canParse(redirectUri)) {
    return E.left('redirectUri must be an http URL of 127.0.0.1, [::1] or localhost, because the command listens there')
  }
  if (rest.includes('?') || rest.includes('#')) return E.left('redirectUri must not contain a query or a fragment')
  if (port !== '' && Number(port) === 0) {
    return E.left('redirectUri must not have the port 0: omit the port to listen on any free one')
  }
  return E.right({
    host: name === '[::1]' ? '::1' : '127.0.0.1',
    port: Number(port),
    path: new URL(redirectUri).pathname,
    withPort: (actual) => (port === '' ? `http://${name}:${actual}${rest}` : redirectUri),
  })
}

/** What the program makes of a callback. `Foreign`: it belongs to another login. `Refused`: the user or the server refused. */
export type Verdict = 'Accepted' | 'Refused' | 'Foreign'

/** A server that waits for one callback. */
export interface Listener {
  /** What the login sends as its redirect URI. */
  readonly redirectUri: string
  /** Resolves with the path and query of the callback, or with `undefined` when the signal aborts. Called once. */
  readonly receive: (judge: (target: string) => Verdict, signal: AbortSignal | undefined) => Promise<string | undefined>
  /** Closes the server and all of its connections. */
  readonly close: () => Promise<void>
}

const HEADERS = {
  'Content-Type': 'text/plain; charset=utf-8',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
}

const PAGES: Readonly<Record<Verdict, readonly [status: number, text: string]>> = {
  Accepted: [200, 'You have logged in. You can close this window.'],
  Refused: [200, 'The login was refused. You can close this window; the terminal shows the reason.'],
  Foreign: [400, 'This is not the login that the command waits for. Open the page that the terminal shows.'],
}

/** Resolves when the answer was passed to the system, or the browser has gone. */
const answer = (response: ServerResponse, status: number, text: string): Promise<void> =>
  new Promise((resolve) => {
    response.on('close', resolve)
    response.writeHead(status, { ...HEADERS, ...(status === 405 ? { Allow: 'GET' } : {}) }).end(`${text}\n`, resolve)
  })

const receiveFrom =
  (server: Server, path: string): Listener['receive'] =>
  (judge, signal) =>
    new Promise((resolve) => {
      let isOver = false
      const end = (target: string | undefined): void => {
        isOver = true
        signal?.removeEventListener('abort', abort)
        resolve(target)
      }
      const abort = (): void => end(undefined)
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      server.on('request', ({ method, url: target = '' }: IncomingMessage, response: ServerResponse) => {
        if (isOver || target.split('?', 1)[0] !== path) return void answer(response, 404, 'Not found')
        if (method !== 'GET') return void answer(response, 405, 'Only GET is allowed')
        const verdict = judge(target)
        if (verdict === 'Foreign') return void answer(response, ...PAGES.Foreign)
        // Later requests are not callbacks, also while this answer is written.
        isOver = true
        answer(response, ...PAGES[verdict]).then(() => end(target))
      })
    })

const closing = (server: Server) => (): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** Starts to listen at an address. The left says why it cannot. */
export const listen = ({ host, port, path, withPort }: Address): Promise<E.Either<string, Listener>> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (cause) => resolve(E.left(messageOf(cause))))
    server.listen(port, host, () => {
      const address = server.address()
      const actual = typeof address === 'object' && address !== null ? address.port : port
      resolve(E.right({ redirectUri: withPort(actual), receive: receiveFrom(server, path), close: closing(server) }))
    })
  })

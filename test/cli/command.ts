/** Runs the built command as a child process or the source in this process, against a local server. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Clock, Environment } from 'requests-ts'
import { vi } from 'vitest'
import { main } from '../../src/cli/Main.js'
import type { Sink } from '../../src/cli/Terminal.js'

// Starting a process can take seconds while other test files run.
vi.setConfig({ testTimeout: 120_000 })

const COMMAND = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** Hides the proxy, netrc and CA settings of the machine. */
const ENVIRONMENT = { PATH: process.env['PATH'], HOME: '/nonexistent', NETRC: '' }

export const start = (
  words: ReadonlyArray<string>,
  variables: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [COMMAND, ...words], { env: { ...ENVIRONMENT, ...variables } })

export interface Finished {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

/** Resolves with the output and exit code of a child process. */
export const finished = (child: ChildProcessWithoutNullStreams, input: string | Uint8Array = ''): Promise<Finished> =>
  new Promise((resolve, reject) => {
    const output: Record<'out' | 'err', Buffer[]> = { out: [], err: [] }
    child.stdout.on('data', (chunk: Buffer) => output.out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.err.push(chunk))
    child.stdin.on('error', () => {}) // the command may exit before it reads its input
    child.stdin.end(input)
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ out: Buffer.concat(output.out).toString(), err: Buffer.concat(output.err).toString(), code }),
    )
  })

export const run = (...words: ReadonlyArray<string>): Promise<Finished> => finished(start(words))

const sinkTo = (pieces: Uint8Array[]): Sink => ({
  isTTY: false,
  columns: 80,
  write: async (content) => {
    pieces.push(Buffer.from(content))
    return { _tag: 'Written' }
  },
})

/** Does the same as `run` in this process, which is faster. */
export const call = async (...words: ReadonlyArray<string>): Promise<Finished> => {
  const output: Readonly<Record<'out' | 'err', Uint8Array[]>> = { out: [], err: [] }
  const code = await main({
    out: sinkTo(output.out),
    err: sinkTo(output.err),
    input: async function* () {},
    NO_COLOR: undefined,
    variable: () => undefined,
    environment: () => Environment.empty,
    clock: Clock.system,
    signal: new AbortController().signal,
  })(words)
  return { out: Buffer.concat(output.out).toString(), err: Buffer.concat(output.err).toString(), code }
}

/** A request as the server received it. */
export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Served {
  readonly url: string
  readonly requests: Received[]
  /** Resolves when the next request to `/held` arrives, with a function that sends its response. */
  readonly held: Promise<() => void>
  readonly close: () => Promise<void>
}

type Responder = (response: ServerResponse, request: Received) => void

const RESPONDERS: Readonly<Record<string, Responder>> = {
  '/login': (response) =>
    response.writeHead(302, { location: '/home', 'set-cookie': 'sid=C4N4RY-cookie; Path=/; Max-Age=9999' }).end(),
  '/home': (response) => response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('welcome'),
  '/logout': (response) => response.writeHead(200, { 'set-cookie': 'sid=; Path=/; Max-Age=0' }).end(),
  '/name': (response, { url }) =>
    response.writeHead(200, { 'set-cookie': `${url.split('?')[1]}=1; Max-Age=9999` }).end(),
  '/bytes': (response) => response.end(Buffer.from([0, 255, 13, 10, 27])),
  '/missing': (response) => response.writeHead(404, { 'set-cookie': 'seen=1' }).end('no such page'),
  '/broken': (response) => response.writeHead(503).end(),
  '/loop': (response) => response.writeHead(302, { location: '/loop' }).end(),
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy())
  },
  '/endless': (response) => {
    response.writeHead(200, { 'content-type': 'text/plain' })
    response.write('first\n')
  },
  '/long': (response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('a'.repeat(65_536)));
    }
    response.on('drain', more)
    response.on('error', () => {})
    more()
  },
}

export const serve = (): Promise<Served> =>
  new Promise((resolve) => {
    const requests: Received[] = []
    let hold: (release: () => void) => void = () => {}
    let held: Promise<() => void>
    const renew = (): void => {
      held = new Promise((resolveHeld) => {
        hold = resolveHeld
      })
    }
    renew()
    const server = createServer((request, response) => {
      const pieces: Buffer[] = []
      request.on('data', (chunk: Buffer) => pieces.push(chunk))
      request.on('end', () => {
        const { method = '', url = '', headers } = request
        const received = { method, url, headers, body: Buffer.concat(pieces).toString('latin1') }
        requests.push(received)
        const respond = RESPONDERS[url.split('?')[0] ?? '']
        if (url === '/held') {
          hold(() => {
            renew()
            response.end('at last')
          })
        } else if (respond === undefined) response.end()
        else respond(response, received)
      })
    })
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      resolve({
        url: `http://127.0.0.1:${port}`,
        requests,
        get held() {
          return held
        },
        close: async () => {
          server.closeAllConnections()
          await new Promise((done) => server.close(done))
        },
      })
    })
  })

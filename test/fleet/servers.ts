/** Redis and PostgreSQL on free ports of 127.0.0.1, which a test can kill and start again. Each has a folder of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A server of a test. */
export interface Server {
  readonly port: number
  /** Starts it again after `kill`. Ends when it accepts connections. */
  readonly start: () => Promise<void>
  /** Ends it at once, as a power failure does. */
  readonly kill: () => Promise<void>
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

const folder = (): string => mkdtempSync(join(process.env['FLEET_DIR'] ?? tmpdir(), 'server-'))

/** The user that PostgreSQL runs as: it refuses root. */
const postgresUser = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const idOf = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: idOf('-u'), gid: idOf('-g') }
}

/** Starts a server, and waits at most 15 seconds until `isUp`. */
const make = async (
  port: number,
  run: () => ChildProcess,
  isUp: () => Promise<boolean>,
  signal: NodeJS.Signals,
): Promise<Server> => {
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = run()
    for (let i = 0; i < 300; i += 1) {
      if (await isUp()) return
      if (child.exitCode !== null) break
      await delay(50)
    }
    throw new Error(`the server on port ${port} did not start`)
  }
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  await start()
  return { port, start, kill }
}

/** Starts Redis. It keeps nothing on the disk: a start after `kill` is a failover that has lost the data. */
export const startRedis = async (): Promise<Server> => {
  const [port, dir] = [await freePort(), folder()]
  const flags = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir].map(String)
  return make(
    port,
    () => spawn('redis-server', flags, { stdio: 'ignore' }),
    () => accepts(port),
    'SIGKILL',
  )
}

const binaries = (): string => {
  const base = '/usr/lib/postgresql'
  const [newest] = readdirSync(base).sort((x, y) => Number(y) - Number(x))
  return join(base, newest ?? '', 'bin')
}

/** Starts PostgreSQL, with the user `postgres` and no password. A start after `kill` has all that was committed. */
export const startPostgres = async (): Promise<Server> => {
  const [port, data, bin, user] = [await freePort(), join(folder(), 'data'), binaries(), postgresUser()]
  mkdirSync(data, { mode: 0o700 })
  if (user !== undefined) {
    chownSync(data, user.uid, user.gid)
    chownSync(join(data, '..'), user.uid, user.gid)
  }
  const options = { stdio: 'ignore' as const, cwd: '/', ...user }
  execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-N'], options)
  const flags = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-k', data]
  return make(
    port,
    () => spawn(join(bin, 'postgres'), flags, options),
    async () => {
      try {
        execFileSync(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'], options)
        return true
      } catch {
        return false
      }
    },
    // Its processes share memory, which a SIGKILL of the first one would leave behind. This is an immediate shutdown.
    'SIGQUIT',
  )
}

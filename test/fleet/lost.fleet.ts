/** Workers that share a jar and are killed at random: no cookie is lost that was saved. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { Jar, JarStore, Secret } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBoth } from './bothServers.js'
import { connect } from './connections.js'

const WORKERS = 4
/** `FLEET_ROUNDS=200` is the figure of the documentation; fewer visits are enough for each change. */
const ROUNDS = Number(process.env['FLEET_ROUNDS'] ?? 60)
const KILLS = 12

const program = fileURLToPath(new URL('../../.cache/tools/fleet/visitor.js', import.meta.url))

const site = createServer((request, response) => {
  const { searchParams } = new URL(request.url ?? '/', 'http://h')
  const cookies = [
    `${searchParams.get('name')}=${searchParams.get('n')}; Path=/`,
    `seen=${searchParams.get('n')}; Path=/`,
  ]
  response.writeHead(200, { 'set-cookie': cookies }).end('ok')
})

const servers = startBoth()
beforeAll(async () => {
  await once(site.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  site.closeAllConnections()
  site.close()
})

const siteUrl = (): string => {
  const address = site.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`
}

interface Fleet {
  readonly killed: number
  readonly failures: ReadonlyArray<string>
}

/** Runs the workers to their end. A worker that is killed is replaced by another one. */
const runFleet = async (kind: string, place: string, folder: string): Promise<Fleet> => {
  const live = new Set<ChildProcess>()
  const failures: string[] = []
  let killed = 0
  const work = async (worker: string): Promise<void> => {
    for (let generation = 0; generation <= KILLS; generation += 1) {
      const name = `${worker}g${generation}`
      const log = join(folder, `${name}.log`)
      const child = spawn(process.execPath, [program, kind, place, siteUrl(), name, String(ROUNDS), log])
      child.stdout.once('data', () => live.add(child))
      let errors = ''
      child.stderr.on('data', (chunk) => {
        errors += String(chunk)
      })
      const [code] = await once(child, 'exit')
      live.delete(child)
      if (code === 0) return
      if (code !== null) failures.push(errors)
    }
  }
  const killer = setInterval(() => {
    const [victim] = [...live].sort(() => Math.random() - 0.5)
    if (killed >= KILLS || victim === undefined) return
    killed += 1
    live.delete(victim)
    victim.kill('SIGKILL')
  }, 150)
  await Promise.all(Array.from({ length: WORKERS }, (_, i) => work(`w${i}`))).finally(() => clearInterval(killer))
  return { killed, failures }
}

/** The last visit of each name whose cookie was saved. */
const acknowledged = (folder: string): ReadonlyMap<string, number> => {
  const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
  const last = new Map<string, number>()
  for (const [name = '', n = ''] of lines.filter((line) => line !== '').map((line) => line.split(' ')))
    last.set(name, Math.max(last.get(name) ?? 0, Number(n)))
  return last
}

const lostIn = (jar: Jar.Jar, last: ReadonlyMap<string, number>): ReadonlyArray<string> => {
  const held = new Map(Jar.current(jar).map(({ name, value }) => [name, Number(Secret.reveal(value))]))
  return [...last].filter(([name, n]) => (held.get(name) ?? 0) < n).map(([name]) => name)
}

const newFolder = (): string => mkdtempSync(join(process.env['FLEET_DIR'] ?? tmpdir(), 'fleet-'))

describe('workers that are killed lose no cookie that was saved', () => {
  it.each(['file', 'redis', 'postgres'])('in a store with %s', async (kind) => {
    const path = join(newFolder(), 'jar.json')
    const place = { file: path, redis: String(servers.redis.port), postgres: String(servers.postgres.port) }[kind] ?? ''
    const folder = newFolder()
    const { killed, failures } = await runFleet(kind, place, folder)
    expect(failures).toEqual([])
    expect(killed).toBe(KILLS)

    const connection =
      kind === 'redis' ? await connect.redis(servers.redis.port) : await connect['pg.Pool'](servers.postgres.port)
    const store = kind === 'file' ? JarStore.file(path) : connection.store('shop')
    const loaded = await store.load().finally(connection.close)
    const last = acknowledged(folder)
    expect(last.size).toBeGreaterThan(WORKERS)
    expect(E.isRight(loaded) ? lostIn(loaded.right, last) : loaded.left).toEqual([])
  })
})

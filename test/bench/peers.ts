/**
 * Compares the library with other clients on one server: `npm run bench:peers [NAME...]`.
 *
 * Each client is one warm process for all rounds. A round measures this library and the other client directly after each
 * other, in alternating order. The figure is the ratio of the CPU time of a GET with a small JSON body, other client to
 * this library: the median of the rounds with an interval. Below 1 the other client is cheaper. A second process of this
 * library is the control. Clients are installed in .cache/peers; Python's is Debian's python3-requests.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Server from './server.js'
import { type Estimate, median, ratio } from './statistics.js'
import { interval } from './table.js'

/** The newest versions that run on Node 20. */
const VERSIONS: Readonly<Record<string, string>> = {
  got: '^14.6.6',
  axios: '^1.21.1',
  ky: '^1.14.3',
  'node-fetch': '^3.3.2',
  superagent: '^10.4.2',
}
const OURS = 'requests-ts'
const CONTROL = `${OURS} again`
const PYTHON = 'Python requests'
const NAMES = [CONTROL, 'superagent', 'node-fetch', 'axios', 'got', 'ky', 'fetch', PYTHON] as const

const ROUNDS = 15
const CONCURRENCIES = [1, 64] as const
/** Long compared with the resolution of the CPU clock, short compared with changes of the machine's load. */
const BLOCK_US = 120_000

const peers = join(process.cwd(), '.cache', 'peers')

const install = (): void => {
  mkdirSync(peers, { recursive: true })
  const manifest = join(peers, 'package.json')
  const wanted = JSON.stringify({ private: true, dependencies: VERSIONS })
  if (existsSync(join(peers, 'node_modules')) && readFileSync(manifest, 'utf8') === wanted) return
  writeFileSync(manifest, wanted)
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock'], { cwd: peers, stdio: 'inherit' })
}

/** Prefers Debian's Python over another one in the PATH. */
const python = (): string | undefined =>
  ['/usr/bin/python3', 'python3'].find((command) => {
    try {
      execFileSync(command, ['-c', 'import requests'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })

interface Worker {
  readonly cost: (concurrency: number, times: number) => Promise<number>
  readonly stop: () => void
}

const Answer = t.type({ cpu: t.number })

const worker = (name: string, child: ChildProcess): Worker => {
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error(`${name} has no pipes`)
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return {
    cost: async (concurrency, times) => {
      stdin.write(`${JSON.stringify({ concurrency, times })}\n`)
      const { value } = await lines.next()
      const answer = Answer.decode(JSON.parse(value ?? 'null'))
      if (E.isLeft(answer)) throw new Error(`${name} ended without an answer`)
      return answer.right.cpu
    },
    stop: () => child.kill(),
  }
}

const start = (name: string, url: string): Worker | undefined => {
  const stdio = ['pipe', 'pipe', 'inherit'] as const
  const sibling = (file: string): string => fileURLToPath(new URL(file, import.meta.url))
  if (name !== PYTHON) {
    const client = name === CONTROL ? OURS : name
    return worker(name, spawn(process.execPath, [sibling('clients.js'), client, url], { stdio: [...stdio] }))
  }
  const command = python()
  // The build copies only TypeScript, so the Python program is run from the source folder.
  const program = join(process.cwd(), 'test', 'bench', 'python_requests.py')
  return command === undefined ? undefined : worker(name, spawn(command, [program, url], { stdio: [...stdio] }))
}

/** Warms a client up, and returns the number of requests in a block. */
const blockOf = async ({ cost }: Worker, concurrency: number): Promise<number> => {
  await cost(concurrency, 500)
  await cost(concurrency, 2000)
  const each = await cost(concurrency, 500)
  return Math.max(concurrency * 4, Math.ceil(BLOCK_US / each))
}

interface Compared extends Estimate {
  readonly base: number
  readonly candidate: number
}

const compare = async (ours: Worker, peer: Worker, concurrency: number): Promise<Compared> => {
  const [mine, theirs] = [await blockOf(ours, concurrency), await blockOf(peer, concurrency)]
  const bases: number[] = []
  const candidates: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const measureOurs = async (): Promise<unknown> => bases.push(await ours.cost(concurrency, mine))
    const measureTheirs = async (): Promise<unknown> => candidates.push(await peer.cost(concurrency, theirs))
    const turn = [measureOurs, measureTheirs]
    for (const measure of round % 2 === 0 ? turn : turn.reverse()) await measure()
  }
  return { ...ratio(bases, candidates), base: median(bases), candidate: median(candidates) }
}

const versionOf = (name: string): string => {
  if (name === PYTHON)
    return String(execFileSync(python() ?? '', ['-c', 'import requests; print(requests.__version__)'])).trim()
  if (name === 'fetch') return `Node ${process.versions.node}`
  const path = join(peers, 'node_modules', name, 'package.json')
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).version : ''
}

const cell = (compared: Compared): string =>
  `${compared.median.toFixed(2)} ${interval(compared)}`.padEnd(22) +
  `${compared.candidate.toFixed(0)} / ${compared.base.toFixed(0)} us`.padEnd(16)

const wanted = process.argv.slice(2)
const names = NAMES.filter((name) => name === CONTROL || wanted.length === 0 || wanted.includes(name))

install()
const server = await Server.start()
const url = `${server.url}/json`
const ours = start(OURS, url)
try {
  console.log('CPU of a GET, peer / ours'.padEnd(34) + CONCURRENCIES.map((n) => `${n} at once`.padEnd(38)).join(''))
  for (const name of names) {
    const peer = start(name, url)
    if (ours === undefined || peer === undefined) {
      console.log(`${name.padEnd(34)}SKIPPED: it is not installed`)
      continue
    }
    const cells: string[] = []
    for (const concurrency of CONCURRENCIES) cells.push(cell(await compare(ours, peer, concurrency)))
    console.log(`${name} ${versionOf(name)}`.padEnd(34) + cells.join(''))
    peer.stop()
  }
} finally {
  ours?.stop()
  server.stop()
}

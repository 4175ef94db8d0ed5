/**
 * Compares the library with other clients on one server: `npm run bench:peers [-- NAME...]`. Without names it compares
 * all, and writes the tables in README.md and test/bench/README.md.
 *
 * The figure is the ratio of the CPU time of a GET with a small JSON body, other client to this library: above 1 the other
 * client is more expensive. Each client is a warm process; a second process of this library is the control.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { compare, type Measured } from './measure.js'
import * as Process from './peerProcess.js'
import * as Table from './peerTable.js'
import * as Server from './server.js'
import { interval } from './table.js'

/** The packages from npm. */
const PACKAGES: Readonly<Record<string, string>> = {
  got: '^15.1.0',
  axios: '^1.21.1',
  ky: '^2.1.0',
  'node-fetch': '^3.3.2',
  superagent: '^10.4.2',
  effect: '^3.22.4',
  '@effect/platform': '^0.96.1',
  '@effect/platform-node': '^0.107.0',
}

interface Client {
  readonly title: string
  readonly peer: Process.Peer
  /** The installed version; `undefined` if the client is not installed. */
  readonly version: () => string | undefined
}

const node = (name: string, title = name): Client => ({
  title,
  peer: { kind: 'node', name },
  version: () => Process.versionInNode(name),
})

const python = (name: string, title: string): Client => ({
  title,
  peer: { kind: 'python', name },
  version: () => Process.versionInPython(name),
})

const CLIENTS: ReadonlyArray<Client> = [
  { ...node('fetch'), version: () => '' },
  node('ky'),
  node('axios'),
  node('got'),
  node('node-fetch'),
  node('superagent'),
  node('effect', 'Effect'),
  python('requests', 'Python requests'),
  python('httpx', 'Python httpx'),
]

const CONCURRENCIES = [1, 64] as const
/** Long compared with the resolution of the CPU clock, short compared with changes of the machine's load. */
const BLOCK_US = 80_000
const WARM_UP = 6000

/** Warms a client up, and returns the number of requests in a block. */
const blockOf = async ({ cost }: Process.Worker, concurrency: number): Promise<number> => {
  const each = await cost(concurrency, 500)
  await cost(concurrency, Math.min(WARM_UP, Math.ceil(20 * (BLOCK_US / each))))
  return Math.max(concurrency * 4, Math.ceil(BLOCK_US / (await cost(concurrency, 500))))
}

interface Ours {
  readonly base: Process.Worker
  readonly again: Process.Worker
}

const compareWith = async ({ base, again }: Ours, peer: Process.Worker, concurrency: number): Promise<Measured> => {
  const [ours, theirs] = [await blockOf(base, concurrency), await blockOf(peer, concurrency)]
  await blockOf(again, concurrency)
  return compare({
    base: () => base.cost(concurrency, ours),
    again: () => again.cost(concurrency, ours),
    candidate: () => peer.cost(concurrency, theirs),
    rounds: 12,
    maxRepeats: 1,
    maxMs: 60_000,
  })
}

const show = ({ title, version, figures }: Table.Row): string => {
  const cells = figures.map(({ estimate, control, costs, repeats }) => {
    const both = `${costs?.candidate.toFixed(0)} / ${costs?.base.toFixed(0)} us`
    const quiet = `control ${control?.median.toFixed(2)}${repeats === 0 ? '' : ` repeated ${repeats}×`}`
    return `${estimate.median.toFixed(2)} ${interval(estimate)}`.padEnd(22) + both.padEnd(16) + quiet.padEnd(28)
  })
  return `${title} ${version}`.padEnd(24) + cells.join('')
}

/** Compares the clients that are installed, and prints each. */
const rowsOf = async (clients: ReadonlyArray<Client>, url: string): Promise<ReadonlyArray<Table.Row>> => {
  const rows: Table.Row[] = []
  const us: Process.Peer = { kind: 'node', name: 'requests-ts' }
  const ours = { base: Process.start(us, url), again: Process.start(us, url) }
  console.log('CPU of a GET, to ours'.padEnd(24) + CONCURRENCIES.map((n) => `${n} at once`.padEnd(66)).join(''))
  for (const { title, peer, version: versionOf } of clients) {
    const version = versionOf()
    if (version === undefined) {
      console.log(`${title.padEnd(24)}SKIPPED: it is not installed`)
      continue
    }
    const worker = Process.start(peer, url)
    const figures: Measured[] = []
    for (const concurrency of CONCURRENCIES) figures.push(await compareWith(ours, worker, concurrency))
    worker.stop()
    const row = { title, version, figures }
    rows.push(row)
    console.log(show(row))
  }
  ours.base.stop()
  ours.again.stop()
  return rows
}

const write = (rows: ReadonlyArray<Table.Row>): void => {
  const [processor, ...more] = cpus()
  const setting = {
    concurrencies: CONCURRENCIES,
    machine: `${more.length + 1} processors ${processor?.model.trim()}`,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
  }
  for (const [path, table] of [
    ['README.md', Table.summary],
    ['test/bench/README.md', Table.complete],
  ] as const) {
    writeFileSync(path, Table.replace(readFileSync(path, 'utf8'), table(rows, setting)))
  }
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => CLIENTS.every(({ peer }) => peer.name !== name))
if (unknown.length > 0) {
  console.error(
    `Unknown clients: ${unknown.join(', ')}. Use some of:\n${CLIENTS.map(({ peer }) => peer.name).join('\n')}`,
  )
  process.exit(2)
}
Process.install(PACKAGES)
Process.installPython(['requests', 'httpx'])
const server = await Server.start()
try {
  const chosen = CLIENTS.filter(({ peer }) => wanted.length === 0 || wanted.includes(peer.name))
  const rows = await rowsOf(chosen, `${server.url}/json`)
  if (wanted.length === 0) write(rows)
} finally {
  server.stop()
}

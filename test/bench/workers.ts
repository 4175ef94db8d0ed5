/** The time that eight workers with one jar take for their visits of a site, compared with eight that have a jar each. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { createClient } from 'redis'
import { Client, Environment, Http, HttpError, JarStore, Session } from 'requests-ts'
import { startRedis } from '../fleet/servers.js'
import { type Block, compare, type Measured } from './measure.js'

const WORKERS = 8
const VISITS = 20

/** The time of a reply. Real sites take longer, which would hide the cost of the store. */
const REPLY_MS = 20

const here = fileURLToPath(import.meta.url)

const site = () =>
  createServer((request, response) => {
    const name = new URL(request.url ?? '/', 'http://h').searchParams.get('name')
    setTimeout(() => response.writeHead(200, { 'set-cookie': `${name}=${Date.now()}; Path=/` }).end('ok'), REPLY_MS)
  })

/** Runs the visits of all workers at the same time, and returns the milliseconds that they take. */
const visits =
  (workers: ReadonlyArray<ChildProcess>): Block =>
  async () => {
    const start = performance.now()
    await Promise.all(
      workers.map((worker) => {
        worker.send('visit')
        return once(worker, 'message')
      }),
    )
    return performance.now() - start
  }

const startWorkers = async (url: string, port: string): Promise<ReadonlyArray<ChildProcess>> => {
  const workers = Array.from({ length: WORKERS }, (_, i) => fork(here, ['work', url, port, `w${i}`], { execArgv: [] }))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  return workers
}

/** Compares workers with a jar in Redis with workers that share nothing. */
export const onRedis = async (): Promise<Measured> => {
  const [redis, server] = [await startRedis(), site()]
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/`
  const [alone, sharing] = [await startWorkers(url, ''), await startWorkers(url, String(redis.port))]
  try {
    const [base, candidate] = [visits(alone), visits(sharing)]
    for (let i = 0; i < 3; i += 1) for (const block of [base, candidate]) await block()
    return await compare({ base, candidate, rounds: 6, unit: 'ms' })
  } finally {
    for (const worker of [...alone, ...sharing]) worker.kill()
    server.closeAllConnections()
    server.close()
    await redis.kill()
  }
}

// --- a worker ----------------------------------------------------------------------------------------------------------

const openClient = async (url: string, port: string): Promise<Client.Client | Client.StoringClient> => {
  const options = { session: Session.at(url), environment: Environment.empty }
  if (port === '') return Client.open(options)()
  const redis = await createClient({ socket: { host: '127.0.0.1', port: Number(port) } }).connect()
  return Client.open({ ...options, jarStore: JarStore.redis(redis, 'jar') })()
}

const work = async (url: string, port: string, name: string): Promise<void> => {
  const client = await openClient(url, port)
  const run = 'jarStore' in client && client.jarStore !== undefined ? Client.runIn(client) : Client.runIn(client)
  process.on('message', async () => {
    for (let i = 0; i < VISITS; i += 1) {
      const outcome = await pipe(Http.get(`?name=${name}x${i}`), Http.ok, run)()
      if (E.isLeft(outcome)) throw new Error(HttpError.show(outcome.left))
    }
    process.send?.('done')
  })
  process.send?.('ready')
}

if (process.argv[2] === 'work') {
  const [url = '', port = '', name = ''] = process.argv.slice(3)
  await work(url, port, name)
}

/**
 * Runs one client in its own process: `clients.js NAME URL`. For each line `{ concurrency, times }` on stdin it sends that
 * many GETs, decodes and checks their JSON, and prints the CPU time of one in microseconds. python_clients.py does the same.
 *
 * Every client reuses connections: those that need an agent for it get one.
 */
import * as http from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Client, Environment, Http, HttpError, Jar, Request, Response, Session } from 'requests-ts'
import { concurrently } from './measure.js'

/** The expected JSON of the server. */
const Page = t.type({ id: t.literal(42) })
type Get = (url: string) => Promise<unknown>

/** The folder in which `npm run bench:peers` installs the other clients. `load.mjs` imports a module from there. */
const LOADER = pathToFileURL(join(process.cwd(), '.cache', 'peers', 'load.mjs')).href
type Module = Readonly<Record<string, unknown>>
const load = async (name: string): Promise<Module> => {
  // The cast: the loader is written by `peers.ts`.
  const { load } = (await import(LOADER)) as { load: (name: string) => Promise<Module> }
  return load(name)
}

const agent = (): http.Agent => new http.Agent({ keepAlive: true })

// The other clients are not dependencies; only the benchmarks install them. So their types are unknown, and the casts
// declare only the functions that are called.

type Effect = object
interface Piped<A> {
  readonly pipe: (operator: (effect: Piped<A>) => Effect) => Effect
}
interface EffectModule {
  readonly Effect: { flatMap: <A>(next: (value: A) => Effect) => (effect: Piped<A>) => Effect }
  readonly ManagedRuntime: { make: (layer: object) => { runPromise: (effect: Effect) => Promise<unknown> } }
}

const PEERS: Readonly<Record<string, () => Promise<Get>>> = {
  'requests-ts': async () => {
    const client = Client.open({ session: Session.defaults, environment: Environment.empty })()
    return async (url) => {
      const outcome = await Http.send(Request.get(url))(Jar.empty)(client)()
      if (E.isLeft(outcome)) throw new Error(HttpError.show(outcome.left))
      const page = Response.json(Page.decode)(outcome.right[0])
      return E.isRight(page) ? page.right : undefined
    }
  },
  got: async () => {
    const { default: got } = (await load('got')) as {
      default: (url: string, options: object) => { json: () => Promise<unknown> }
    }
    const options = { agent: { http: agent() } }
    return (url) => got(url, options).json()
  },
  axios: async () => {
    const { default: axios } = (await load('axios')) as {
      default: { create: (options: object) => { get: (url: string) => Promise<{ data: unknown }> } }
    }
    const instance = axios.create({ httpAgent: agent() })
    return async (url) => (await instance.get(url)).data
  },
  ky: async () => {
    const { default: ky } = (await load('ky')) as { default: (url: string) => { json: () => Promise<unknown> } }
    return (url) => ky(url).json()
  },
  'node-fetch': async () => {
    const { default: fetch } = (await load('node-fetch')) as {
      default: (url: string, options: object) => Promise<{ json: () => Promise<unknown> }>
    }
    const options = { agent: agent() }
    return async (url) => (await fetch(url, options)).json()
  },
  superagent: async () => {
    const { default: superagent } = (await load('superagent')) as {
      default: { get: (url: string) => { agent: (agent: http.Agent) => Promise<{ body: unknown }> } }
    }
    const kept = agent()
    return async (url) => (await superagent.get(url).agent(kept)).body
  },
  fetch: async () => async (url) => (await fetch(url)).json(),
  effect: async () => {
    const { Effect, ManagedRuntime } = (await load('effect')) as unknown as EffectModule
    const { HttpClient } = (await load('@effect/platform')) as {
      HttpClient: { get: (url: string) => Piped<{ json: Effect }> }
    }
    const { NodeHttpClient } = (await load('@effect/platform-node')) as { NodeHttpClient: { layerUndici: object } }
    const runtime = ManagedRuntime.make(NodeHttpClient.layerUndici)
    const json = Effect.flatMap((response: { json: Effect }) => response.json)
    return (url) => runtime.runPromise(HttpClient.get(url).pipe(json))
  },
}

const Order = t.type({ concurrency: t.number, times: t.number })

const [, , name = '', url = ''] = process.argv
const open = PEERS[name]
if (open === undefined) throw new Error(`Unknown client ${name}: use one of ${Object.keys(PEERS).join(', ')}`)
const get = await open()
const one = async (): Promise<void> => {
  if (!Page.is(await get(url))) throw new Error(`${name} received an unexpected body`)
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = Order.decode(JSON.parse(line))
  if (E.isLeft(order)) throw new Error(`Invalid order ${line}: it must be { concurrency, times }`)
  const { concurrency, times } = order.right
  const before = process.cpuUsage()
  await concurrently(concurrency, one)(times)
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ cpu: (user + system) / times }))
}
process.exit(0)

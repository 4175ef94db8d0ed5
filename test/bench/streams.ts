/**
 * Downloads and uploads a large body with a session and with undici. Each transfer runs in its own process, which reports
 * the CPU time of the transfer and the peak memory of the process.
 */
import { execFile } from 'node:child_process'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Client, Environment, Http, HttpError, Jar, Request, Response, Session } from 'requests-ts'
import { Agent, request, stream } from 'undici'
import { median, type Ratio, ratioOf } from './measure.js'

export type Direction = 'down' | 'up'
type ClientName = 'session' | 'undici'
type Transfer = (url: string, bytes: number) => Promise<number>

const GIB = 2 ** 30
const SMALL = 2 ** 26
const ROUNDS = 9
const SMALL_ROUNDS = 5
const PIECE = 65_536

const Counted = t.type({ bytes: t.number })

/** Allocates new memory for each piece, like reading a file. */
async function* source(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= PIECE) yield Buffer.allocUnsafeSlow(Math.min(left, PIECE))
}

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

const bySession = (): Readonly<Record<Direction, Transfer>> => {
  const client = Client.open({ session: Session.defaults, environment: Environment.empty })()
  const value = async <A>(program: Http.Http<HttpError.HttpError, A>): Promise<A> => {
    const outcome = await program(Jar.empty)(client)()
    if (E.isLeft(outcome)) throw new Error(HttpError.show(outcome.left))
    return outcome.right[0]
  }
  return {
    down: (url, bytes) =>
      pipe(
        Request.get(`${url}/down/${bytes}`),
        Http.stream((_, body) =>
          TE.fromTask(async () => {
            let read = 0
            for await (const piece of body) read += piece.length
            return read
          }),
        ),
        value,
      ),
    up: async (url, bytes) => {
      const response = await value(
        Http.post(
          `${url}/up/`,
          Request.withStream(() => source(bytes), bytes),
        ),
      )
      return right(Response.json(Counted.decode)(response)).bytes
    },
  }
}

const byHand = (): Readonly<Record<Direction, Transfer>> => {
  const dispatcher = new Agent()
  return {
    down: async (url, bytes) => {
      let read = 0
      const write = (piece: Uint8Array, _: unknown, done: () => void): void => {
        read += piece.length
        done()
      }
      await stream(`${url}/down/${bytes}`, { method: 'GET', dispatcher }, () => new Writable({ write }))
      return read
    },
    up: async (url, bytes) => {
      const reply = await request(`${url}/up/`, {
        method: 'POST',
        dispatcher,
        headers: { 'content-length': String(bytes) },
        // The cast: undici accepts iterables, but its types do not include them.
        body: source(bytes) as unknown as Buffer,
      })
      return right(Counted.decode(await reply.body.json())).bytes
    },
  }
}

const Cost = t.type({ cpu: t.number, maxRss: t.number })
type Cost = t.TypeOf<typeof Cost>

/** Runs in a child process: a small transfer to load all code, then the measured one. */
const transfer = async (client: ClientName, direction: Direction, url: string, bytes: number): Promise<Cost> => {
  const { [direction]: move } = client === 'session' ? bySession() : byHand()
  await move(url, PIECE * 4)
  const before = process.cpuUsage()
  const moved = await move(url, bytes)
  const { user, system } = process.cpuUsage(before)
  if (moved !== bytes) throw new Error(`${moved} of ${bytes} bytes were transferred`)
  return { cpu: user + system, maxRss: process.resourceUsage().maxRSS / 1024 }
}

const here = fileURLToPath(import.meta.url)
const run = promisify(execFile)

const transferInChild = async (client: ClientName, direction: Direction, url: string, bytes: number): Promise<Cost> => {
  const { stdout } = await run(process.execPath, [here, 'transfer', client, direction, url, String(bytes)])
  return right(Cost.decode(JSON.parse(stdout)))
}

export interface Measured {
  readonly cpu: Ratio
  readonly control: Ratio
  /** Megabytes of peak memory that 1 GiB needs more than 64 MiB, with the session and with undici. */
  readonly growth: number
  readonly baseGrowth: number
}

/** Measures session, undici and undici again in each round, in rotating order. */
export const measure = async (url: string, direction: Direction): Promise<Measured> => {
  const costs: Readonly<Record<'session' | 'base' | 'again', Cost[]>> = { session: [], base: [], again: [] }
  const turns = ['session', 'base', 'again'] as const
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < turns.length; i++) {
      const turn = turns[(round + i) % turns.length] ?? 'base'
      costs[turn].push(await transferInChild(turn === 'session' ? 'session' : 'undici', direction, url, GIB))
    }
  }
  const small: Readonly<Record<ClientName, Cost[]>> = { session: [], undici: [] }
  for (let round = 0; round < SMALL_ROUNDS; round++) {
    for (const client of ['session', 'undici'] as const)
      small[client].push(await transferInChild(client, direction, url, SMALL))
  }
  const cpu = (of: ReadonlyArray<Cost>): ReadonlyArray<number> => of.map(({ cpu }) => cpu)
  const rss = (of: ReadonlyArray<Cost>): number => median(of.map(({ maxRss }) => maxRss))
  return {
    cpu: ratioOf(cpu(costs.base), cpu(costs.session)),
    control: ratioOf(cpu(costs.base), cpu(costs.again)),
    growth: rss(costs.session) - rss(small.session),
    baseGrowth: rss(costs.base) - rss(small.undici),
  }
}

const isClientName = (text: string | undefined): text is ClientName => text === 'session' || text === 'undici'
const isDirection = (text: string | undefined): text is Direction => text === 'down' || text === 'up'

const [, , program, client, direction, url, bytes] = process.argv
if (program === 'transfer' && isClientName(client) && isDirection(direction) && url !== undefined) {
  console.log(JSON.stringify(await transfer(client, direction, url, Number(bytes))))
  process.exit(0)
}

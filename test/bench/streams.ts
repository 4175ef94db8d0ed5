/**
 * Downloads and uploads a large body with a session and with undici's own streams. CPU is compared in one process, in
 * blocks of 128 MiB. For the peak memory each transfer runs in a process of its own.
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
import { compare, cpu, type Measured, sampled, type Work, warmUp } from './measure.js'
import * as Server from './server.js'

export type Direction = 'down' | 'up'
type Transfer = (url: string, bytes: number) => Promise<number>

const MIB = 2 ** 20
const SMALL = 64 * MIB
const LARGE = 1024 * MIB
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

/** Returns a work that transfers as many MiB in one body as it is run. */
const transferring =
  (transfer: Transfer, url: string): Work =>
  async (times) => {
    const moved = await transfer(url, times * MIB)
    if (moved !== times * MIB) throw new Error(`${moved} of ${times * MIB} bytes were transferred`)
  }

const BLOCK = 128

/** Compares the CPU for 1 MiB of a large body with that of undici's own streams. */
export const cpuOf = async (direction: Direction): Promise<Measured> => {
  const server = await Server.start()
  try {
    const base = transferring(byHand()[direction], server.url)
    const candidate = transferring(bySession()[direction], server.url)
    await warmUp([base, candidate], 4 * BLOCK, 4)
    return await compare({ base: cpu(base, BLOCK), candidate: cpu(candidate, BLOCK), rounds: 12, unit: 'us/MiB' })
  } finally {
    server.stop()
  }
}

const here = fileURLToPath(import.meta.url)
const run = promisify(execFile)

/** Returns the peak memory of a process that transfers one body with a session, in MB. */
const peakMemory = async (direction: Direction, url: string, bytes: number): Promise<number> =>
  Number((await run(process.execPath, [here, 'transfer', direction, url, String(bytes)])).stdout)

/** Returns the megabytes of peak memory that a body of 1 GiB needs more than a body of 64 MiB. */
export const memoryOf = async (direction: Direction): Promise<Measured> => {
  const server = await Server.start()
  try {
    const growths: number[] = []
    for (let round = 0; round < 4; round++) {
      const small = await peakMemory(direction, server.url, SMALL)
      growths.push((await peakMemory(direction, server.url, LARGE)) - small)
    }
    return sampled(growths)
  } finally {
    server.stop()
  }
}

const isDirection = (text: string | undefined): text is Direction => text === 'down' || text === 'up'

const [, , program, direction, url, bytes] = process.argv
if (program === 'transfer' && isDirection(direction) && url !== undefined) {
  await transferring(bySession()[direction], url)(Number(bytes) / MIB)
  console.log(process.resourceUsage().maxRSS / 1024)
  process.exit(0)
}

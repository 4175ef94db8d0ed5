/** The cost of a session for real requests, compared with `undici.request` on the same kind of agent. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Client, Environment, Http, HttpError, Jar, Request, Response, Session, Transport } from 'requests-ts'
import { Agent, request } from 'undici'
import { bytes } from './allocation.js'
import { compare, concurrently, cpu, type Measured, type Work, warmUp } from './measure.js'
import * as Server from './server.js'

const Body = t.type({ id: t.number, name: t.string, ok: t.boolean })

/** Returns a jar of 100 cookies, 10 of them for the server. */
const jarFor = (url: string): Jar.Jar => {
  const now = new Date()
  const ten = Array.from({ length: 10 }, (_, i) => `mine${i}=some-value-${i}; Path=/`)
  const sites = [url, ...Array.from({ length: 9 }, (_, site) => `https://site${site}.test/`)]
  return sites.reduce((jar, site) => Jar.absorb(new URL(site), ten, now)(jar)[0], Jar.empty)
}

const fail = (message: string): never => {
  throw new Error(message)
}

const CONNECTIONS = 1024

interface Get {
  readonly get: (url: string) => Promise<void>
  readonly close: () => Promise<void>
}

const byHand = (): Get => {
  const agent = new Agent({ connections: CONNECTIONS, pipelining: 1 })
  const headers = { 'user-agent': 'requests-ts/0.1.0', 'accept-encoding': 'gzip, deflate, br', accept: '*/*' }
  return {
    get: async (url) => {
      let to = url
      for (;;) {
        const reply = await request(to, { dispatcher: agent, headers })
        const location = reply.headers['location']
        if (typeof location === 'string') {
          await reply.body.dump()
          to = new URL(location, to).href
          continue
        }
        const decoded = Body.decode(await reply.body.json())
        if (E.isLeft(decoded)) fail('the base received an unexpected body')
        return
      }
    },
    close: () => agent.destroy(),
  }
}

const bySession = (jar: Jar.Jar): Get => {
  const client = Client.open({
    session: Session.defaults,
    transport: Transport.undici({ connections: CONNECTIONS }),
    environment: Environment.empty,
  })()
  const json = Response.json(Body.decode)
  return {
    get: async (url) => {
      const outcome = await Http.send(Request.get(url))(jar)(client)()
      if (E.isLeft(outcome)) return fail(HttpError.show(outcome.left))
      const decoded = json(outcome.right[0])
      if (E.isLeft(decoded)) fail(HttpError.show(decoded.left))
    },
    close: async () => client.close(),
  }
}

export interface Case {
  readonly path: '/json' | '/redirect' | '/cookies'
  readonly concurrency: number
}

/** How a block of requests is measured, and with how many requests and rounds. */
interface Plan {
  readonly meter: typeof cpu
  readonly times: number
  readonly rounds: number
}

const measure = async ({ path, concurrency }: Case, { meter, times, rounds }: Plan): Promise<Measured> => {
  const server = await Server.start()
  const [hand, session] = [byHand(), bySession(jarFor(server.url))]
  try {
    const work = ({ get }: Get): Work => concurrently(concurrency, () => get(server.url + path))
    const [base, candidate] = [work(hand), work(session)]
    await warmUp([base, candidate], Math.max(8000, concurrency * 12))
    const unit = meter === cpu ? 'us' : 'B'
    return await compare({ base: meter(base, times), candidate: meter(candidate, times), rounds, unit })
  } finally {
    await session.close()
    await hand.close()
    server.stop()
  }
}

/** Compares the CPU of a session with the CPU of the same requests by hand. */
export const cpuOf = (request: Case): Promise<Measured> =>
  measure(request, { meter: cpu, times: Math.max(400, request.concurrency * 4), rounds: 36 })

/** Compares the bytes that a session allocates on the heap with those of the same requests by hand. */
export const bytesOf = (request: Case): Promise<Measured> => measure(request, { meter: bytes, times: 500, rounds: 18 })

/** The cost of a session for real requests, compared with `undici.request` on the same kind of agent. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import {
  Client,
  Environment,
  Http,
  HttpError,
  Jar,
  Request,
  Response,
  Session,
  type Transport,
  Transport as Transports,
} from 'requests-ts'
import { Agent, request } from 'undici'
import { concurrently, paired, type Ratio } from './measure.js'

const Body = t.type({ id: t.number, name: t.string, ok: t.boolean })

/** A jar of 100 cookies, 10 of them for the server. */
const jarFor = (url: string): Jar.Jar => {
  const now = new Date()
  const mine = Array.from({ length: 10 }, (_, i) => `mine${i}=some-value-${i}; Path=/`)
  const [first] = Jar.absorb(new URL(url), mine, now)(Jar.empty)
  return Array.from({ length: 9 }, (_, site) => site).reduce(
    (jar, site) => Jar.absorb(new URL(`https://site${site}.test/`), mine, now)(jar)[0],
    first,
  )
}

export interface Bench {
  readonly base: (path: string, concurrency: number) => ReturnType<typeof concurrently>
  readonly session: (path: string, concurrency: number) => ReturnType<typeof concurrently>
  readonly stop: () => Promise<void>
}

const fail = (message: string): never => {
  throw new Error(message)
}

/** Opens both clients for one server. */
export const open = (url: string, connections = 1024): Bench => {
  const agent = new Agent({ connections, pipelining: 1 })
  const options: Transport.Options = { connections }
  const client = Client.open({
    session: Session.defaults,
    transport: Transports.undici(options),
    environment: Environment.empty,
  })()
  const jar = jarFor(url)
  const headers = { 'user-agent': 'requests-ts/0.1.0', 'accept-encoding': 'gzip, deflate, br', accept: '*/*' }
  const byHand = async (path: string): Promise<void> => {
    let to = url + path
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
  }
  const bySession = async (path: string): Promise<void> => {
    const outcome = await Http.send(Request.get(url + path))(jar)(client)()
    if (E.isLeft(outcome)) return fail(HttpError.show(outcome.left))
    const decoded = Response.json(Body.decode)(outcome.right[0])
    if (E.isLeft(decoded)) fail(HttpError.show(decoded.left))
  }
  return {
    base: (path, concurrency) => concurrently(concurrency, () => byHand(path)),
    session: (path, concurrency) => concurrently(concurrency, () => bySession(path)),
    stop: async () => {
      await client.close()
      await agent.destroy()
    },
  }
}

/** Measures the ratio of the session to the base for a path and a concurrency. */
export const compare = ({ base, session }: Bench, path: string, concurrency: number): Promise<Ratio> =>
  paired({
    base: base(path, concurrency),
    candidate: session(path, concurrency),
    times: Math.max(250, concurrency * 8),
  })

/** Measures the ratio of the base to itself: the noise of the machine. */
export const control = ({ base }: Bench, path: string, concurrency: number): Promise<Ratio> =>
  paired({ base: base(path, concurrency), candidate: base(path, concurrency), times: Math.max(250, concurrency * 8) })

/**
 * nginx closes a connection after one idle second. A request sent at that moment gets its own response, or a fault that
 * names the cause. It never gets the response of another request, and never hangs.
 */
import { setTimeout as wait } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { Client, Environment, Headers, Http, HttpError, Jar, Request, Response, Transport } from 'requests-ts'
import { expect, test } from 'vitest'
import { http, session } from './rig.js'

const IDLE = 1000
/** Requests are spread over this time around the idle timeout, in milliseconds. */
const SPREAD = 40
const LANES = 60
const ROUNDS = 6

interface Tally {
  readonly right: number
  readonly faults: ReadonlyArray<string>
  readonly wrong: ReadonlyArray<string>
  readonly connections: number
}

const connectionOf = ({ headers }: Response.Response): string => Headers.combined(headers, 'X-Connection') ?? ''

/** Each lane waits for about the idle timeout, then sends another request with a unique cookie. */
const race = async (method: 'GET' | 'POST'): Promise<Tally> => {
  const client = Client.open({ session, openTransport: () => Transport.undici(), environment: Environment.empty })()
  const faults: string[] = []
  const wrong: string[] = []
  const connections = new Set<string>()
  let right = 0
  const send = async (mark: string): Promise<void> => {
    const request = Request.withHeader('Cookie', `mark=${mark}`)(Request.make(method, `${http('nginx')}/echo`))
    const outcome = await Http.send(request)(Jar.empty)(client)()
    if (E.isLeft(outcome)) {
      faults.push(HttpError.show(outcome.left))
      return
    }
    const [response] = outcome.right
    connections.add(connectionOf(response))
    if (Response.text(response) === `${method} auth= proxy= cookie=mark=${mark} via=\n`) right += 1
    else wrong.push(mark)
  }
  const lane = async (number: number): Promise<void> => {
    await send(`${number}.first`)
    for (let round = 0; round < ROUNDS; round++) {
      await wait(IDLE - SPREAD / 2 + (number * SPREAD) / LANES)
      await send(`${number}.${round}`)
    }
  }
  await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
  await client.close()
  return { right, faults, wrong, connections: connections.size }
}

test('never returns the response of another request while nginx closes idle connections', {
  timeout: 15_000,
}, async () => {
  const tallies = await Promise.all([race('GET'), race('POST')])
  for (const { right, faults, wrong, connections } of tallies) {
    expect(wrong).toEqual([])
    expect(right + faults.length).toBe(LANES * (ROUNDS + 1))
    // A request sent while nginx closed its connection fails, and its message states the cause.
    expect(
      faults.filter((fault) => !/^ConnectFailed: .* closed the connection before it responded/.test(fault)),
    ).toEqual([])
    expect(right).toBeGreaterThan(LANES * ROUNDS * 0.9)
    // The requests hit the timeout: some connections were reused, and some were closed.
    expect(connections).toBeGreaterThan(LANES)
    expect(connections).toBeLessThan(LANES * (ROUNDS + 1) * 0.9)
  }
})

test('reuses a connection before the idle timeout', async () => {
  const client = Client.open({ session, openTransport: () => Transport.undici(), environment: Environment.empty })()
  const seen = new Set<string>()
  for (let i = 0; i < 300; i++) {
    const outcome = await Http.get(`${http('nginx')}/echo`)(Jar.empty)(client)()
    if (E.isLeft(outcome)) throw new Error(HttpError.show(outcome.left))
    seen.add(connectionOf(outcome.right[0]))
  }
  await client.close()
  expect(seen.size).toBe(1)
})

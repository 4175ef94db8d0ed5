/** `withRetry`: what is retried, when, and what remains after a wait. Time is virtual except over sockets. */
import { getEventListeners } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it, test } from 'vitest'
import { withRetry } from '../../src/transport/Retry.js'
import * as RetryPolicy from '../../src/transport/RetryPolicy.js'
import * as Body from '../../src/values/Body.js'
import * as Fault from '../../src/wire/Fault.js'
import type { Reply } from '../../src/wire/Reply.js'
import { reply } from '../../src/wire/Reply.js'
import { type Transport, withPlan } from '../../src/wire/Transport.js'
import { exchange, plan, tag, text } from './plans.js'
import { deaf, gone, ok, raw, sleep, transport, until } from './servers.js'
import { type Virtual, virtual } from './virtual.js'

type Step = Fault.Fault | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }

const refused = Fault.unsent(Fault.make('ConnectFailed', 'refused'))
const cutOff = Fault.make('ConnectFailed', 'closed before it answered')
const silent = Fault.make('ReadTimeout', 'silent')

interface Scripted {
  readonly transport: Transport
  /** When each attempt started. */
  readonly times: number[]
  /** The events, in order. */
  readonly log: string[]
}

/** Answers with one step after the other, and repeats the last one. Reads bodies as undici does. */
const scripted = (clock: Virtual, ...steps: ReadonlyArray<Step>): Scripted => {
  const times: number[] = []
  const log: string[] = []
  const send: Transport = (sent) => async () => {
    const step = steps[Math.min(times.push(clock.elapsed()), steps.length) - 1] ?? refused
    log.push('send')
    const opens = !Fault.is(step) || !Fault.isUnsent(step)
    if (opens && sent.body._tag === 'Once') for await (const _ of sent.body.source) log.push('read')
    if (Fault.is(step)) return E.left(withPlan(sent, step))
    const made: Reply = reply({ ...step, body: `attempt ${times.length}` })
    const body = { ...made.body, discard: async () => void log.push('discard') }
    return E.right({ ...made, body })
  }
  return { transport: send, times, log }
}

const url = 'http://h.test/'
const GET = plan(url)
const POST = plan(url, { method: 'POST', body: Body.bytes(Buffer.from('x')) })
const even: RetryPolicy.Retry = { attempts: 4, base: 100, jitter: 0 }

const run = async (clock: Virtual, sender: Transport, sent = GET, controls = {}) =>
  clock.until(exchange(sender, sent, { clock, entropy: 'seed', ...controls }))

describe('withRetry retries', () => {
  const sends = async (sent: typeof GET, policy: RetryPolicy.Retry, ...steps: ReadonlyArray<Step>): Promise<number> => {
    const clock = virtual()
    const { transport, times } = scripted(clock, ...steps)
    await run(clock, withRetry(policy)(transport), sent)
    return times.length
  }
  it('a GET after a transient fault, and after 503', async () => {
    expect(await sends(GET, even, refused, silent, { status: 503 }, { status: 200 })).toBe(4)
  })
  it('at most `attempts` times', async () => {
    expect(await sends(GET, even, { status: 503 })).toBe(4)
    expect(await sends(GET, RetryPolicy.never, { status: 503 })).toBe(1)
  })
  it.each([200, 301, 400, 404, 500, 501])('not after %i', async (status) => {
    expect(await sends(GET, even, { status })).toBe(1)
  })
  it.each(['TlsFailed', 'ProtocolError', 'BodyTooLarge', 'Aborted', 'ClientClosed', 'DeadlineExceeded'] as const)(
    'not after %s',
    async (fault) => expect(await sends(GET, even, Fault.make(fault, ''))).toBe(1),
  )
  it('a POST only if nothing was sent', async () => {
    expect(await sends(POST, even, refused, { status: 200 })).toBe(2)
    expect(await sends(POST, even, Fault.make('ConnectTimeout', ''), { status: 200 })).toBe(2)
    expect(await sends(POST, even, cutOff, { status: 200 })).toBe(1)
    expect(await sends(POST, even, silent, { status: 200 })).toBe(1)
    expect(await sends(POST, even, { status: 503 })).toBe(1)
  })
  it('a POST if the policy permits it', async () => {
    expect(await sends(POST, { ...even, methods: 'any' }, cutOff, { status: 503 }, { status: 200 })).toBe(3)
    expect(await sends(POST, { ...even, methods: ['post'] }, cutOff, { status: 200 })).toBe(2)
  })
  it('a proxy failure only if its status is retried', async () => {
    const by = (status: number): Fault.Fault => ({ ...Fault.make('ProxyFailed', ''), status })
    expect(await sends(GET, even, by(407))).toBe(1)
    expect(await sends(GET, even, by(503), { status: 200 })).toBe(2)
  })
  it('a one-shot body only if it was not opened, whatever the policy permits', async () => {
    async function* source() {
      yield Buffer.from('x')
    }
    const put = () => plan(url, { method: 'PUT', body: Body.once(source()) })
    expect(await sends(put(), { ...even, methods: 'any' }, { status: 503 })).toBe(1)
    expect(await sends(put(), { ...even, methods: 'any' }, cutOff)).toBe(1)
    expect(await sends(put(), even, refused, refused, { status: 200 })).toBe(3)
    expect(await sends(put(), even, refused, { status: 503 }, { status: 200 })).toBe(2)
  })
})

describe('the delay', () => {
  const times = async (policy: RetryPolicy.Retry, ...steps: ReadonlyArray<Step>): Promise<ReadonlyArray<number>> => {
    const clock = virtual()
    const { transport, times } = scripted(clock, ...steps)
    await run(clock, withRetry(policy)(transport))
    return times
  }
  it('grows by the factor, up to the cap', async () => {
    expect(await times(even, refused)).toEqual([0, 100, 300, 700])
    expect(await times({ ...even, cap: 150 }, refused)).toEqual([0, 100, 250, 400])
  })
  it('is that of `waits` for the seed of the exchange', async () => {
    const policy: RetryPolicy.Retry = { attempts: 6, base: 50, jitter: 1 }
    const [, ...began] = await times(policy, refused)
    const waits = RetryPolicy.waits('seed')(policy)
    expect(began).toEqual(waits.map((_, i) => waits.slice(0, i + 1).reduce((x, y) => x + y, 0)))
  })
  it.each([
    ['7', 7000],
    ['0', 100],
    ['9999', 60_000],
    ['Thu, 01 Jan 2026 00:00:09 GMT', 9000],
    ['Thursday, 01-Jan-26 00:00:09 GMT', 9000],
    ['Thu Jan  1 00:00:09 2026', 9000],
    ['Thu, 01 Jan 1970 00:00:09 GMT', 100],
    ['-5', 100],
    ['soon', 100],
    ['1e9', 100],
    ['', 100],
  ])('Retry-After: %s', async (retryAfter, expected) => {
    const step = { status: 429, headers: { 'retry-after': retryAfter } }
    expect(await times({ ...even, attempts: 2 }, step)).toEqual([0, expected])
  })
  it('reads an asctime date as GMT in any time zone', () => {
    const head = { headers: reply({ status: 503, headers: { 'Retry-After': 'Thu Jan  1 00:00:09 2026' } }).headers }
    expect(RetryPolicy.retryAfter(new Date('2026-01-01T00:00:00Z'))(head)).toMatchObject({ value: 9000 })
  })
})

describe('an exchange with retries', () => {
  it('discards every reply but the last, before the next attempt', async () => {
    const clock = virtual()
    const { transport, log } = scripted(clock, { status: 503 }, { status: 502 }, { status: 200 })
    const outcome = await run(clock, withRetry(even)(transport))
    expect(outcome).toMatchObject({ right: { status: 200, text: 'attempt 3' } })
    expect(log).toEqual(['send', 'discard', 'send', 'discard', 'send'])
  })
  it('ends with the last outcome', async () => {
    const clock = virtual()
    const { transport } = scripted(clock, refused, { status: 503 })
    expect(await run(clock, withRetry(even)(transport))).toMatchObject({ right: { status: 503, text: 'attempt 4' } })
  })
  it('ends with the last outcome at once if the next attempt would start after the deadline', async () => {
    const clock = virtual()
    const { transport, times } = scripted(clock, { status: 503 })
    const outcome = await run(clock, withRetry({ ...even, base: 1000 })(transport), GET, { deadline: 2500 })
    expect(outcome).toMatchObject({ right: { status: 503, text: 'attempt 2' } })
    expect(times).toEqual([0, 1000])
    expect(clock.elapsed()).toBe(1000)
  })
  it('returns a fault with the given plan', async () => {
    async function* source() {}
    const clock = virtual()
    const put = plan(url, { method: 'PUT', body: Body.once(source()) })
    const outcome = await clock.until(withRetry(even)(scripted(clock, refused).transport)(put, { clock })())
    expect(E.isLeft(outcome) && outcome.left.plan).toBe(put)
  })
  it('ends a wait at once on abort, and leaves no timer or listener', async () => {
    const clock = virtual()
    const controller = new AbortController()
    const { transport, times } = scripted(clock, { status: 503 })
    const running = tag(withRetry({ ...even, base: 5000 })(transport), GET, { clock, signal: controller.signal })
    await clock.advance(1000)
    expect(clock.asleep()).toBe(1)
    controller.abort()
    expect(await running).toBe('Aborted')
    expect(times).toEqual([0])
    expect(clock.asleep()).toBe(0)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })
  it('leaves no listener after a success', async () => {
    const clock = virtual()
    const { signal } = new AbortController()
    await run(clock, withRetry(even)(scripted(clock, refused, { status: 200 }).transport), GET, { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
  it('ends a wait with ClientClosed on close, and can send again', async () => {
    const clock = virtual()
    const { transport, times } = scripted(clock, refused, { status: 200 })
    const patient = withRetry({ ...even, base: 5000 })(transport)
    const running = tag(patient, GET, { clock })
    await clock.advance(1000)
    await patient.close?.()
    expect(await running).toBe('ClientClosed')
    expect(clock.asleep()).toBe(0)
    expect(await run(clock, patient)).toMatchObject({ right: { status: 200 } })
    expect(times).toEqual([0, 1000])
  })
  it('ends on abort even if discarding a reply does not end', async () => {
    const clock = virtual()
    const controller = new AbortController()
    const stuck: Transport = () => async () => {
      const made = reply({ status: 503 })
      return E.right({ ...made, body: { ...made.body, discard: () => new Promise(() => {}) } })
    }
    const running = tag(withRetry(even)(stuck), GET, { clock, signal: controller.signal })
    await clock.settle()
    controller.abort()
    expect(await running).toBe('Aborted')
  })
})

describe('withRetry over sockets', () => {
  const quick: RetryPolicy.Retry = { attempts: 5, base: 5, jitter: 0 }
  test('reuses one connection after 503', async () => {
    const server = await raw((socket, _, count) =>
      socket.write(count < 3 ? ok('later').replace('200 OK', '503 Later') : ok('done')),
    )
    expect(await text(withRetry(quick)(transport()), plan(server.url))).toBe('done')
    expect([server.received.length, server.received.join('').match(/GET/g)?.length]).toEqual([1, 3])
  })
  test('retries a GET but not a POST if the server closes the connection', async () => {
    const server = await raw((socket, _, count) => (count % 2 === 1 ? socket.destroy() : socket.write(ok())))
    const client = withRetry(quick)(transport())
    expect(await text(client, plan(server.url))).toBe('ok')
    expect(await tag(client, plan(server.url, { method: 'POST', body: Body.bytes(Buffer.from('x')) }))).toBe(
      'ConnectFailed',
    )
    expect(server.received.join('').match(/POST/g)?.length).toBe(1)
  })
  test('sends the same bytes again, with the same key, if the server closes the connection after a POST with a key', async () => {
    const server = await raw((socket, _, count) => (count % 2 === 1 ? socket.destroy() : socket.write(ok())))
    const headers = [['Idempotency-Key', 'k']] as const
    const keyed = plan(server.url, { method: 'POST', headers, body: Body.bytes(Buffer.from('x')) })
    const client = withRetry(quick)(transport())
    expect([await text(client, keyed), await text(client, keyed)]).toEqual(['ok', 'ok'])
    const one = `POST / HTTP/1.1\r\nhost: ${server.host}\r\nconnection: keep-alive\r\nIdempotency-Key: k\r\ncontent-length: 1\r\n\r\nx`
    expect(server.received.join('')).toBe(one.repeat(4))
  })
  test('retries a POST if the connection is refused', async () => {
    const server = await raw(() => {})
    let attempts = 0
    const inner = transport()
    const counting: Transport = (sent, controls) => () => {
      attempts += 1
      return inner(sent, controls)()
    }
    await gone(server)
    const dead = plan('http://127.0.0.1:1/', { method: 'POST', body: Body.bytes(Buffer.from('x')) })
    expect(await tag(withRetry(quick)(counting), dead)).toBe('ConnectFailed')
    expect(attempts).toBe(5)
  })
  test('marks a connect timeout as unsent', async () => {
    const late = plan(await deaf(), { method: 'POST', timeouts: { connect: 30 } })
    expect(await exchange(transport(), late)).toMatchObject({ left: { _tag: 'ConnectTimeout', unsent: true } })
  })
  test('does not mark a fault after sending as unsent', async () => {
    const server = await raw((socket) => socket.destroy())
    const outcome = await exchange(transport(), plan(server.url))
    expect(E.isLeft(outcome) && Fault.isUnsent(outcome.left)).toBe(false)
  })
  test('closes only the connection of a discarded long body', async () => {
    const long = `HTTP/1.1 503 Later\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(300_000)}`
    const server = await raw((socket, _, count) => socket.write(count === 1 ? long : ok('done')))
    const client = transport()
    expect(await text(withRetry(quick)(client), plan(server.url))).toBe('done')
    await until(() => server.sockets.size === 1)
    expect(server.sockets.size).toBe(1)
  })
  test('ends a wait at once on abort', async () => {
    const server = await raw((socket) => socket.write(ok().replace('200 OK', '503 Later')))
    const controller = new AbortController()
    const running = tag(withRetry({ base: 60_000 })(transport()), plan(server.url), { signal: controller.signal })
    await sleep(60)
    const start = performance.now()
    controller.abort()
    expect(await running).toBe('Aborted')
    expect(performance.now() - start).toBeLessThan(50)
  })
})

test('show describes the schedule and what is retried', () => {
  expect(pipe({ attempts: 4, base: 100, cap: 300 }, RetryPolicy.show)).toMatchInlineSnapshot(`
    "4 attempts, at most 600 ms of waiting
      attempt 2 after 50 to 100 ms
      attempt 3 after 100 to 200 ms
      attempt 4 after 150 to 300 ms
      methods: GET HEAD PUT DELETE OPTIONS TRACE QUERY; any with an idempotency key
      statuses: 408 429 502 503 504; Retry-After up to 60000 ms
      faults: ConnectFailed ConnectTimeout ReadTimeout ProxyFailed"
  `)
  expect(RetryPolicy.show(RetryPolicy.never)).toBe('1 attempt')
})

test('resolve replaces invalid numbers with the nearest valid ones', () => {
  const odd = { attempts: Number.NaN, base: -1, factor: 0, jitter: 7, retryAfter: Number.POSITIVE_INFINITY }
  expect(RetryPolicy.resolve(odd)).toMatchObject({
    attempts: 1,
    base: 0,
    factor: 1,
    jitter: 1,
    retryAfter: 2 ** 31 - 1,
  })
  expect(RetryPolicy.schedule({ attempts: 1e9, base: 1e9, factor: 1e9, cap: Number.NaN }).length).toBe(99)
})

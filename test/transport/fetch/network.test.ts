import { getEventListeners } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import * as Client from '../../../src/Client.js'
import * as Environment from '../../../src/Environment.js'
import * as Http from '../../../src/Http.js'
import * as Request from '../../../src/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Transport from '../../../src/Transport.js'
import * as Fetch from '../../../src/transport/fetch/Fetch.js'
import * as Octets from '../../../src/values/Octets.js'
import * as Clock from '../../../src/wire/Clock.js'
import { findings } from '../../real/fetch/probes.js'
import { openServers, type Servers } from '../../real/fetch/server.js'
import { columnOf } from '../../real/fetch/table.js'
import { untyped } from '../../untyped.js'
import { exchange, over, planOf } from './fakes.js'

// The fetch of this version of Node against servers on loopback.

let opened: Servers | undefined
const servers = (): Servers => opened ?? expect.unreachable('the servers did not start')
const at = (path: string): string => `${servers().origins.echo}${path}`

beforeAll(async () => {
  opened = await openServers()
})
afterAll(() => opened?.close())

const transport = Transport.fetch()

/** Waits until the server has seen that a request was abandoned. */
const abandoned = (path: string): Promise<void> => vi.waitFor(() => expect(servers().abandoned).toContain(path), 5_000)

const sent = async (path: string, controls: Transport.SendControls = {}): Promise<Transport.Reply> => {
  const outcome = await transport(planOf(Request.get(at(path))), controls)()
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}

describe('a request over fetch ends', () => {
  it.each([
    ['read', { timeouts: { read: 250 } }, {}, 'ReadTimeout', 250],
    ['connect and read', { timeouts: { connect: 100, read: 150 } }, {}, 'ReadTimeout', 250],
  ])('after the %s timeout', async (what, route, controls, tag, limit) => {
    const plan = planOf(Request.get(at(`/silent?${encodeURIComponent(what)}`)))
    const outcome = await exchange(transport, { ...plan, route: { ...plan.route, ...route } }, controls)
    expect(outcome.fault).toMatchObject({ _tag: tag, limit })
    await abandoned(`/silent?${encodeURIComponent(what)}`)
  })
  it('at its deadline, on the clock of its exchange', async () => {
    const clock = { ...Clock.system, monotonic: () => 1e9 }
    const { fault } = await exchange(transport, planOf(Request.get(at('/silent?d'))), { clock, deadline: 1e9 + 250 })
    expect(fault?._tag).toBe('DeadlineExceeded')
    await abandoned('/silent?d')
  })
  it('before it is sent, if the deadline has passed or the signal has aborted', async () => {
    const { transport: fake, calls } = over()
    const late = await exchange(fake, planOf(), { deadline: Clock.system.monotonic() - 1 })
    const aborted = await exchange(fake, planOf(), { signal: AbortSignal.abort() })
    expect([late.fault, aborted.fault]).toMatchObject([
      { _tag: 'DeadlineExceeded', unsent: true },
      { _tag: 'Aborted', unsent: true },
    ])
    expect(calls).toEqual([])
  })
  it('with the signal, and removes its listener', async () => {
    const abort = new AbortController()
    const pending = exchange(transport, planOf(Request.get(at('/silent?a'))), { signal: abort.signal })
    await new Promise((resolve) => setTimeout(resolve, 250))
    abort.abort()
    expect((await pending).fault?._tag).toBe('Aborted')
    await abandoned('/silent?a')
    await exchange(transport, planOf(Request.get(at('/seen'))), { signal: new AbortController().signal })
    expect(getEventListeners(abort.signal, 'abort')).toEqual([])
  })
  it('with close, also if fetch ignores its signal, and the transport can be used again', async () => {
    const own = over(() => new Promise(() => {}))
    const [real, fake] = [exchange(transport, planOf(Request.get(at('/silent?c')))), exchange(own.transport)]
    await new Promise((resolve) => setTimeout(resolve, 250))
    await Promise.all([Transport.close(transport)(), Transport.close(own.transport)()])
    expect([(await real).fault, (await fake).fault]).toMatchObject([{ _tag: 'ClientClosed' }, { _tag: 'ClientClosed' }])
    await abandoned('/silent?c')
    expect((await exchange(transport, planOf(Request.get(at('/seen'))))).reply?.status).toBe(200)
  })
})

describe('a body over fetch that is not read to its end ends the request', () => {
  it('if it is discarded', async () => {
    await (await sent('/endless?discard')).body.discard()
    await abandoned('/endless?discard')
  })
  it('if the reader stops early', async () => {
    for await (const chunk of (await sent('/endless?stop')).body) if (chunk.length > 0) break
    await abandoned('/endless?stop')
  })
  it('if it is larger than the limit', async () => {
    const outcome = await (await sent('/endless?large')).body.gather(5_000)()
    expect(outcome).toMatchObject({ left: { _tag: 'BodyTooLarge' } })
    await abandoned('/endless?large')
  })
  it('if the signal aborts', async () => {
    const abort = new AbortController()
    const reply = await sent('/endless?abort', { signal: abort.signal })
    setTimeout(() => abort.abort(), 100)
    expect(await reply.body.gather(1e9)()).toMatchObject({ left: { _tag: 'Aborted' } })
    await abandoned('/endless?abort')
  })
  it('if the transport is closed', async () => {
    const reply = await sent('/endless?close')
    await Transport.close(transport)()
    expect(await reply.body.gather(1e9)()).toMatchObject({ left: { _tag: 'ClientClosed' } })
    await abandoned('/endless?close')
  })
})

describe('progress over fetch', () => {
  const observer = () => {
    const seen: Transport.Progress[] = []
    return { seen, progress: (one: Transport.Progress) => () => void seen.push(one) }
  }
  it('counts the decoded bytes of a reply, with a total only if the reply is not coded', async () => {
    const [coded, plain] = [observer(), observer()]
    await exchange(transport, planOf(Request.get(at('/coding/gzip'))), coded)
    await exchange(transport, planOf(Request.get(at('/length'))), plain)
    expect(coded.seen.at(-1)).toEqual({ direction: 'down', bytes: 5 })
    expect(plain.seen.at(-1)).toEqual({ direction: 'down', bytes: 5, total: 5 })
  })
  it('counts the bytes of a request that is streamed', async () => {
    async function* pieces(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(10)
      yield new Uint8Array(5)
    }
    const { seen, progress } = observer()
    await exchange(transport, planOf(Request.withStream(pieces, 15)(Request.post(at('/seen')))), { progress })
    expect(seen.filter(({ direction }) => direction === 'up').map(({ bytes, total }) => [bytes, total])).toEqual([
      [10, 15],
      [15, 15],
    ])
  })
  it('ignores what the callback throws', async () => {
    const progress = () => () => {
      throw new Error('mine')
    }
    expect((await exchange(transport, planOf(Request.get(at('/seen'))), { progress })).reply?.status).toBe(200)
  })
})

describe('a client over fetch', () => {
  const environment = Environment.empty
  it('follows redirects, keeps cookies and decodes, as over sockets', async () => {
    const session = Session.at(servers().origins.echo)
    const program = pipe(
      Http.get('/cookies'),
      Http.flatMap(() => Http.get('/redirect')),
    )
    const outcome = await pipe(program, Client.runWith({ session, transport, environment }))()
    if (E.isLeft(outcome)) return expect.unreachable(outcome.left.message)
    const { url, history, bytes } = outcome.right
    expect([url, history.length]).toEqual([at('/seen'), 1])
    const { headers }: { readonly headers: ReadonlyArray<readonly [string, string]> } = JSON.parse(Octets.toText(bytes))
    expect(headers.find(([name]) => name.toLowerCase() === 'cookie')?.[1]).toBe('a=1; b=2')
  })
  it('returns the refusal when a request is planned', async () => {
    const { transport: browser, calls } = over(undefined, { capabilities: Fetch.browser })
    const options = { session: Session.empty, transport: browser, environment }
    const program = Http.plan(Request.withCookie('a', '1')(Request.get('http://h.test/')))
    expect(await pipe(program, Client.runWith(options))()).toMatchObject({
      left: { _tag: 'Unsupported', unsupported: ['cookie'], unsent: true, history: [] },
    })
    expect(await pipe(Http.plan(Request.get('http://h.test/')), Client.runWith(options))()).toMatchObject({
      right: { method: 'GET' },
    })
    expect(calls).toEqual([])
  })
  it('asks the mounted transport', async () => {
    const { transport: browser } = over(undefined, { capabilities: Fetch.browser })
    const session = Session.mount('http://h.test/', browser)(Session.empty)
    const program = Http.plan(Request.withCookie('a', '1')(Request.get('http://h.test/')))
    const options = { session, transport: Transport.memory({}), environment }
    expect(await pipe(program, Client.runWith(options))()).toMatchObject({ left: { _tag: 'Unsupported' } })
  })
  it('refuses before a wrapper starts', async () => {
    const { transport: browser, calls } = over(undefined, { capabilities: Fetch.browser })
    const entries: unknown[] = []
    const wrapped = pipe(
      browser,
      Transport.record((entry) => () => void entries.push(entry)),
      Transport.withLimit({ concurrency: 1 }),
      Transport.withRetry({ attempts: 3, base: 10_000 }),
    )
    const program = Http.get('http://h.test/', Request.withCookie('a', '1'))
    const outcome = await pipe(program, Client.runWith({ session: Session.empty, transport: wrapped, environment }))()
    expect(outcome).toMatchObject({ left: { _tag: 'Unsupported' } })
    expect([entries, calls]).toEqual([[], []])
  })
  it('does not consume a body that can be read once, if it is refused', async () => {
    let isOpened = false
    async function* once(): AsyncGenerator<Uint8Array> {
      isOpened = true
      yield new Uint8Array(1)
    }
    const { transport: browser } = over(undefined, { capabilities: Fetch.browser })
    const program = Http.post('http://h.test/', Request.withOnce(once()))
    const outcome = await pipe(program, Client.runWith({ session: Session.empty, transport: browser, environment }))()
    expect(outcome).toMatchObject({ left: { _tag: 'Unsupported', unsupported: ['stream'] } })
    expect(isOpened).toBe(false)
  })
})

describe('Transport.refusal', () => {
  it('passes through every wrapper', () => {
    const { transport: browser } = over(undefined, { capabilities: Fetch.browser })
    const refused = { ...planOf(), method: 'TRACE' }
    const wrappers = [
      Transport.withRetry(),
      Transport.withLimit({ concurrency: 1 }),
      Transport.record(() => () => undefined),
      (inner: Transport.Transport) => Transport.around(inner)(inner),
    ]
    for (const wrap of wrappers) {
      expect(O.isSome(Transport.refusal(wrap(browser))(refused))).toBe(true)
      expect(Transport.refusal(wrap(browser))(planOf())).toEqual(O.none)
      expect(wrap(Transport.memory({}))).not.toHaveProperty('refusal')
    }
  })
  it('ignores what plain JavaScript may set', () => {
    const values = [5, () => 5, () => null, () => ({ value: 5 }), () => O.some(5), () => O.some({ _tag: 'Aborted' })]
    const throwing = (): never => {
      throw new Error('mine')
    }
    for (const none of [undefined, null, 5]) expect(Transport.refusal(untyped(none))(planOf())).toEqual(O.none)
    for (const refusal of [...values, throwing]) {
      const odd = untyped<Transport.Transport>(Object.assign(Transport.memory({}), { refusal }))
      expect(Transport.refusal(odd)(planOf())).toEqual(O.none)
    }
  })
})

describe('the guide', () => {
  it('has the column of this version of Node', async () => {
    const { readFileSync } = await import('node:fs')
    const page = readFileSync(new URL('../../../src/transport/fetch/README.md', import.meta.url), 'utf8')
    const column = columnOf(page, 'Node')
    expect(Object.keys(column).length).toBeGreaterThan(20)
    const found = await findings(servers().origins)
    // Node 24 has zstd, in fetch or in zlib.
    const withoutZstd = Object.entries(found).map(([row, cell]) => [row, cell.replace(', zstd', '')])
    expect(Object.fromEntries(withoutZstd)).toEqual(column)
  }, 60_000)
})

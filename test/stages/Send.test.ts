import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Send from '../../src/stages/Send.js'
import * as Transport from '../../src/Transport.js'
import * as Secret from '../../src/values/Secret.js'
import * as Clock from '../../src/wire/Clock.js'
import * as Fault from '../../src/wire/Fault.js'
import { untyped } from '../untyped.js'

// One plan and one reply: through which transport, within which bounds, and what a transport may not give.

const planned = (request: Request.Request): Plan.Plan => {
  const plan = Plan.plan({ session: Session.empty })(request)
  return E.isRight(plan) ? plan.right : expect.fail(plan.left.message)
}
const plan = planned(Request.get('http://h/'))

const answering = (status: number): Transport.Transport => Transport.memory(() => ({ status }))
const sender = (transport: Transport.Transport, session = Session.empty): Send.Sender => ({
  session,
  transport,
  clock: Clock.fixed(new Date(1_000)),
})
const statusOf = (sent: E.Either<Transport.TransportError, Transport.Reply>) =>
  E.isRight(sent) ? sent.right.status : `${sent.left._tag}: ${sent.left.message}`

it('a plan goes to what is mounted for it, and else to the transport of the client', async () => {
  const session = Session.mount('http://h/in', answering(201))(Session.empty)
  const through = (url: string) => Send.send(sender(answering(202), session))(planned(Request.get(url)))()
  expect(statusOf(await through('http://h/in/x'))).toBe(201)
  expect(statusOf(await through('http://h/x'))).toBe(202)
})

describe('the bounds of an exchange', () => {
  const within = (configure: (request: Request.Request) => Request.Request) =>
    planned(configure(Request.get('http://h/')))
  it('are the total time from now, on the clock that never steps back', () => {
    const clock = { ...Clock.fixed(new Date(5)), monotonic: () => 1_000 }
    const limits = Send.limitsOf({ ...sender(answering(200)), clock }, within(Request.withTimeouts({ total: 250 })))
    expect(limits).toEqual({ clock, deadline: 1_250 })
  })
  it('are none where no total is said', () => {
    const one = sender(answering(200))
    expect(Send.limitsOf(one, within(Request.withTimeouts({ read: 250 })))).toEqual({ clock: one.clock })
  })
  it('are the signal of the client, and what the exchange brings along', () => {
    const { signal } = new AbortController()
    const progress: Transport.OnProgress = () => () => {}
    const one = { ...sender(answering(200)), signal }
    const limits = Send.limitsOf(one, plan, { entropy: 'seed', progress })
    expect(limits).toEqual({ clock: one.clock, signal, entropy: 'seed', progress })
    expect(limits.signal).toBe(signal)
  })
  it('reach the transport', async () => {
    let given: Transport.SendControls = {}
    const transport: Transport.Transport = (sent, limits) => {
      given = limits
      return answering(200)(sent, limits)
    }
    const one = sender(transport)
    await Send.send(one)(within(Request.withTimeouts({ total: 250 })))()
    expect(given.deadline).toBe(1_250)
    const own = { entropy: 'seed' }
    await Send.sendBy(one, own)(plan)()
    expect(given).toBe(own)
  })
})

describe('a transport of one’s own', () => {
  const through = async (transport: unknown) => {
    const sent = await Send.send(sender(untyped(transport)))(plan)()
    return E.isLeft(sent) ? sent.left : expect.fail('it was sent')
  }
  const fails = (make: () => unknown) => () => async () => make()
  const thrower = (thrown: unknown) => () => {
    throw thrown
  }
  it.each<[string, unknown, string]>([
    ['nothing', () => undefined, 'it gave undefined in place of a task, which is a function'],
    ['a promise', () => Promise.reject(new Error('late')), 'it gave a promise in place of a task, which is a function'],
    ['a task of nothing', fails(() => undefined), 'it gave undefined in place of an Either'],
    ['a task of null', fails(() => null), 'it gave null in place of an Either'],
    ['a task of a list', fails(() => []), 'it gave a list in place of an Either'],
    ['a reply that is none', fails(() => E.right({ status: 200 })), 'what it gave is no reply'],
    ['nothing for a reply', fails(() => E.right(undefined)), 'what it gave is no reply'],
    ['no fault', fails(() => E.left(new Error('x'))), 'what it gave for its failure is no fault'],
    ['nothing for a fault', fails(() => E.left(undefined)), 'what it gave for its failure is no fault'],
    ['an error', thrower(new Error('oops')), 'oops'],
    ['a late error', () => async () => Promise.reject(new Error('late')), 'late'],
  ])('that gives %s has failed', async (_, transport, problem) => {
    expect(await through(transport)).toMatchObject({
      _tag: 'ProtocolError',
      message: `The transport failed: ${problem}`,
      plan,
    })
  })
  it('that gives a promise which rejects leaves the process alone', async () => {
    const seen: unknown[] = []
    const note = (cause: unknown) => seen.push(cause)
    process.on('unhandledRejection', note)
    await through(() => Promise.reject(new Error('late')))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(seen).toEqual([])
  })
  it('keeps the name and the message of what went wrong', async () => {
    const cause = { name: 'TypeError', code: '', message: 'oops' }
    expect((await through(thrower(new TypeError('oops')))).cause).toEqual(cause)
    expect((await through(fails(() => E.left(new TypeError('oops'))))).cause).toEqual(cause)
    expect((await through(() => undefined)).cause).toBeUndefined()
  })
  it('may throw a fault, which is then its answer', async () => {
    const fault = Fault.make('ConnectFailed', 'nobody there')
    expect(await through(thrower(fault))).toEqual({ ...fault, plan })
  })
  it('fails as it says it fails', async () => {
    const left = { ...Fault.make('TlsFailed', 'not trusted'), plan }
    expect(await through(fails(() => E.left(left)))).toBe(left)
  })
})

describe('a body that exists once', () => {
  async function* chunks() {
    yield new Uint8Array(1)
  }
  const once = () => planned(pipe(Request.post('http://h/'), Request.withOnce(chunks())))
  const spent = {
    _tag: 'RequestBodyFailed',
    message: 'The request body can be read only once, and was sent before; use withStream',
    unsent: true,
  }
  const refusing: Transport.Transport = (sent) => async () => E.left(Transport.failed('ConnectFailed', sent)('no'))
  const opening: Transport.Transport = (sent) => async () => {
    if (sent.body._tag === 'Once') for await (const _ of sent.body.source);
    return E.left(Transport.failed('ConnectFailed', sent)('no'))
  }
  it('is sent once', async () => {
    const given = once()
    expect(Send.isBodyConsumed(given)).toBe(false)
    expect(statusOf(await Send.send(sender(answering(200)))(given)())).toBe(200)
    expect(Send.isBodyConsumed(given)).toBe(true)
    const again = await Send.send(sender(answering(200)))(given)()
    expect(again).toMatchObject({ left: { ...spent, plan: given } })
  })
  it('is spent while it is under way', async () => {
    const given = once()
    const first = Send.send(sender(answering(200)))(given)()
    expect(await Send.send(sender(answering(200)))(given)()).toMatchObject({ left: spent })
    expect(statusOf(await first)).toBe(200)
  })
  it('may be sent again after a failure, unless it was opened', async () => {
    const given = once()
    expect(statusOf(await Send.send(sender(refusing))(given)())).toBe('ConnectFailed: no')
    expect(Send.isBodyConsumed(given)).toBe(false)
    expect(statusOf(await Send.send(sender(opening))(given)())).toBe('ConnectFailed: no')
    expect(Send.isBodyConsumed(given)).toBe(true)
  })
  it('and any other is never spent', async () => {
    const given = planned(pipe(Request.post('http://h/'), Request.withBytes(Buffer.from('a'))))
    for (const status of [200, 201]) expect(statusOf(await Send.send(sender(answering(status)))(given)())).toBe(status)
    expect(Send.isBodyConsumed(given)).toBe(false)
    const { body } = given
    expect(body._tag === 'Bytes' && Secret.open(body.bytes)).toEqual(Buffer.from('a'))
  })
})

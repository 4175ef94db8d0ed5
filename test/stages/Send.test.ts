import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
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

// Sends one plan: which transport is used, with which deadline and signal, and what a transport must not return.

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

it('a plan is sent by the transport mounted for its URL, otherwise by the transport of the client', async () => {
  const session = Session.mount('http://h/in', answering(201))(Session.empty)
  const through = (url: string) => Send.send(sender(answering(202), session))(planned(Request.get(url)))()
  expect(statusOf(await through('http://h/in/x'))).toBe(201)
  expect(statusOf(await through('http://h/x'))).toBe(202)
})

describe('the controls of a transport', () => {
  const within = (configure: (request: Request.Request) => Request.Request) =>
    planned(configure(Request.get('http://h/')))
  it('have a deadline on the monotonic clock, from the total timeout', () => {
    const clock = { ...Clock.fixed(new Date(5)), monotonic: () => 1_000 }
    const controls = Send.startControls(
      { ...sender(answering(200)), clock },
      within(Request.withTimeouts({ total: 250 })),
    )
    expect(controls).toEqual({ clock, deadline: 1_250 })
  })
  it('have no deadline without a total timeout', () => {
    const one = sender(answering(200))
    expect(Send.startControls(one, within(Request.withTimeouts({ read: 250 })))).toEqual({ clock: one.clock })
  })
  it('have the signal of the client, and the entropy and progress of the exchange', () => {
    const { signal } = new AbortController()
    const progress: Transport.OnProgress = () => () => {}
    const one = { ...sender(answering(200)), signal }
    const controls = Send.startControls(one, plan, { entropy: 'seed', progress })
    expect(controls).toEqual({ clock: one.clock, signal, entropy: 'seed', progress })
    expect(controls.signal).toBe(signal)
  })
  it('have the listener of retries', () => {
    const superseded = () => identity
    expect(Send.startControls(sender(answering(200)), plan, { superseded })).toMatchObject({ superseded })
  })
  it('are passed to the transport', async () => {
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

describe('a custom transport', () => {
  const through = async (transport: unknown) => {
    const sent = await Send.send(sender(untyped(transport)))(plan)()
    return E.isLeft(sent) ? sent.left : expect.fail('expected an error')
  }
  const fails = (make: () => unknown) => () => async () => make()
  const thrower = (thrown: unknown) => () => {
    throw thrown
  }
  it.each<[string, unknown, string]>([
    ['undefined', () => undefined, 'undefined'],
    ['a promise', () => Promise.reject(new Error('late')), 'a promise'],
    ['a task of undefined', fails(() => undefined), 'undefined'],
    ['a task of null', fails(() => null), 'null'],
    ['a task of a list', fails(() => []), 'a list'],
    ['an object that is not a Reply', fails(() => E.right({ status: 200 })), ''],
    ['a Right of undefined', fails(() => E.right(undefined)), ''],
    ['a Left that is not a fault', fails(() => E.left(new Error('x'))), ''],
    ['a Left of undefined', fails(() => E.left(undefined)), ''],
    ['an error', thrower(new Error('oops')), 'oops'],
    ['a rejected promise', () => async () => Promise.reject(new Error('late')), 'late'],
  ])('that returns or throws %s fails with ProtocolError', async (_, transport, problem) => {
    expect(await through(transport)).toMatchObject({
      _tag: 'ProtocolError',
      message: expect.stringContaining(problem),
      plan,
    })
  })
  it('that returns a rejected promise causes no unhandled rejection', async () => {
    const seen: unknown[] = []
    const note = (cause: unknown) => seen.push(cause)
    process.on('unhandledRejection', note)
    await through(() => Promise.reject(new Error('late')))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    expect(seen).toEqual([])
  })
  it('that fails keeps the name and the message of the cause', async () => {
    const cause = { name: 'TypeError', code: '', message: 'oops' }
    expect((await through(thrower(new TypeError('oops')))).cause).toEqual(cause)
    expect((await through(fails(() => E.left(new TypeError('oops'))))).cause).toEqual(cause)
    expect((await through(() => undefined)).cause).toBeUndefined()
  })
  it('may throw a fault, which becomes the error', async () => {
    const fault = Fault.make('ConnectFailed', 'no server')
    expect(await through(thrower(fault))).toEqual({ ...fault, plan })
  })
  it('returns its own error unchanged', async () => {
    const left = { ...Fault.make('TlsFailed', 'not trusted'), plan }
    expect(await through(fails(() => E.left(left)))).toBe(left)
  })
})

describe('a one-shot body', () => {
  async function* chunks() {
    yield new Uint8Array(1)
  }
  const once = () => planned(pipe(Request.post('http://h/'), Request.withOnce(chunks())))
  const consumed = { _tag: 'RequestBodyFailed', unsent: true }
  const refusing: Transport.Transport = (sent) => async () => E.left(Transport.failed('ConnectFailed', sent)('no'))
  const opening: Transport.Transport = (sent) => async () => {
    if (sent.body._tag === 'Once') for await (const _ of sent.body.source);
    return E.left(Transport.failed('ConnectFailed', sent)('no'))
  }
  it('is not sent a second time', async () => {
    const given = once()
    expect(Send.isBodyConsumed(given)).toBe(false)
    expect(statusOf(await Send.send(sender(answering(200)))(given)())).toBe(200)
    expect(Send.isBodyConsumed(given)).toBe(true)
    const again = await Send.send(sender(answering(200)))(given)()
    expect(again).toMatchObject({ left: { ...consumed, plan: given } })
  })
  it('is not sent a second time while the first request is running', async () => {
    const given = once()
    const first = Send.send(sender(answering(200)))(given)()
    expect(await Send.send(sender(answering(200)))(given)()).toMatchObject({ left: consumed })
    expect(statusOf(await first)).toBe(200)
  })
  it('may be sent again after a failure if the transport did not open it', async () => {
    const given = once()
    expect(statusOf(await Send.send(sender(refusing))(given)())).toBe('ConnectFailed: no')
    expect(Send.isBodyConsumed(given)).toBe(false)
    expect(statusOf(await Send.send(sender(opening))(given)())).toBe('ConnectFailed: no')
    expect(Send.isBodyConsumed(given)).toBe(true)
  })
  it('is the only kind of body that can be consumed', async () => {
    const given = planned(pipe(Request.post('http://h/'), Request.withBytes(Buffer.from('a'))))
    for (const status of [200, 201]) expect(statusOf(await Send.send(sender(answering(status)))(given)())).toBe(status)
    expect(Send.isBodyConsumed(given)).toBe(false)
    const { body } = given
    expect(body._tag === 'Bytes' && Secret.open(body.bytes)).toEqual(Buffer.from('a'))
  })
})

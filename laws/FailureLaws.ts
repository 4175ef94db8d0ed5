/**
 * What anyone's transport must do when something goes wrong or is let go, as predicates that say what is wrong.
 *
 * | law               | says                                                                                   |
 * |-------------------|----------------------------------------------------------------------------------------|
 * | `failsLeft`       | no connection, a broken head, a server that hangs up: a `Left` with a known tag        |
 * | `neverRepeats`    | what failed or was put off (408, 425, 429, 503, a hang-up on a kept connection) is not sent again |
 * | `seesCuts`        | a body that stops short is a fault, never a short success                              |
 * | `settlesAborted`  | an abort before, while waiting and while reading settles as `Aborted`                  |
 * | `keepsTime`       | silence ends by the read timeout, and by the deadline                                  |
 * | `failsWithBody`   | a request whose own stream fails is a `Left`                                           |
 * | `letsGo`          | a body that is discarded lets go of its connection, be it endless                      |
 * | `leaksNothing`    | after `close` no connection is open, and no listener is left on the user's signal      |
 */
import { getEventListeners } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'
import * as Body from '../src/values/Body.js'
import * as Clock from '../src/wire/Clock.js'
import type { Answer } from '../src/wire/Reply.js'
import { planAt, type Sent } from './arbitrary/Plan.js'
import { type Behaviour, on } from './RecordingServer.js'
import { complaint, settle } from './TaskOutcome.js'
import { type Called, type Complaints, call, gathered, type Reading, read, type Subject } from './Transport.js'

const OK: Answer = { status: 200, body: 'ok' }

/** How a call must fail: with one of these tags, or with any. */
const mustFail = (called: Called, ...tags: ReadonlyArray<string>): Complaints => {
  if (called._tag === 'Wrong') return [called.complaint]
  if (called._tag === 'Reply') return [`a reply came (${called.reply.status}), where the call must fail`]
  const { _tag: tag } = called.fault
  return tags.length === 0 || tags.includes(tag) ? [] : [`the call failed as ${tag}, not as ${tags.join(' or ')}`]
}

/** What ends a connection before there is a reply. */
export type Breakage = 'NoServer' | 'HangUp' | 'HalfHead' | 'Garbage'

export const failsLeft =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, breakage: Breakage): Promise<Complaints> =>
    on(
      stand,
      () => (breakage === 'NoServer' ? OK : breakage),
      patience,
    )(async ({ transport, origin, close }) => {
      if (breakage === 'NoServer') await close()
      return mustFail(await call(transport, planAt(origin)(sent), {}, patience))
    })

/** Why a client might send once more: the reply says so, or there is none. */
export const neverRepeats =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, before: number, temptation: Behaviour): Promise<Complaints> =>
    on(
      stand,
      (n) => (n < before ? OK : temptation),
      patience,
    )(async ({ transport, origin, arrived }) => {
      const complaints: string[] = []
      for (let n = 0; n <= before; n += 1) {
        const called = await call(transport, planAt(origin)(sent), {}, patience)
        if (called._tag === 'Wrong') complaints.push(called.complaint)
        if (called._tag === 'Reply') await gathered(called.reply, 1e6, patience)
      }
      const count = arrived().length
      return count === before + 1 ? complaints : [...complaints, `${count} requests arrived for ${before + 1} calls`]
    })

export const seesCuts =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, reading: Reading): Promise<Complaints> =>
    on(
      stand,
      () => 'Cut',
      patience,
    )(async ({ transport, origin }) => {
      const called = await call(transport, planAt(origin)(sent), {}, patience)
      if (called._tag === 'Wrong') return [called.complaint]
      if (called._tag === 'Fault') return []
      const body = await read(reading, called.reply, 100, patience)
      if (E.isLeft(body)) return [body.left]
      return E.isLeft(body.right) ? [] : [`${body.right.right.length} of 100 octets came, and nothing was said`]
    })

// --- time ------------------------------------------------------------------------------------------------------------

/** When the user gives up. */
export type Moment = 'before' | 'waiting' | 'reading'

/** Octets of an endless body, after which whoever still reads has not heard of the abort. */
const ENOUGH = 64 * 1024 * 1024

const BEHAVIOURS = { before: OK, waiting: 'Silence', reading: 'Endless' } as const

export const settlesAborted =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, moment: Moment, reading: Reading): Promise<Complaints> =>
    on(
      stand,
      () => BEHAVIOURS[moment],
      patience,
    )(async ({ transport, origin, arrived }) => {
      const abort = new AbortController()
      if (moment === 'before') abort.abort()
      const under = call(transport, planAt(origin)(sent), { signal: abort.signal }, patience)
      if (moment === 'waiting') {
        await until(() => arrived().length > 0, patience)
        abort.abort()
      }
      const called = await under
      if (moment !== 'reading') {
        const isSent = moment === 'before' && arrived().length > 0
        return [...mustFail(called, 'Aborted'), ...(isSent ? ['a request went out after the abort'] : [])]
      }
      if (called._tag !== 'Reply') return mustFail(called, 'a reply')
      setImmediate(() => abort.abort())
      const body = await read(reading, called.reply, ENOUGH, patience)
      if (E.isLeft(body)) return [body.left]
      if (E.isRight(body.right)) return ['an endless body ended well, though it was aborted']
      const { _tag: tag } = body.right.left
      return tag === 'Aborted' ? [] : [`the body failed as ${tag}, not as Aborted`]
    })

/** What ends the waiting. */
export type Patience = 'read' | 'deadline'

export const keepsTime =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, kind: Patience): Promise<Complaints> =>
    on(
      stand,
      () => 'Silence',
      patience,
    )(async ({ transport, origin }) => {
      const plan = planAt(origin, kind === 'read' ? { read: 25 } : {})(sent)
      const deadline = kind === 'deadline' ? { deadline: Clock.system.monotonic() + 25 } : {}
      const called = await call(transport, plan, deadline, patience)
      return mustFail(called, kind === 'read' ? 'ReadTimeout' : 'DeadlineExceeded')
    })

export const failsWithBody =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, pieces: number): Promise<Complaints> =>
    on(
      stand,
      () => OK,
      patience,
    )(async ({ transport, origin }) => {
      const broken = async function* (): AsyncGenerator<Uint8Array> {
        for (let n = 0; n < pieces; n += 1) yield Buffer.from('piece')
        throw new Error('the file is gone')
      }
      const plan = { ...planAt(origin)(sent), method: 'POST', body: Body.stream(broken) }
      return mustFail(await call(transport, plan, {}, patience), 'RequestBodyFailed')
    })

// --- letting go ------------------------------------------------------------------------------------------------------

/** Waits until something is so, a turn at a time, no longer than `patience` milliseconds. */
export const until = async (isSo: () => boolean, patience: number): Promise<boolean> => {
  const end = performance.now() + patience
  while (!isSo()) {
    if (performance.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return true
}

export const letsGo =
  ({ stand, patience }: Subject) =>
  async (sent: Sent): Promise<Complaints> =>
    on(
      stand,
      () => 'Endless',
      patience,
    )(async ({ transport, origin, connections }) => {
      const called = await call(transport, planAt(origin)(sent), {}, patience)
      if (called._tag !== 'Reply') return [called._tag === 'Wrong' ? called.complaint : called.fault.message]
      const ended = await settle(() => called.reply.body.discard(), patience)
      if (ended._tag !== 'Settled') return [complaint('discarding the body', ended, patience) ?? '']
      const isGone = await until(() => connections() === 0, patience)
      return isGone ? [] : ['the connection of a discarded body is still open']
    })

/** What is done with each reply in turn. */
export type Ending = 'read' | 'discard' | 'abort' | 'fail'

const BEHAVES = { read: OK, discard: OK, abort: 'Silence', fail: 'HangUp' } as const

export const leaksNothing =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, endings: ReadonlyArray<Ending>): Promise<Complaints> =>
    on(
      stand,
      (n) => BEHAVES[endings[n] ?? 'read'],
      patience,
    )(async ({ transport, origin, arrived, connections }) => {
      const lasting = new AbortController()
      for (const [n, ending] of endings.entries()) {
        const abort = new AbortController()
        const { signal } = ending === 'abort' ? abort : lasting
        const under = call(transport, planAt(origin)(sent), { signal }, patience)
        if (ending === 'abort') {
          await until(() => arrived().length > n, patience)
          abort.abort()
        }
        const called = await under
        if (called._tag === 'Wrong') return [called.complaint]
        if (called._tag === 'Reply' && ending === 'read') await gathered(called.reply, 1e6, patience)
        if (called._tag === 'Reply' && ending === 'discard') await settle(() => called.reply.body.discard(), patience)
      }
      const ended = await settle(async () => transport.close?.(), patience)
      const said = complaint('closing', ended, patience)
      if (said !== undefined) return [said]
      const isQuiet = await until(() => getEventListeners(lasting.signal, 'abort').length === 0, patience)
      const isClosed = await until(() => connections() === 0, patience)
      return [
        ...(isQuiet ? [] : ['listeners are left on the signal when every reply is done with']),
        ...(isClosed ? [] : [`${connections()} connections are open after close`]),
      ]
    })

/**
 * Laws of a transport about failures, timeouts and resources. Each law returns its violations.
 *
 * | law                  | states                                                                                 |
 * |----------------------|----------------------------------------------------------------------------------------|
 * | `failsLeft`          | no server, an incomplete head or a connection that closes early is a `Left` with a known tag |
 * | `neverRepeats`       | a request is sent once, even if it fails or the reply asks for another (408, 425, 429, 503) |
 * | `detectsTruncation`  | a body that is shorter than its Content-Length is a fault                               |
 * | `settlesAborted`     | an abort before the request, while waiting or while reading is `Aborted`                |
 * | `keepsTime`          | the read timeout and the deadline end a request to a silent server                      |
 * | `failsWithBody`      | a request whose body stream fails is a `Left`                                           |
 * | `releasesConnection` | discarding a body, even an endless one, releases its connection                         |
 * | `leaksNothing`       | after `close`, no connection is open and the caller's signal has no listener            |
 */
import { getEventListeners } from 'node:events'
import * as E from 'fp-ts/lib/Either.js'
import * as Body from '../src/values/Body.js'
import * as Clock from '../src/wire/Clock.js'
import type { Answer } from '../src/wire/Reply.js'
import { planAt, type Sent } from './arbitrary/Plan.js'
import { type Behaviour, on } from './RecordingServer.js'
import { settle, violationOf } from './TaskOutcome.js'
import { type CallOutcome, call, gathered, type Reading, read, type Subject, type Violations } from './Transport.js'

const OK: Answer = { status: 200, body: 'ok' }

/** Requires that a call fails: with one of these tags, or with any tag if none is given. */
const mustFail = (called: CallOutcome, ...tags: ReadonlyArray<string>): Violations => {
  if (called._tag === 'Wrong') return [called.complaint]
  if (called._tag === 'Reply') return [`the call returned a reply (${called.reply.status}) instead of a fault`]
  const { _tag: tag } = called.fault
  return tags.length === 0 || tags.includes(tag) ? [] : [`the call failed as ${tag}, not as ${tags.join(' or ')}`]
}

/** What ends a connection before its reply. */
export type Breakage = 'NoServer' | 'HangUp' | 'HalfHead' | 'Garbage'

/** States that no server, an incomplete head or a connection that closes early is a `Left` with a known tag. */
export const failsLeft =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, breakage: Breakage): Promise<Violations> =>
    on(
      stand,
      () => (breakage === 'NoServer' ? OK : breakage),
      patience,
    )(async ({ transport, origin, close }) => {
      if (breakage === 'NoServer') await close()
      return mustFail(await call(transport, planAt(origin)(sent), {}, patience))
    })

/** The server's behaviour tempts a client to send the request again. */
export const neverRepeats =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, before: number, temptation: Behaviour): Promise<Violations> =>
    on(
      stand,
      (n) => (n < before ? OK : temptation),
      patience,
    )(async ({ transport, origin, arrived }) => {
      const violations: string[] = []
      for (let n = 0; n <= before; n += 1) {
        const called = await call(transport, planAt(origin)(sent), {}, patience)
        if (called._tag === 'Wrong') violations.push(called.complaint)
        if (called._tag === 'Reply') await gathered(called.reply, 1e6, patience)
      }
      const count = arrived().length
      return count === before + 1 ? violations : [...violations, `${count} requests arrived for ${before + 1} calls`]
    })

/** States that a body that is shorter than its Content-Length is a fault. */
export const detectsTruncation =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, reading: Reading): Promise<Violations> =>
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
      return E.isLeft(body.right) ? [] : [`a body of ${body.right.right.length} instead of 100 octets is not a fault`]
    })

// --- time ------------------------------------------------------------------------------------------------------------

/** When the caller aborts. */
export type Moment = 'before' | 'waiting' | 'reading'

/** Octets of an endless body after which a reader has certainly ignored the abort. */
const ENOUGH = 64 * 1024 * 1024

const BEHAVIOURS = { before: OK, waiting: 'Silence', reading: 'Endless' } as const

/** States that an abort before the request, while waiting or while reading is `Aborted`. */
export const settlesAborted =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, moment: Moment, reading: Reading): Promise<Violations> =>
    on(
      stand,
      () => BEHAVIOURS[moment],
      patience,
    )(async ({ transport, origin, arrived }) => {
      const abort = new AbortController()
      if (moment === 'before') abort.abort()
      const pending = call(transport, planAt(origin)(sent), { signal: abort.signal }, patience)
      if (moment === 'waiting') {
        await until(() => arrived().length > 0, patience)
        abort.abort()
      }
      const called = await pending
      if (moment !== 'reading') {
        const isSent = moment === 'before' && arrived().length > 0
        return [...mustFail(called, 'Aborted'), ...(isSent ? ['a request was sent after the abort'] : [])]
      }
      if (called._tag !== 'Reply') return mustFail(called, 'a reply')
      setImmediate(() => abort.abort())
      const body = await read(reading, called.reply, ENOUGH, patience)
      if (E.isLeft(body)) return [body.left]
      if (E.isRight(body.right)) return ['an endless body ended without a fault although it was aborted']
      const { _tag: tag } = body.right.left
      return tag === 'Aborted' ? [] : [`the body failed as ${tag}, not as Aborted`]
    })

/** Which limit ends the wait. */
export type Patience = 'read' | 'deadline'

/** States that the read timeout and the deadline end a request to a silent server. */
export const keepsTime =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, kind: Patience): Promise<Violations> =>
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

/** States that a request whose body stream fails is a `Left`. */
export const failsWithBody =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, pieces: number): Promise<Violations> =>
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

// --- resources -------------------------------------------------------------------------------------------------------

/** Waits until a condition holds, for at most `patience` milliseconds. Returns whether it holds. */
export const until = async (condition: () => boolean, patience: number): Promise<boolean> => {
  const end = performance.now() + patience
  while (!condition()) {
    if (performance.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return true
}

/** States that discarding a body, even an endless one, releases its connection. */
export const releasesConnection =
  ({ stand, patience }: Subject) =>
  async (sent: Sent): Promise<Violations> =>
    on(
      stand,
      () => 'Endless',
      patience,
    )(async ({ transport, origin, connections }) => {
      const called = await call(transport, planAt(origin)(sent), {}, patience)
      if (called._tag !== 'Reply') return [called._tag === 'Wrong' ? called.complaint : called.fault.message]
      const ended = await settle(() => called.reply.body.discard(), patience)
      if (ended._tag !== 'Settled') return [violationOf('discarding the body', ended, patience) ?? '']
      const isGone = await until(() => connections() === 0, patience)
      return isGone ? [] : ['the connection of a discarded body is still open']
    })

/** What the caller does with a reply. */
export type Ending = 'read' | 'discard' | 'abort' | 'fail'

const BEHAVES = { read: OK, discard: OK, abort: 'Silence', fail: 'HangUp' } as const

/** States that after `close`, no connection is open and the caller's signal has no listener. */
export const leaksNothing =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, endings: ReadonlyArray<Ending>): Promise<Violations> =>
    on(
      stand,
      (n) => BEHAVES[endings[n] ?? 'read'],
      patience,
    )(async ({ transport, origin, arrived, connections }) => {
      const lasting = new AbortController()
      for (const [n, ending] of endings.entries()) {
        const abort = new AbortController()
        const { signal } = ending === 'abort' ? abort : lasting
        const pending = call(transport, planAt(origin)(sent), { signal }, patience)
        if (ending === 'abort') {
          await until(() => arrived().length > n, patience)
          abort.abort()
        }
        const called = await pending
        if (called._tag === 'Wrong') return [called.complaint]
        if (called._tag === 'Reply' && ending === 'read') await gathered(called.reply, 1e6, patience)
        if (called._tag === 'Reply' && ending === 'discard') await settle(() => called.reply.body.discard(), patience)
      }
      const ended = await settle(async () => transport.close?.(), patience)
      const violation = violationOf('closing', ended, patience)
      if (violation !== undefined) return [violation]
      const isQuiet = await until(() => getEventListeners(lasting.signal, 'abort').length === 0, patience)
      const isClosed = await until(() => connections() === 0, patience)
      return [
        ...(isQuiet ? [] : ['the signal still has listeners after the last reply']),
        ...(isClosed ? [] : [`${connections()} connections are open after close`]),
      ]
    })

/** @deprecated Use `detectsTruncation`. */
export const seesCuts = detectsTruncation
/** @deprecated Use `releasesConnection`. */
export const letsGo = releasesConnection

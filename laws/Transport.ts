/**
 * Laws of a transport about requests and replies. Each law returns its violations: none if the law holds.
 *
 * | law                 | states                                                                                     |
 * |---------------------|--------------------------------------------------------------------------------------------|
 * | `sendsThePlan`      | the server receives the method, target, host and body of the plan                          |
 * | `addsNoHeader`      | it receives the headers of the plan in order; Host, Connection, Content-Length and Transfer-Encoding aside |
 * | `sendsOncePerRun`   | a task sends nothing until it runs, and each run sends one request                          |
 * | `repliesAsIs`       | the reply has the status, reason, headers and body of the answer, for redirects and challenges too |
 * | `decodes`           | a gzip, deflate or brotli body is decoded                                                  |
 * | `keepsBodyLimit`    | a body above the limit is `BodyTooLarge`                                                   |
 */
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../src/values/Headers.js'
import * as Secret from '../src/values/Secret.js'
import * as Fault from '../src/wire/Fault.js'
import type { Plan } from '../src/wire/Plan.js'
import { wire } from '../src/wire/Plan.js'
import { type Answer, head, type Reply } from '../src/wire/Reply.js'
import type { SendControls, Transport } from '../src/wire/Transport.js'
import { octetsOf, planAt, type Sent } from './arbitrary/Plan.js'
import { type Arrived, on, type Scene, type TestBed } from './RecordingServer.js'
import { settle, type TaskOutcome, violationOf } from './TaskOutcome.js'

/** How a law is violated; empty if it holds. */
export type Violations = ReadonlyArray<string>

/** A transport with a recording server, and how many milliseconds one step may take. */
export interface Subject {
  readonly stand: TestBed
  readonly patience: number
}

// --- sending and reading ---------------------------------------------------------------------------------------------

/** The outcome of one call: a reply, a fault as a Left, or a violation. */
export type CallOutcome =
  | { readonly _tag: 'Reply'; readonly reply: Reply }
  | { readonly _tag: 'Fault'; readonly fault: Fault.Fault }
  | { readonly _tag: 'Wrong'; readonly complaint: string }

const wrong = (text: string): CallOutcome => ({ _tag: 'Wrong', complaint: text })

const isReply = (value: unknown): value is Reply =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'body' in value

const judged = (ended: TaskOutcome<unknown>, plan: Plan, patience: number): CallOutcome => {
  if (ended._tag !== 'Settled') return wrong(violationOf('the call', ended, patience) ?? '')
  const { value } = ended
  if (typeof value !== 'object' || value === null || !('_tag' in value))
    return wrong('the call did not return an Either')
  if (value._tag === 'Left' && 'left' in value) {
    if (!Fault.is(value.left)) return wrong('the Left is not a fault with a known tag')
    const named = 'plan' in value.left && value.left.plan === plan
    return named ? { _tag: 'Fault', fault: value.left } : wrong(`the fault ${value.left._tag} does not carry its plan`)
  }
  const right = value._tag === 'Right' && 'right' in value ? value.right : undefined
  return isReply(right) ? { _tag: 'Reply', reply: right } : wrong('the Right is not a reply')
}

/** Runs one call. */
export const call = async (
  transport: Transport,
  plan: Plan,
  limits: SendControls,
  patience: number,
): Promise<CallOutcome> => judged(await settle(() => transport(plan, limits)(), patience), plan, patience)

/** Reads the whole body with `gather`. The outer Left is a violation. */
export const gathered = async (
  { body }: Reply,
  limit: number,
  patience: number,
): Promise<E.Either<string, E.Either<Fault.Fault, Uint8Array>>> => {
  const ended = await settle(() => body.gather(limit)(), patience)
  if (ended._tag !== 'Settled') return E.left(violationOf('reading the body', ended, patience) ?? '')
  if (E.isRight(ended.value) || Fault.is(ended.value.left)) return E.right(ended.value)
  return E.left('the Left of a body is not a fault with a known tag')
}

/** Reads the whole body by iteration. Stops soon after `atMost` octets, because a body may be endless. */
export const iterated = async (
  { body }: Reply,
  atMost: number,
  patience: number,
): Promise<E.Either<string, E.Either<Fault.Fault, Uint8Array>>> => {
  const iterator = body[Symbol.asyncIterator]()
  const chunks: Uint8Array[] = []
  let size = 0
  for (let steps = 0; steps <= atMost + 100; steps += 1) {
    const ended = await settle(() => iterator.next(), patience)
    if (ended._tag === 'Rejected' || ended._tag === 'Threw') {
      const isFault = Fault.is(ended.error)
      return isFault ? E.right(E.left(ended.error)) : E.left('the body threw a value that is not a fault')
    }
    if (ended._tag !== 'Settled') return E.left(violationOf('the next piece of the body', ended, patience) ?? '')
    if (ended.value.done === true) return E.right(E.right(Buffer.concat(chunks)))
    chunks.push(ended.value.value)
    size += ended.value.value.length
    if (size > atMost) return E.left(`the body did not end after the ${atMost} octets of the answer`)
  }
  return E.left(`the body did not end after ${atMost + 100} chunks for ${atMost} octets`)
}

/** How a body is read. */
export type Reading = 'gather' | 'iterate'

/** Reads at most that many octets of a reply, in one of two ways. `patience` is in milliseconds. */
export const read = (
  reading: Reading,
  reply: Reply,
  atMost: number,
  patience: number,
): Promise<E.Either<string, E.Either<Fault.Fault, Uint8Array>>> =>
  reading === 'gather' ? gathered(reply, Math.max(atMost, 1), patience) : iterated(reply, atMost, patience)

const same = (x: Uint8Array, y: Uint8Array): boolean => Buffer.compare(x, y) === 0

const shown = (fields: ReadonlyArray<readonly [string, string]>): string =>
  fields.map(([name, value]) => `${name}: ${value}`).join(' | ')

// --- requests --------------------------------------------------------------------------------------------------------

const FRAMING = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])
const OF_REPLY = new Set(['connection', 'keep-alive', 'content-length', 'transfer-encoding'])

const unframed = (
  fields: ReadonlyArray<readonly [string, string]>,
  framing: ReadonlySet<string> = FRAMING,
): ReadonlyArray<readonly [string, string]> =>
  fields.map(([name, value]) => [name.toLowerCase(), value] as const).filter(([name]) => !framing.has(name))

/** Sends one request, reads the reply, and passes the request that arrived to `look`. */
const delivered =
  ({ stand, patience }: Subject, answer: Answer) =>
  async (sent: Sent, look: (arrived: Arrived, plan: Plan, scene: Scene) => Violations): Promise<Violations> =>
    on(
      stand,
      () => answer,
      patience,
    )(async (scene) => {
      const plan = planAt(scene.origin)(sent)
      const called = await call(scene.transport, plan, {}, patience)
      if (called._tag === 'Wrong') return [called.complaint]
      if (called._tag === 'Fault') return [`the call failed: ${called.fault._tag}: ${called.fault.message}`]
      const body = await gathered(called.reply, 1e6, patience)
      if (E.isLeft(body)) return [body.left]
      const [first, ...others] = scene.arrived()
      if (first === undefined) return ['no request arrived']
      return others.length > 0 ? [`${others.length + 1} requests arrived for one call`] : look(first, plan, scene)
    })

const OK: Answer = { status: 200, body: 'ok' }

/** States that the server receives the method, target, host and body of the plan. */
export const sendsThePlan = (subject: Subject) => (sent: Sent) =>
  delivered(subject, OK)(sent, ({ method, target, headers, body }, plan, { origin }) => {
    const wanted = `${plan.url.pathname}${plan.url.search}`
    const host = headers.find(([name]) => name.toLowerCase() === 'host')
    const octets = octetsOf(sent.content)
    // A transport over a function adds no Host, and passes a stream without reading it.
    const isStream = sent.content._tag === 'Stream' || sent.content._tag === 'Once'
    const isWhole = O.isSome(body) ? same(body.value, octets) : octets.length === 0 || isStream
    return [
      ...(method === plan.method ? [] : [`the method ${plan.method} arrived as ${method}`]),
      ...(target === wanted ? [] : [`the target ${wanted} arrived as ${target}`]),
      ...(host === undefined || origin.endsWith(`//${host[1]}`) ? [] : [`the host arrived as ${host[1]}`]),
      ...(isWhole
        ? []
        : [`the body's ${octets.length} octets arrived as ${O.isSome(body) ? body.value.length : 'none'}`]),
    ]
  })

/**
 * States that the server receives the headers of the plan in order; Host, Connection, Content-Length and
 * Transfer-Encoding aside.
 */
export const addsNoHeader = (subject: Subject) => (sent: Sent) =>
  delivered(subject, OK)(sent, ({ headers }, plan) => {
    const [wanted, came] = [shown(unframed(wire(plan).headers)), shown(unframed(headers))]
    return wanted === came ? [] : [`the headers of the plan are\n  ${wanted}\nand the server received\n  ${came}`]
  })

/** A task sends nothing until it runs. Each run sends one request. */
export const sendsOncePerRun =
  ({ stand, patience }: Subject) =>
  async (sent: Sent): Promise<Violations> =>
    on(
      stand,
      () => OK,
      patience,
    )(async ({ transport, origin, arrived }) => {
      const plan = planAt(origin)(sent)
      const violations: string[] = []
      const counted = async (wanted: number, run: () => PromiseLike<unknown>): Promise<void> => {
        const ended = await settle(run, patience)
        const violation = violationOf('the call', ended, patience)
        if (violation !== undefined) violations.push(violation)
        const called = judged(ended, plan, patience)
        if (called._tag === 'Reply') await gathered(called.reply, 1e6, patience)
        const count = arrived().length
        if (count !== wanted) violations.push(`${count} requests arrived after ${wanted} runs`)
      }
      const made = await settle(async () => ({ task: transport(plan, {}) }), patience)
      if (made._tag !== 'Settled') return [violationOf('making the task', made, patience) ?? '']
      // Completes another call first: a request that the task above sent too early has arrived by then.
      await counted(1, () => transport(plan, {})())
      await counted(2, made.value.task)
      await counted(3, made.value.task)
      return violations
    })

// --- replies ---------------------------------------------------------------------------------------------------------

const bodyOf = ({ body = '' }: Answer): Uint8Array => (typeof body === 'string' ? Buffer.from(body) : body)

/** Sends one request and compares the reply with the answer. */
export const repliesAsIs =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, answer: Answer, reading: Reading): Promise<Violations> =>
    on(
      stand,
      () => answer,
      patience,
    )(async ({ transport, origin, arrived }) => {
      const called = await call(transport, planAt(origin)(sent), {}, patience)
      if (called._tag === 'Wrong') return [called.complaint]
      if (called._tag === 'Fault') return [`the call failed: ${called.fault._tag}: ${called.fault.message}`]
      const { reply } = called
      const wanted = head(answer)
      const octets = bodyOf(answer)
      const body = await read(reading, reply, octets.length, patience)
      const count = arrived().length
      const fields = [wanted, reply].map(({ headers }) => shown(unframed(Headers.reveal(headers), OF_REPLY)))
      const isOpen = Headers.valuesOf(reply.headers, 'Set-Cookie').some((value) => !Secret.is(value))
      return [
        ...(count === 1 ? [] : [`${count} requests arrived for one call`]),
        ...(reply.status === wanted.status ? [] : [`the status is ${reply.status} instead of ${wanted.status}`]),
        ...(reply.reason === wanted.reason ? [] : [`the reason is "${reply.reason}" instead of "${wanted.reason}"`]),
        ...(fields[0] === fields[1]
          ? []
          : [`the headers of the answer are\n  ${fields[0]}\nand the reply has\n  ${fields[1]}`]),
        ...(isOpen ? ['a Set-Cookie value is not a secret: make the reply with Transport.reply'] : []),
        ...wholeOr(body, octets),
      ]
    })

const wholeOr = (body: E.Either<string, E.Either<Fault.Fault, Uint8Array>>, octets: Uint8Array): Violations => {
  if (E.isLeft(body)) return [body.left]
  if (E.isLeft(body.right)) return [`the body failed: ${body.right.left._tag}: ${body.right.left.message}`]
  const { right: came } = body.right
  return same(came, octets)
    ? []
    : [`the body has ${came.length} octets that differ from the ${octets.length} of the answer`]
}

/** A content coding that every transport decodes. */
export type Coding = 'gzip' | 'deflate' | 'br'

/** Typed without zlib's types, so that the declarations of the package need no types of Node. */
const CODERS: Readonly<Record<Coding, (octets: Uint8Array) => Uint8Array>> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
}

/** States that a gzip, deflate or brotli body is decoded. */
export const decodes =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, text: string, coding: Coding, reading: Reading): Promise<Violations> => {
    const octets = Buffer.from(text)
    const answer: Answer = { status: 200, headers: { 'Content-Encoding': coding }, body: CODERS[coding](octets) }
    return on(
      stand,
      () => answer,
      patience,
    )(async ({ transport, origin }) => {
      const called = await call(transport, planAt(origin)(sent), {}, patience)
      if (called._tag === 'Wrong') return [called.complaint]
      if (called._tag === 'Fault') return [`the call failed: ${called.fault._tag}: ${called.fault.message}`]
      return wholeOr(await read(reading, called.reply, octets.length, patience), octets)
    })
  }

/** States that a body above the limit is `BodyTooLarge`. */
export const keepsBodyLimit =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, size: number, limit: number): Promise<Violations> =>
    on(
      stand,
      () => ({ status: 200, body: 'x'.repeat(size) }),
      patience,
    )(async ({ transport, origin }) => {
      const called = await call(transport, planAt(origin)(sent), {}, patience)
      if (called._tag !== 'Reply') return [called._tag === 'Wrong' ? called.complaint : called.fault.message]
      const body = await gathered(called.reply, limit, patience)
      if (E.isLeft(body)) return [body.left]
      const came = E.isLeft(body.right) ? body.right.left._tag : `${body.right.right.length} octets`
      const wanted = size > limit ? 'BodyTooLarge' : `${size} octets`
      return came === wanted
        ? []
        : [`a body of ${size} octets with a limit of ${limit} is ${came} instead of ${wanted}`]
    })

/** @deprecated Use `Violations`. */
export type Complaints = Violations
/** @deprecated Use `CallOutcome`. */
export type Called = CallOutcome

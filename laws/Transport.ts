/**
 * What anyone's transport must do with a request and its reply, as predicates that say what is wrong.
 *
 * | law                 | says                                                                                       |
 * |---------------------|--------------------------------------------------------------------------------------------|
 * | `sendsThePlan`      | method, target, host and body that arrive are the plan's                                   |
 * | `addsNoHeader`      | so are the headers, in order, but for Host, Connection, Content-Length, Transfer-Encoding  |
 * | `sendsOncePerRun`   | a task does nothing until it is run, and sends one request for each run                    |
 * | `repliesAsIs`       | status, reason, headers and body are those of the answer, a redirect's and a challenge's too |
 * | `decodes`           | a body under gzip, deflate or brotli comes as it was before                                |
 * | `keepsBodyLimit`    | a body above the limit is `BodyTooLarge`                                                   |
 *
 * A statement gives its complaints; none is "it holds".
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
import { type Arrived, on, type Scene, type Stand } from './RecordingServer.js'
import { complaint, type Ended, settle } from './TaskOutcome.js'

/** What is wrong; nothing where a law holds. */
export type Complaints = ReadonlyArray<string>

/** A transport in front of a server that watches it, and how many milliseconds one step may take. */
export interface Subject {
  readonly stand: Stand
  readonly patience: number
}

// --- sending and reading ---------------------------------------------------------------------------------------------

/** What one call came to: a reply, a fault that was a Left, or something that no transport may do. */
export type Called =
  | { readonly _tag: 'Reply'; readonly reply: Reply }
  | { readonly _tag: 'Fault'; readonly fault: Fault.Fault }
  | { readonly _tag: 'Wrong'; readonly complaint: string }

const wrong = (text: string): Called => ({ _tag: 'Wrong', complaint: text })

const isReply = (value: unknown): value is Reply =>
  typeof value === 'object' && value !== null && 'status' in value && 'headers' in value && 'body' in value

const judged = (ended: Ended<unknown>, plan: Plan, patience: number): Called => {
  if (ended._tag !== 'Settled') return wrong(complaint('the call', ended, patience) ?? '')
  const { value } = ended
  if (typeof value !== 'object' || value === null || !('_tag' in value)) return wrong('the call gave no Either')
  if (value._tag === 'Left' && 'left' in value) {
    if (!Fault.is(value.left)) return wrong('the Left holds no fault with one of the known tags')
    const named = 'plan' in value.left && value.left.plan === plan
    return named ? { _tag: 'Fault', fault: value.left } : wrong(`the fault ${value.left._tag} does not name its plan`)
  }
  const right = value._tag === 'Right' && 'right' in value ? value.right : undefined
  return isReply(right) ? { _tag: 'Reply', reply: right } : wrong('the Right holds no reply')
}

/** Runs one call to its end. */
export const call = async (transport: Transport, plan: Plan, limits: SendControls, patience: number): Promise<Called> =>
  judged(await settle(() => transport(plan, limits)(), patience), plan, patience)

/** The whole body by `gather`, or what is wrong. */
export const gathered = async (
  { body }: Reply,
  limit: number,
  patience: number,
): Promise<E.Either<string, E.Either<Fault.Fault, Uint8Array>>> => {
  const ended = await settle(() => body.gather(limit)(), patience)
  if (ended._tag !== 'Settled') return E.left(complaint('reading the body', ended, patience) ?? '')
  if (E.isRight(ended.value) || Fault.is(ended.value.left)) return E.right(ended.value)
  return E.left('the Left of a body holds no fault with one of the known tags')
}

/** The whole body by iterating, no more than a little above `atMost` octets: a body may not end. */
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
      return isFault ? E.right(E.left(ended.error)) : E.left('the body threw something that is no fault')
    }
    if (ended._tag !== 'Settled') return E.left(complaint('the next piece of the body', ended, patience) ?? '')
    if (ended.value.done === true) return E.right(E.right(Buffer.concat(chunks)))
    chunks.push(ended.value.value)
    size += ended.value.value.length
    if (size > atMost) return E.left(`the body did not end: more than the ${atMost} octets of the answer came`)
  }
  return E.left(`the body did not end: ${atMost + 100} pieces came, for ${atMost} octets`)
}

/** How a body is read. */
export type Reading = 'gather' | 'iterate'

export const read = (reading: Reading, reply: Reply, atMost: number, patience: number) =>
  reading === 'gather' ? gathered(reply, Math.max(atMost, 1), patience) : iterated(reply, atMost, patience)

const same = (x: Uint8Array, y: Uint8Array): boolean => Buffer.compare(x, y) === 0

const shown = (fields: ReadonlyArray<readonly [string, string]>): string =>
  fields.map(([name, value]) => `${name}: ${value}`).join(' | ')

// --- what goes out ---------------------------------------------------------------------------------------------------

const FRAMING = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])
const OF_REPLY = new Set(['connection', 'keep-alive', 'content-length', 'transfer-encoding'])

const unframed = (
  fields: ReadonlyArray<readonly [string, string]>,
  framing: ReadonlySet<string> = FRAMING,
): ReadonlyArray<readonly [string, string]> =>
  fields.map(([name, value]) => [name.toLowerCase(), value] as const).filter(([name]) => !framing.has(name))

/** Sends one request and reads the reply, whatever it is; gives what arrived. */
const delivered =
  ({ stand, patience }: Subject, answer: Answer) =>
  async (sent: Sent, look: (arrived: Arrived, plan: Plan, scene: Scene) => Complaints): Promise<Complaints> =>
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

export const sendsThePlan = (subject: Subject) => (sent: Sent) =>
  delivered(subject, OK)(sent, ({ method, target, headers, body }, plan, { origin }) => {
    const wanted = `${plan.url.pathname}${plan.url.search}`
    const host = headers.find(([name]) => name.toLowerCase() === 'host')
    const octets = octetsOf(sent.content)
    // A transport that takes a function has no Host and hands a stream on unread.
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

export const addsNoHeader = (subject: Subject) => (sent: Sent) =>
  delivered(subject, OK)(sent, ({ headers }, plan) => {
    const [wanted, came] = [shown(unframed(wire(plan).headers)), shown(unframed(headers))]
    return wanted === came ? [] : [`the headers of the plan are\n  ${wanted}\nand there arrived\n  ${came}`]
  })

/** A task does nothing until it is run; each run of it sends once. */
export const sendsOncePerRun =
  ({ stand, patience }: Subject) =>
  async (sent: Sent): Promise<Complaints> =>
    on(
      stand,
      () => OK,
      patience,
    )(async ({ transport, origin, arrived }) => {
      const plan = planAt(origin)(sent)
      const complaints: string[] = []
      const counted = async (wanted: number, run: () => PromiseLike<unknown>): Promise<void> => {
        const ended = await settle(run, patience)
        const said = complaint('the call', ended, patience)
        if (said !== undefined) complaints.push(said)
        const called = judged(ended, plan, patience)
        if (called._tag === 'Reply') await gathered(called.reply, 1e6, patience)
        const count = arrived().length
        if (count !== wanted) complaints.push(`${count} requests arrived where ${wanted} had been run`)
      }
      const made = await settle(async () => ({ task: transport(plan, {}) }), patience)
      if (made._tag !== 'Settled') return [complaint('making the task', made, patience) ?? '']
      // Another call, run to its end: what the task above sent of itself would be there by now.
      await counted(1, () => transport(plan, {})())
      await counted(2, made.value.task)
      await counted(3, made.value.task)
      return complaints
    })

// --- what comes back -------------------------------------------------------------------------------------------------

const bodyOf = ({ body = '' }: Answer): Uint8Array => (typeof body === 'string' ? Buffer.from(body) : body)

/** Sends one request and compares the reply with the answer. */
export const repliesAsIs =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, answer: Answer, reading: Reading): Promise<Complaints> =>
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
        ...(reply.status === wanted.status ? [] : [`the status ${wanted.status} came as ${reply.status}`]),
        ...(reply.reason === wanted.reason ? [] : [`the reason "${wanted.reason}" came as "${reply.reason}"`]),
        ...(fields[0] === fields[1] ? [] : [`the answer's headers\n  ${fields[0]}\ncame as\n  ${fields[1]}`]),
        ...(isOpen ? ['a Set-Cookie value came that is no secret: use Transport.reply'] : []),
        ...wholeOr(body, octets),
      ]
    })

const wholeOr = (body: E.Either<string, E.Either<Fault.Fault, Uint8Array>>, octets: Uint8Array): Complaints => {
  if (E.isLeft(body)) return [body.left]
  if (E.isLeft(body.right)) return [`the body failed: ${body.right.left._tag}: ${body.right.left.message}`]
  const { right: came } = body.right
  return same(came, octets) ? [] : [`the body's ${octets.length} octets came as ${came.length}, or as others`]
}

const CODERS = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync } as const
export type Coding = keyof typeof CODERS

export const decodes =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, text: string, coding: Coding, reading: Reading): Promise<Complaints> => {
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

export const keepsBodyLimit =
  ({ stand, patience }: Subject) =>
  async (sent: Sent, size: number, limit: number): Promise<Complaints> =>
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
      return came === wanted ? [] : [`${size} octets under a limit of ${limit} came as ${came}, not as ${wanted}`]
    })

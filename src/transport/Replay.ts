/**
 * Answers from a tape: the same plans get the same outcomes, in the order in which they were recorded, each once.
 *
 * | plan                                               | answer                                                        |
 * |----------------------------------------------------|---------------------------------------------------------------|
 * | is on the tape                                     | the first outcome recorded for it that was not used yet       |
 * | is on the tape with the content of its body        | only an outcome for the same content                          |
 * | is not on the tape, or was sent more often than recorded | `ProtocolError`, which names the difference from the nearest entry |
 *
 * A secret matches any secret in the same field. User-Agent, Accept-Encoding and Connection are not compared.
 *
 * Law: replaying what was recorded gives the same outcomes, except for redacted values.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Octets from '../values/Octets.js'
import * as Secret from '../values/Secret.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from '../wire/Fault.js'
import { joinChunks } from '../wire/Parts.js'
import { type Plan, urlWithoutQuery } from '../wire/Plan.js'
import { concat, type Reply, reply } from '../wire/Reply.js'
import { type SendControls, type Transport, type TransportError, withPlan } from '../wire/Transport.js'
import { abortedBeforeSend } from './Cancellation.js'
import type { Asked, Entry, Tape } from './TapeEntry.js'
import * as TapeEntry from './TapeEntry.js'

// --- comparing plans -----------------------------------------------------------------------------------------------

/** Fields that differ between machines and releases without changing what is requested. */
const IGNORED: ReadonlySet<string> = new Set(['user-agent', 'accept-encoding', 'connection'])

// A multipart body gets a new random boundary each time that it is sent.
const BOUNDARY = /(;\s*boundary=)("[^"]*"|[^;\s]*)/i

/** Returns the header fields that are compared: lower-case names, sorted, without multipart boundaries. */
const fields = ({ headers }: Asked): TapeEntry.Pairs =>
  headers
    .map(([name, value]): readonly [string, string] => [name.toLowerCase(), value.replace(BOUNDARY, '$1…')])
    .filter(([name]) => !IGNORED.has(name))
    .sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))

/** Returns a text that is equal for plans that a replay takes for the same, apart from the content of their bodies. */
export const key = (plan: Asked): string => {
  const size = O.isSome(plan.body) ? O.toUndefined(plan.body.value.length) : undefined
  return JSON.stringify([plan.method, plan.url, fields(plan), O.isSome(plan.body), size])
}

/** Returns the content of a body in the form that is compared: a multipart body without its boundary. */
const comparable = ({ headers }: Asked, content: Uint8Array): string => {
  const text = Octets.toLatin1(content)
  const boundary = BOUNDARY.exec(TapeEntry.valueOf(headers, 'content-type'))?.[2]?.replace(/^"|"$/g, '') ?? ''
  return boundary === '' ? text : text.replaceAll(boundary, '…')
}

// --- finding an entry ----------------------------------------------------------------------------------------------

interface TapePosition {
  readonly entry: Entry
  isUsed: boolean
}

type Index = ReadonlyMap<string, ReadonlyArray<TapePosition>>

const indexOf = ({ entries }: Tape): Index => {
  const index = new Map<string, TapePosition[]>()
  for (const entry of entries) {
    const name = key(entry.asked)
    const positions = index.get(name) ?? []
    positions.push({ entry, isUsed: false })
    index.set(name, positions)
  }
  return index
}

const recordedContent = ({ entry }: TapePosition): O.Option<Uint8Array> =>
  O.flatMap(({ content }: TapeEntry.Payload) => content)(entry.asked.body)

const contentOf = async ({ body }: Plan): Promise<E.Either<Fault.Fault, Uint8Array>> => {
  if (body._tag === 'Empty') return E.right(new Uint8Array(0))
  if (body._tag === 'Bytes') return E.right(Secret.open(body.bytes))
  try {
    const chunks: Uint8Array[] = []
    let joined = 0
    for await (const chunk of body._tag === 'Stream' ? body.open() : body.source) {
      chunks.push(chunk)
      joined = joinChunks(chunks, joined)
    }
    return E.right(concat(chunks))
  } catch (cause) {
    const message = `The request body could not be read: ${Fault.messageOf(cause)}`
    return E.left(Fault.make('RequestBodyFailed', message, cause))
  }
}

const differences = (x: Asked, y: Asked): ReadonlyArray<string> => {
  const valuesOf = (plan: Asked, name: string): string =>
    JSON.stringify(fields(plan).filter(([other]) => other === name))
  const names = new Set([...fields(x), ...fields(y)].map(([name]) => name))
  const different = [...names].filter((name) => valuesOf(x, name) !== valuesOf(y, name))
  const size = ({ body }: Asked): string => JSON.stringify(O.isSome(body) ? body.value.length : 'none')
  return size(x) === size(y) ? different : [...different, 'the length of the body']
}

const notFound = ({ entries }: Tape, plan: Plan, wanted: Asked): Fault.Fault => {
  const alike = entries.filter((entry) => entry.asked.method === wanted.method && entry.asked.url === wanted.url)
  const [nearest] = alike.map((entry) => differences(entry.asked, wanted)).sort((a, b) => a.length - b.length)
  const reason =
    nearest === undefined
      ? `none of its ${entries.length} entries has this method, URL and query`
      : nearest.length === 0
        ? 'the request was sent more often than it was recorded, or with a different body'
        : `the nearest entry differs in ${nearest.join(', ')}`
  return Fault.make('ProtocolError', `The tape has no reply for ${plan.method} ${urlWithoutQuery(plan)}: ${reason}`)
}

const find = async (
  positions: ReadonlyArray<TapePosition>,
  plan: Plan,
  wanted: Asked,
): Promise<E.Either<Fault.Fault, TapePosition | undefined>> => {
  const unused = positions.filter(({ isUsed }) => !isUsed)
  if (unused.every((position) => O.isNone(recordedContent(position)))) return E.right(unused[0])
  const read = await contentOf(plan)
  if (E.isLeft(read)) return read
  const content = comparable(wanted, read.right)
  // Another call may have used a position while this one read its body.
  const found = unused.find((position) => {
    const recorded = recordedContent(position)
    return !position.isUsed && (O.isNone(recorded) || comparable(position.entry.asked, recorded.value) === content)
  })
  return E.right(found)
}

// --- answering -----------------------------------------------------------------------------------------------------

async function* cutBody(bytes: Uint8Array, end: 'Left' | Fault.Fault): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
  // A source reports faults to its reader as exceptions.
  throw end === 'Left' ? Fault.make('BodyCut', 'The body was not recorded to its end') : end
}

const replyOf = ({ bytes, end, ...rest }: TapeEntry.Answered): Reply =>
  reply({ ...rest, body: end === 'Whole' ? bytes : cutBody(bytes, end) })

const answer = async (
  tape: Tape,
  index: Index,
  plan: Plan,
  { signal }: SendControls,
): Promise<E.Either<TransportError, Reply>> => {
  if (signal?.aborted) return E.left(abortedBeforeSend(plan, signal))
  const wanted = TapeEntry.asked(plan)
  const found = await find(index.get(key(wanted)) ?? [], plan, wanted)
  if (E.isLeft(found)) return E.left(withPlan(plan, found.left))
  if (found.right === undefined) return E.left(withPlan(plan, notFound(tape, plan, wanted)))
  found.right.isUsed = true
  const { outcome } = found.right.entry
  return E.isLeft(outcome) ? E.left(withPlan(plan, outcome.left)) : E.right(replyOf(outcome.right))
}

/** Returns a transport that answers from the beginning of a tape, and sends nothing. */
export const replay = (tape: Tape): Transport => {
  const index = indexOf(tape)
  return (plan, controls) => () => answer(tape, index, plan, UserInput.own(controls))
}

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
import * as Secret from '../values/Secret.js'
import * as UserInput from '../values/UserInput.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { concat, head, once, type Reply, type Source, tooLarge } from '../wire/Reply.js'
import { at, type SendControls, type Transport, type TransportError } from '../wire/Transport.js'
import type { Answered, Asked, Entry, Tape } from './TapeEntry.js'
import { comparable, fields, key } from './TapeMatch.js'
import { asked } from './TapeRedaction.js'

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
    const position = { entry, isUsed: false }
    const others = index.get(name)
    if (others === undefined) index.set(name, [position])
    else others.push(position)
  }
  return index
}

const recordedContent = ({ entry }: TapePosition): O.Option<Uint8Array> =>
  O.isSome(entry.asked.body) ? entry.asked.body.value.content : O.none

/** Reads the body of a plan, as sending it would. */
const contentOf = async ({ body }: Plan): Promise<E.Either<Fault.Fault, Uint8Array>> => {
  if (body._tag === 'Empty') return E.right(new Uint8Array(0))
  if (body._tag === 'Bytes') return E.right(Secret.open(body.bytes))
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of body._tag === 'Stream' ? body.open() : body.source) chunks.push(chunk)
    return E.right(concat(chunks))
  } catch (cause) {
    return E.left(
      Fault.make('RequestBodyFailed', `The request body could not be read: ${Fault.messageOf(cause)}`, cause),
    )
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

const notFound = ({ entries }: Tape, wanted: Asked): Fault.Fault => {
  const alike = entries.filter((entry) => entry.asked.method === wanted.method && entry.asked.url === wanted.url)
  const [nearest] = alike.map((entry) => differences(entry.asked, wanted)).sort((a, b) => a.length - b.length)
  const reason =
    nearest === undefined
      ? `none of its ${entries.length} entries has this method and URL`
      : nearest.length === 0
        ? 'the request was sent more often than it was recorded, or with a different body'
        : `the nearest entry differs in ${nearest.join(', ')}`
  return Fault.make('ProtocolError', `The tape has no reply for ${wanted.method} ${wanted.url}: ${reason}`)
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

/** Returns the fault with which reading a recorded body ends, if any. */
const endFault = ({ end }: Answered): Fault.Fault | undefined => {
  if (end === 'Whole') return undefined
  return end === 'Left' ? Fault.make('BodyCut', 'The body was not recorded to its end') : end
}

const sourceOf = (answered: Answered): Source =>
  once({
    gather: (limit) => async () => {
      if (answered.bytes.length > limit) return E.left(tooLarge(limit))
      const fault = endFault(answered)
      return fault === undefined ? E.right(answered.bytes) : E.left(fault)
    },
    discard: async () => {},
    async *[Symbol.asyncIterator]() {
      if (answered.bytes.length > 0) yield answered.bytes
      const fault = endFault(answered)
      if (fault !== undefined) throw fault // `Source` reports faults to its reader as exceptions
    },
  })

const replyOf = (answered: Answered): Reply => ({ ...head(answered), body: sourceOf(answered) })

const answer = async (
  tape: Tape,
  index: Index,
  plan: Plan,
  { signal }: SendControls,
): Promise<E.Either<TransportError, Reply>> => {
  if (signal?.aborted) {
    return E.left(at(plan, Fault.unsent(Fault.make('Aborted', 'The request was aborted before it was sent'))))
  }
  const wanted = asked(plan)
  const found = await find(index.get(key(wanted)) ?? [], plan, wanted)
  if (E.isLeft(found)) return E.left(at(plan, found.left))
  if (found.right === undefined) return E.left(at(plan, notFound(tape, wanted)))
  found.right.isUsed = true
  const { outcome } = found.right.entry
  return E.isLeft(outcome) ? E.left(at(plan, outcome.left)) : E.right(replyOf(outcome.right))
}

/** Returns a transport that answers from the beginning of a tape, and sends nothing. */
export const replay = (tape: Tape): Transport => {
  const index = indexOf(tape)
  return (plan, controls) => () => answer(tape, index, plan, UserInput.own(controls))
}

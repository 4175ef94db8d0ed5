/**
 * Answering from a tape: the same plans get the same outcomes, in the order in which they were recorded, each once.
 *
 * | a plan                                                  | gets                                                    |
 * |---------------------------------------------------------|---------------------------------------------------------|
 * | that is on the tape                                     | the first outcome for it that was not given yet         |
 * | whose content was kept                                  | only an outcome for the same content                    |
 * | that is not on it, or was asked for too often            | `ProtocolError`, which says what the nearest differs in  |
 *
 * Secrets match any secret in their place, and User-Agent, Accept-Encoding and Connection are not looked at.
 *
 * Laws: replay after record is the identity, but for what is redacted.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as Secret from '../values/Secret.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { concat, head, once, type Reply, type Source, tooLarge } from '../wire/Reply.js'
import { at, type SendControls, type Transport, type TransportError } from '../wire/Transport.js'
import * as Tape from './Tape.js'

// --- finding -------------------------------------------------------------------------------------------------------

interface Place {
  readonly entry: Tape.Entry
  isUsed: boolean
}

const index = ({ entries }: Tape.Tape): ReadonlyMap<string, ReadonlyArray<Place>> => {
  const places = new Map<string, Place[]>()
  for (const entry of entries) {
    const key = Tape.key(entry.asked)
    const place = { entry, isUsed: false }
    const others = places.get(key)
    if (others === undefined) places.set(key, [place])
    else others.push(place)
  }
  return places
}

const recorded = ({ entry }: Place): O.Option<Uint8Array> =>
  O.isSome(entry.asked.body) ? entry.asked.body.value.content : O.none

/** The content of a plan's body; it is read as sending would read it. */
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

const differences = (x: Tape.Asked, y: Tape.Asked): ReadonlyArray<string> => {
  const lines = (asked: Tape.Asked, name: string): string =>
    JSON.stringify(Tape.fields(asked).filter(([other]) => other === name))
  const names = new Set([...Tape.fields(x), ...Tape.fields(y)].map(([name]) => name))
  const fields = [...names].filter((name) => lines(x, name) !== lines(y, name))
  const size = ({ body }: Tape.Asked): string => JSON.stringify(O.isSome(body) ? body.value.length : 'none')
  return size(x) === size(y) ? fields : [...fields, 'the length of the body']
}

const missing = (tape: Tape.Tape, wanted: Tape.Asked): Fault.Fault => {
  const alike = tape.entries.filter(({ asked }) => asked.method === wanted.method && asked.url === wanted.url)
  const [nearest] = alike.map(({ asked }) => differences(asked, wanted)).sort((a, b) => a.length - b.length)
  const why =
    nearest === undefined
      ? `it has ${tape.entries.length} entries, none for that method and URL`
      : nearest.length === 0
        ? 'it was asked for more often than it was recorded, or with another body'
        : `the nearest entry differs in ${nearest.join(', ')}`
  return Fault.make('ProtocolError', `The tape holds no reply to ${wanted.method} ${wanted.url}: ${why}`)
}

const find = async (
  places: ReadonlyArray<Place>,
  plan: Plan,
  wanted: Tape.Asked,
): Promise<E.Either<Fault.Fault, Place | undefined>> => {
  const open = places.filter(({ isUsed }) => !isUsed)
  if (open.every((place) => O.isNone(recorded(place)))) return E.right(open[0])
  const content = await contentOf(plan)
  if (E.isLeft(content)) return content
  const mine = Tape.comparable(wanted, content.right)
  // While the body was read, another may have taken what was free.
  const found = open.find((place) => {
    const theirs = recorded(place)
    return !place.isUsed && (O.isNone(theirs) || Tape.comparable(place.entry.asked, theirs.value) === mine)
  })
  return E.right(found)
}

// --- answering -----------------------------------------------------------------------------------------------------

/** How the reading of a recorded body ends: well, or as it did then. */
const endOf = ({ end }: Tape.Answered): Fault.Fault | undefined => {
  if (end === 'Whole') return undefined
  return end === 'Left' ? Fault.make('BodyCut', 'The body was not recorded to its end') : end
}

/** The recorded body, which is read once. */
const sourceOf = (answered: Tape.Answered): Source =>
  once({
    gather: (limit) => async () => {
      if (answered.bytes.length > limit) return E.left(tooLarge(limit))
      const fault = endOf(answered)
      return fault === undefined ? E.right(answered.bytes) : E.left(fault)
    },
    discard: async () => {},
    async *[Symbol.asyncIterator]() {
      if (answered.bytes.length > 0) yield answered.bytes
      const fault = endOf(answered)
      if (fault !== undefined) throw fault // an iterable has no other way to fail; the port says it throws faults
    },
  })

const replyOf = (answered: Tape.Answered): Reply => ({ ...head(answered), body: sourceOf(answered) })

const answer = async (
  tape: Tape.Tape,
  places: ReadonlyMap<string, ReadonlyArray<Place>>,
  plan: Plan,
  { signal }: SendControls,
): Promise<E.Either<TransportError, Reply>> => {
  if (signal?.aborted) return E.left(at(plan, Fault.unsent(Fault.make('Aborted', 'Aborted before it was sent'))))
  const wanted = Tape.asked(plan)
  const found = await find(places.get(Tape.key(wanted)) ?? [], plan, wanted)
  if (E.isLeft(found)) return E.left(at(plan, found.left))
  if (found.right === undefined) return E.left(at(plan, missing(tape, wanted)))
  found.right.isUsed = true
  const { outcome } = found.right.entry
  return E.isLeft(outcome) ? E.left(at(plan, outcome.left)) : E.right(replyOf(outcome.right))
}

/** A transport that answers from a tape, from its beginning, and sends nothing. */
export const replay = (tape: Tape.Tape): Transport => {
  const places = index(tape)
  return (plan, limits) => () => answer(tape, places, plan, OwnProperty.of(limits))
}

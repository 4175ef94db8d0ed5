/**
 * Removes a signature from a plan, also if the plan was edited after it was signed: what the signature changed is restored, and
 * every other field stays. A plan carries what was written in its provenance.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../values/Headers.js'
import * as Url from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'
import * as Provenance from './prepare/Provenance.js'

const namesOf = ({ fields }: Headers.Headers): ReadonlySet<string> =>
  new Set(fields.map(([name]) => name.toLowerCase()))

const sameField = (x: Headers.Headers, y: Headers.Headers, name: string): boolean => {
  const [before, after] = [Headers.valuesOf(x, name), Headers.valuesOf(y, name)]
  return before.length === after.length && before.every((value, i) => value === after[i])
}

/** Restores the fields that a signature changed. Fields that were edited later stay. */
const unsignedHeaders = (current: Headers.Headers, { before, after }: Provenance.Signature): Headers.Headers => {
  if (current === after.headers) return before.headers
  const names = new Set([...namesOf(before.headers), ...namesOf(after.headers)])
  const written = new Set([...names].filter((name) => !sameField(before.headers, after.headers, name)))
  const isWritten = ([name]: Headers.Field): boolean => written.has(name.toLowerCase())
  return {
    fields: [
      ...current.fields.filter((field) => !isWritten(field)),
      ...before.headers.fields.filter((field) => isWritten(field)),
    ],
  }
}

/** Returns the pieces of a query, as they are sent. */
export const piecesOf = (url: Url.Url): ReadonlyArray<string> => {
  const search = Url.sentSearch(url)
  return search.length < 2 ? [] : search.slice(1).split('&')
}

/** Writes a space in its other form: a signer may write `%20` for `+`, and the piece is still the same. */
export const withEscapedSpaces = (piece: string): string => piece.replaceAll('+', '%20')

/** Returns the pieces of a query that another one lacks; a repeated piece counts as often as it stands. */
export const added = (before: ReadonlyArray<string>, after: ReadonlyArray<string>): ReadonlySet<number> => {
  const left = new Map<string, number>()
  for (const piece of before.map(withEscapedSpaces)) left.set(piece, (left.get(piece) ?? 0) + 1)
  const found = new Set<number>()
  for (const [i, piece] of after.map(withEscapedSpaces).entries()) {
    const count = left.get(piece) ?? 0
    if (count === 0) found.add(i)
    else left.set(piece, count - 1)
  }
  return found
}

/** A piece of a query: as it is sent, and as it is shown. */
interface Piece {
  readonly sent: string
  readonly shown: string
}

const shownPiecesOf = (url: Url.Url): ReadonlyArray<Piece> => {
  const shown = url.search.slice(1).split('&')
  return piecesOf(url).map((sent, i) => ({ sent, shown: shown[i] ?? sent }))
}

/** Removes the pieces that a signature wrote, from the end, and restores those that it removed. */
const unsignedUrl = (current: Url.Url, { before, after }: Provenance.Signature): Url.Url => {
  if (current === after.url) return before.url
  const [old, signed] = [shownPiecesOf(before.url), piecesOf(after.url)]
  const sentBefore = old.map(({ sent }) => sent)
  const removed = added(signed, sentBefore)
  const left = new Map<string, number>()
  for (const i of added(sentBefore, signed)) left.set(signed[i] ?? '', (left.get(signed[i] ?? '') ?? 0) + 1)
  if (left.size === 0 && removed.size === 0) return current
  const kept: Piece[] = []
  for (const piece of [...shownPiecesOf(current)].reverse()) {
    const count = left.get(piece.sent) ?? 0
    if (count === 0) kept.push(piece)
    else left.set(piece.sent, count - 1)
  }
  const pieces = [...old.filter((_, i) => removed.has(i)), ...kept.reverse()]
  const join = (part: keyof Piece): string => pieces.map((piece) => piece[part]).join('&')
  return Url.replaceQuery(join('sent'), join('shown'))(current)
}

/** Returns a plan without its signature. */
export const unsigned = (plan: Plan): Plan => {
  const provenance = Provenance.of(plan)
  if (O.isNone(provenance)) return plan
  const { signature } = provenance.value
  if (signature === undefined) return plan
  const { signature: _, ...made } = provenance.value
  const headers = unsignedHeaders(plan.headers, signature)
  return { ...plan, headers, url: unsignedUrl(plan.url, signature), provenance: Provenance.seal(made) }
}

/** Returns the signature of a plan. */
export const signatureOf = (plan: Plan): Provenance.Signature | undefined =>
  O.toUndefined(Provenance.of(plan))?.signature

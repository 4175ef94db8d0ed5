/** Decides which recorded plans a replay takes for the same. */
import * as O from 'fp-ts/lib/Option.js'
import type { Asked, Pairs } from './TapeEntry.js'

/** Fields that differ between machines and releases without changing what is requested. */
const IGNORED: ReadonlySet<string> = new Set(['user-agent', 'accept-encoding', 'connection'])

// A multipart body gets a new random boundary each time that it is sent.
const BOUNDARY = /(;\s*boundary=)("[^"]*"|[^;\s]*)/i

/** Returns the header fields that are compared: lower-case names, sorted, without multipart boundaries. */
export const fields = ({ headers }: Asked): Pairs =>
  headers
    .map(([name, value]): readonly [string, string] => [name.toLowerCase(), value.replace(BOUNDARY, '$1…')])
    .filter(([name]) => !IGNORED.has(name))
    .sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))

/** Returns a text that is equal for plans that a replay takes for the same, apart from the content of their bodies. */
export const key = (plan: Asked): string => {
  const size = O.isSome(plan.body) ? O.toUndefined(plan.body.value.length) : undefined
  return JSON.stringify([plan.method, plan.url, fields(plan), O.isSome(plan.body), size])
}

const boundaryOf = ({ headers }: Asked): string | undefined => {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  return BOUNDARY.exec(type)?.[2]?.replace(/^"|"$/g, '')
}

/** Returns the content of a body in the form that is compared: a multipart body without its boundary. */
export const comparable = (plan: Asked, content: Uint8Array): string => {
  const text = Buffer.from(content).toString('latin1')
  const boundary = boundaryOf(plan)
  return boundary === undefined || boundary === '' ? text : text.replaceAll(boundary, '…')
}

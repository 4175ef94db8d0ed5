/**
 * Recorded traffic as data: each plan and its outcome. `Transport.record` makes a tape, and `Transport.replay` answers from
 * one. Both compare *redacted* plans, so redaction never prevents a match.
 *
 * | item                                                                       | recorded as                                  |
 * |----------------------------------------------------------------------------|----------------------------------------------|
 * | secret or sensitive header field, either direction (Authorization, …)      | its name, and `redacted`                     |
 * | Set-Cookie                                                                 | name and attributes; a value that is not empty becomes `redacted` |
 * | userinfo of a request URL, credentials of a proxy                          | omitted                                      |
 * | userinfo in a Location                                                     | `redacted`                                   |
 * | request body                                                               | its length; its content only on request      |
 * | body of a request for a token, or of a login                               | that it has one                              |
 * | body of the reply to it                                                    | times, and known texts such as `error` and `scope`; any other text becomes `redacted` |
 * | a value of `withSecretQuery` repeated in a Location or a cookie path       | `‹secret›`, percent-encoded                  |
 * | any other field that repeats such a value                                  | its name, and `redacted`                     |
 * | any other response body, the rest of the query of a URL                    | **unchanged: put no secrets there**          |
 *
 * On replay, a redacted Set-Cookie stores a cookie with the same name and scope and the value `redacted`. The Cookie field
 * that results is redacted on both sides and matches. A jar after the replay therefore equals the jar after the recording,
 * except for values. Cookies expire on replay too: give the client a clock at the time of the recording.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { newIORef } from 'fp-ts/lib/IORef.js'
 * import { Client, Http, Response, Session, Tape, Transport } from 'requests-ts'
 *
 * const session = Session.withBearer('hunter2')(Session.defaults)
 * const run = (transport: Transport.Transport) =>
 *   pipe(Http.get('http://h.test/'), Client.use({ session, transport }))()
 * const tape = newIORef(Tape.empty)()
 * const real = Transport.memory(() => ({ status: 200, body: 'hello' }))
 * await run(pipe(real, Transport.record((entry) => tape.modify(Tape.append(entry)))))
 *
 * const json = JSON.stringify(Tape.encode(tape.read()))
 * assert.equal(json.includes('hunter2'), false)
 * const again = Tape.decode(JSON.parse(json))
 * const replayed = await run(Transport.replay(E.isRight(again) ? again.right : Tape.empty))
 * assert.deepEqual(pipe(replayed, E.map(([response]) => Response.text(response))), E.right('hello'))
 */
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import type { Entry, Tape } from './TapeEntry.js'

export { key } from './Replay.js'
export type { Answered, Asked, End, Entry, Pairs, Payload, Tape } from './TapeEntry.js'
export { asked, REDACTED } from './TapeEntry.js'
export { decode, encode, TapeJson } from './TapeJson.js'

/** The tape without entries. */
export const empty: Tape = { entries: [] }

const isBefore = (x: Entry, y: Entry): boolean => {
  const [a, b] = [x.started.getTime(), y.started.getTime()]
  return a < b || (a === b && x.order < y.order)
}

/** Inserts an entry at the position of its start time. */
export const append =
  (entry: Entry) =>
  ({ entries }: Tape): Tape => {
    const next = entries.findIndex((other) => isBefore(entry, other))
    return { entries: next < 0 ? [...entries, entry] : entries.toSpliced(next, 0, entry) }
  }

/** Concatenates tapes. */
export const Monoid: MonoidOf<Tape> = { empty, concat: (x, y) => ({ entries: [...x.entries, ...y.entries] }) }

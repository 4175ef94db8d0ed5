/**
 * What went over a transport, as data: each plan as it may be printed, and what answered it. `Transport.record` makes
 * one, `Transport.replay` answers from one, and both look at the *redacted* plan, so that hiding never breaks finding.
 *
 * | of                                                             | a tape holds                                   |
 * |----------------------------------------------------------------|------------------------------------------------|
 * | a secret or sensitive header of either side (Authorization, …)  | its name, and `redacted`                       |
 * | Set-Cookie                                                      | name and attributes; the value is `redacted`, but for an empty one |
 * | userinfo of a URL, credentials of a proxy                       | nothing; in a Location, `redacted` in its place |
 * | the body of a request                                           | its length, unless its content was asked for   |
 * | a value of `withSecretQuery` that a reply's Location or the path of a cookie repeats | `‹secret›`, percent-encoded |
 * | any other field that repeats such a value                       | its name, and `redacted`                       |
 * | the body of a reply, the rest of the query of a URL             | all of it: put no secrets there                |
 *
 * Replaying a redacted Set-Cookie puts a cookie of that name and reach, with the value `redacted`, into the jar; the
 * Cookie header that it leads to is redacted on both sides, and matches. So the jar after a replay is the jar after the
 * recording in all but values. What expires by the clock does so on replay too: give the client the time of the tape.
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
import type * as E from 'fp-ts/lib/Either.js'
import type { Monoid as MonoidOf } from 'fp-ts/lib/Monoid.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../values/Body.js'
import * as Echo from '../values/Echo.js'
import type * as Headers from '../values/Headers.js'
import * as Secret from '../values/Secret.js'
import * as SensitiveHeaders from '../values/SensitiveHeaders.js'
import * as Url from '../values/Url.js'
import type * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'

// --- model ---------------------------------------------------------------------------------------------------------

export type Pairs = ReadonlyArray<readonly [name: string, value: string]>

/** The body of a request: its length where it is known beforehand, its content where it was asked for and flowed. */
export interface Payload {
  readonly length: O.Option<number>
  readonly content: O.Option<Uint8Array>
}

/** A plan as it may be printed. */
export interface Asked {
  readonly method: string
  /** Without userinfo and fragment. */
  readonly url: string
  readonly headers: Pairs
  readonly body: O.Option<Payload>
}

/** How a body ended: it was read to its end, its reader left it, or it failed. */
export type End = 'Whole' | 'Left' | Fault.Fault

/** A reply as it may be printed. Its body is decoded. */
export interface Answered {
  readonly status: number
  readonly reason: string
  readonly headers: Pairs
  /** Milliseconds. */
  readonly elapsed: number
  /** What was spoken, where it was not HTTP/1.1. */
  readonly httpVersion?: 'HTTP/2'
  readonly bytes: Uint8Array
  readonly end: End
}

export interface Entry {
  readonly started: Date
  /** Among those of one recording. */
  readonly order: number
  readonly asked: Asked
  readonly outcome: E.Either<Fault.Fault, Answered>
}

/** Entries in the order in which they began. */
export interface Tape {
  readonly entries: ReadonlyArray<Entry>
}

export const empty: Tape = { entries: [] }

const isBefore = (x: Entry, y: Entry): boolean => {
  const [a, b] = [x.started.getTime(), y.started.getTime()]
  return a < b || (a === b && x.order < y.order)
}

/** Puts an entry in its place. */
export const append =
  (entry: Entry) =>
  ({ entries }: Tape): Tape => {
    const behind = entries.findIndex((other) => isBefore(entry, other))
    return { entries: behind < 0 ? [...entries, entry] : entries.toSpliced(behind, 0, entry) }
  }

/** One tape behind the other. */
export const Monoid: MonoidOf<Tape> = {
  empty,
  concat: (x, y) => ({ entries: [...x.entries, ...y.entries] }),
}

// --- redaction -----------------------------------------------------------------------------------------------------

/** What stands in the place of a secret. */
export const REDACTED = 'redacted'

// What a jar refuses for its size or its characters, it must refuse on replay too.
const hidden = (value: string): string => {
  if (value === '') return ''
  const controls = value.replace(/[^\0-\x08\x0a-\x1f\x7f]/g, '')
  return value.length < 2000 ? REDACTED + controls : (REDACTED + controls).padEnd(value.length, '.')
}

/** A Set-Cookie without its value; where there is no `=`, all that could be a value. */
const redactedCookie = (line: string): string => {
  const end = line.indexOf(';')
  const [pair, attributes] = end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end)]
  const equals = pair.indexOf('=')
  return equals < 0
    ? hidden(pair.trim()) + attributes
    : pair.slice(0, equals + 1) + hidden(pair.slice(equals + 1).trim()) + attributes
}

const USERINFO = /^((?:[a-z][a-z\d+.-]*:)?\/\/)([^/?#]*)@/i

const redactedLocation = (location: string): string =>
  location.replace(USERINFO, (_, start: string, info: string) =>
    info.includes(':') ? `${start}${REDACTED}:${REDACTED}@` : `${start}${REDACTED}@`,
  )

/** Of the attributes, the path alone: a replay needs the others as they are. */
const withHiddenPath = (cookie: string, hidden: (reference: string) => string): string =>
  cookie.replace(/(;[ \t]*path[ \t]*=)([^;]*)/gi, (_, start: string, path: string) => start + hidden(path))

const redactedField = ([name, value]: Headers.Field, hidden: (reference: string) => string): Pairs[number] => {
  const key = name.toLowerCase()
  if (key === 'set-cookie') return [name, withHiddenPath(redactedCookie(Secret.reveal(value)), hidden)]
  // A Location that names a user is secret as a whole, and all of it but the user is needed to replay.
  if (key === 'location' || key === 'content-location') return [name, hidden(redactedLocation(Secret.reveal(value)))]
  return Secret.is(value) || SensitiveHeaders.SENSITIVE_IN_REPLY.has(key) ? [name, REDACTED] : [name, value]
}

const NO_SECRETS: ReadonlySet<string> = new Set()

// Percent-encoded, for a field holds no other characters, and a replay reads a Location as it was.
const ENCODED_MARK = encodeURIComponent(Secret.REDACTED)
const shownMark = Echo.redact(new Set([Secret.REDACTED]))

/** Header fields as they may be printed, without the values of `withSecretQuery` that they repeat. */
export const redacted = ({ fields }: Headers.Headers, secrets: ReadonlySet<string> = NO_SECRETS): Pairs => {
  const hidden = Echo.redactReference(secrets, ENCODED_MARK)
  return fields.map((field) => redactedField(field, hidden))
}

/** A URL as it may be printed. On replay a redirect leads to a hidden value itself, which reads as it was recorded. */
const shownUrl = (url: Url.Url): string => {
  const { href } = Url.withHash('')(url)
  return href.includes('%B9secret') || href.includes('%25') ? shownMark(href) : href
}

/** A plan as it may be printed, with the content of its body where there is one to be kept. */
export const asked = (plan: Plan, content: O.Option<Uint8Array> = O.none): Asked => ({
  method: plan.method,
  url: shownUrl(plan.url),
  headers: redacted(plan.headers),
  body: plan.body._tag === 'Empty' ? O.none : O.some({ length: Body.length(plan.body), content }),
})

// --- matching ------------------------------------------------------------------------------------------------------

/** What differs from machine to machine and from release to release, and asks for nothing else. */
const VARYING: ReadonlySet<string> = new Set(['user-agent', 'accept-encoding', 'connection'])

// Boundaries are drawn anew for each send.
const BOUNDARY = /(;\s*boundary=)("[^"]*"|[^;\s]*)/i

const steady = (value: string): string => value.replace(BOUNDARY, '$1…')

/** The header fields that count, by lower-case name. */
export const fields = ({ headers }: Asked): Pairs =>
  headers
    .map(([name, value]): readonly [string, string] => [name.toLowerCase(), steady(value)])
    .filter(([name]) => !VARYING.has(name))
    .sort(([x], [y]) => (x < y ? -1 : x > y ? 1 : 0))

/** Equal for plans that a replay takes for the same, but for the content of their bodies. */
export const key = (plan: Asked): string => {
  const size = O.isSome(plan.body) ? O.toUndefined(plan.body.value.length) : undefined
  return JSON.stringify([plan.method, plan.url, fields(plan), O.isSome(plan.body), size])
}

const boundaryOf = ({ headers }: Asked): string | undefined => {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  return BOUNDARY.exec(type)?.[2]?.replace(/^"|"$/g, '')
}

/** The content of a body as it is compared: a multipart body without its boundary. */
export const comparable = (plan: Asked, content: Uint8Array): string => {
  const text = Buffer.from(content).toString('latin1')
  const boundary = boundaryOf(plan)
  return boundary === undefined || boundary === '' ? text : text.replaceAll(boundary, '…')
}

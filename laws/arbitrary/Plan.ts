/**
 * Generates requests as data, and their plans, for tests of transports.
 *
 * A `Sent` is readable when it is printed; `planAt(origin)` converts it to a plan with the library's stages. Header names
 * have several spellings and repeat; values contain octets beyond ASCII that HTTP allows; bodies are bytes, streams of
 * known and unknown length, and streams that can be read once.
 *
 * @example
 * import * as fc from 'fast-check'
 * import { Plan } from 'requests-ts'
 * import { Plans } from 'requests-ts/laws'
 *
 * fc.assert(fc.property(Plans.sent, (sent) => Plan.wire(Plans.planAt('http://h.test')(sent)).method === sent.method))
 */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { merge } from '../../src/stages/Merge.js'
import { type PlanError, prepare } from '../../src/stages/Prepare.js'
import * as Octets from '../../src/values/Octets.js'
import type { Plan, Timeouts } from '../../src/wire/Plan.js'
import { request, session } from './Settings.js'

/** The content of a request: nothing, bytes, or the chunks of a stream. Text stands for its Latin-1 octets. */
export type Content =
  | { readonly _tag: 'Empty' }
  | { readonly _tag: 'Bytes'; readonly text: string }
  | { readonly _tag: 'Stream' | 'Once'; readonly pieces: ReadonlyArray<string>; readonly length: 'known' | 'unknown' }

/** What a plan sends, without the server it goes to. */
export interface Sent {
  readonly method: string
  /** With its query. */
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly content: Content
}

// --- generators ------------------------------------------------------------------------------------------------------

const header = fc.tuple(
  fc.constantFrom('X-A', 'x-a', 'Accept', 'X-B', 'User-Agent', 'Content-Type', 'X-Api-Key', 'Accept-Encoding'),
  fc.constantFrom('1', '', 'a, b', 'é', 'text/plain', '"q;r"'),
)

/** Content-Type occurs at most once; other names may repeat, in the same spelling or another. */
const headers: fc.Arbitrary<Sent['headers']> = fc
  .array(header, { maxLength: 4 })
  .map((fields) =>
    fields.filter(([name], i) => name !== 'Content-Type' || fields.findIndex(([other]) => other === name) === i),
  )

const piece = fc.constantFrom('a', 'hello', '\0\xff', 'x'.repeat(70_000))

/** Generates the content of a body. */
export const content: fc.Arbitrary<Content> = fc.oneof(
  fc.constant<Content>({ _tag: 'Empty' }),
  piece.map((text): Content => ({ _tag: 'Bytes', text })),
  fc.record({
    _tag: fc.constantFrom('Stream', 'Once'),
    pieces: fc.array(piece, { maxLength: 3 }),
    length: fc.constantFrom('unknown', 'known'),
  }),
)

const target = fc.constantFrom('/', '/a', '/a/b?c=d', '/?q=%20%2F', '/a%2Fb', '/é')

/** Generates any request that HTTP allows. */
export const sent: fc.Arbitrary<Sent> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'REPORT'),
  target,
  headers,
  content,
})

/** Generates a request without a body, for laws about something else. */
export const bare: fc.Arbitrary<Sent> = fc.record({
  method: fc.constantFrom('GET', 'DELETE'),
  target,
  headers,
  content: fc.constant<Content>({ _tag: 'Empty' }),
})

// --- plans -----------------------------------------------------------------------------------------------------------

const octets: (text: string) => Uint8Array = Octets.fromLatin1

async function* inPieces(pieces: ReadonlyArray<string>): AsyncGenerator<Uint8Array> {
  for (const text of pieces) yield octets(text)
}

/** Returns the octets that the server must receive. */
export const octetsOf = (content: Content): Uint8Array => {
  if (content._tag === 'Empty') return new Uint8Array(0)
  return octets(content._tag === 'Bytes' ? content.text : content.pieces.join(''))
}

const carrying = (content: Content) => {
  const length = content._tag !== 'Empty' && content._tag !== 'Bytes' && content.length === 'known'
  const known = length ? [octetsOf(content).length] : []
  switch (content._tag) {
    case 'Empty':
      return (made: Request.Request) => made
    case 'Bytes':
      return Request.withBytes(octets(content.text))
    case 'Stream':
      return Request.withStream(() => inPieces(content.pieces), ...known)
    case 'Once':
      return Request.withOnce(inPieces(content.pieces), ...known)
  }
}

/** Returns the plan of a request to an origin. By default it has no timeouts. */
export const planAt =
  (origin: string, timeouts: Timeouts = {}) =>
  ({ method, target, headers, content }: Sent): Plan => {
    const planned = pipe(
      Request.make(method, `${origin}${target}`),
      Request.withHeaders(headers),
      Request.withTimeouts(timeouts),
      carrying(content),
      merge(Session.empty),
      prepare({}),
    )
    if (E.isLeft(planned))
      throw new Error(`The generator made a request that cannot be planned: ${planned.left.message}`)
    return planned.right
  }

const planned: fc.Arbitrary<E.Either<PlanError, Plan>> = fc
  .tuple(session, request)
  .map(([one, asked]) => prepare({})(merge(one)(asked)))

/** Generates plans from generated sessions and requests, with any settings. */
export const plan: fc.Arbitrary<Plan> = planned.filter(E.isRight).map((made) => made.right)

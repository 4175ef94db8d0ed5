/**
 * The laws of a transport, as rule sets: every law of `TransportLaws` and `FailureLaws`, with a recording server.
 *
 * `transport(make)` is for transports that send bytes. `serving(make)` is for transports that take a pure `Server`: it
 * omits the laws that need a connection. A law always ends: each step may take `patience` milliseconds (2,000 by default),
 * and a value that took that long is not shrunk.
 *
 * @example
 * import { Transport } from 'requests-ts'
 * import { RuleSet, serving, transport } from 'requests-ts/laws'
 *
 * assert.deepEqual(await RuleSet.refutations({ numRuns: 10 })(serving(Transport.memory)), new Map())
 * assert.deepEqual(await RuleSet.refutations({ numRuns: 2 })(transport(() => Transport.undici())), new Map())
 */
import * as fc from 'fast-check'
import type { Answer, Server } from '../../src/wire/Reply.js'
import type { Transport } from '../../src/wire/Transport.js'
import { bare, sent } from '../arbitrary/Plan.js'
import * as FailureLaws from '../FailureLaws.js'
import { network, pure, type TestBed } from '../RecordingServer.js'
import type { Property, RuleSet } from '../RuleSet.js'
import * as Laws from '../Transport.js'
import { reportingProperty } from './reportingProperty.js'

/** Options of `transport` and `serving`. */
export interface Options {
  /** How many milliseconds one step of a law may take: a call, a chunk of a body, a close. */
  readonly patience?: number
}

const PATIENCE = 2_000

// --- answers ---------------------------------------------------------------------------------------------------------

const elsewhere = fc.constantFrom('/elsewhere', 'http://127.0.0.1:9/', '//elsewhere.test/', '')

const redirect: fc.Arbitrary<Answer> = fc
  .tuple(fc.constantFrom(301, 302, 303, 307, 308, 300), elsewhere)
  .map(([status, location]) => ({ status, headers: { Location: location }, body: 'moved' }))

const challenge: fc.Arbitrary<Answer> = fc
  .constantFrom('Basic realm="r"', 'Digest realm="r", nonce="n", qop="auth"')
  .map((asked) => ({ status: 401, headers: { 'WWW-Authenticate': asked }, body: 'who?' }))

const field = fc.tuple(
  fc.constantFrom('X-A', 'x-a', 'Set-Cookie', 'ETag', 'Content-Type', 'X-B'),
  fc.constantFrom('1', 'a, b', 'é', 'k=v; Path=/', ''),
)

const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 201, 404, 500, 299, 599),
  reason: fc.constantFrom('OK', 'Very Fine', ''),
  headers: fc.array(field, { maxLength: 4 }),
  body: fc.constantFrom('', 'a', 'é', 'x'.repeat(70_000)),
})

const temptation: fc.Arbitrary<Answer | 'HangUp'> = fc.oneof(
  fc.constant<'HangUp'>('HangUp'),
  fc
    .constantFrom(408, 421, 425, 429, 502, 503)
    .map((status): Answer => ({ status, headers: { 'Retry-After': '0' }, body: 'later' })),
)

const reading = fc.constantFrom<Laws.Reading>('gather', 'iterate')
const coding = fc.constantFrom<Laws.Coding>('gzip', 'deflate', 'br')
const text = fc.constantFrom('', 'a', 'é'.repeat(50_000))

// --- laws ------------------------------------------------------------------------------------------------------------

type Holds<T> = (subject: Laws.Subject) => (value: T) => Promise<Laws.Violations>

const law =
  <T>(values: fc.Arbitrary<T>, holds: Holds<T>) =>
  (subject: Laws.Subject): Property =>
    reportingProperty(values, holds(subject), subject.patience)

type Rules = Readonly<Record<string, (subject: Laws.Subject) => Property>>

const anywhere = {
  'the server receives the request of the plan': law(sent, Laws.sendsThePlan),
  'no header is added, lost or moved': law(sent, Laws.addsNoHeader),
  'a task is lazy, and each run of it sends once': law(bare, Laws.sendsOncePerRun),
  'the reply is what the server answered': law(
    fc.tuple(bare, answer, reading),
    (subject) =>
      ([one, given, how]) =>
        Laws.repliesAsIs(subject)(one, given, how),
  ),
  'no redirect is followed': law(
    fc.tuple(bare, redirect, reading),
    (subject) =>
      ([one, given, how]) =>
        Laws.repliesAsIs(subject)(one, given, how),
  ),
  'no challenge is answered': law(
    fc.tuple(bare, challenge, reading),
    (subject) =>
      ([one, given, how]) =>
        Laws.repliesAsIs(subject)(one, given, how),
  ),
  'an encoded body is decoded': law(
    fc.tuple(bare, text, coding, reading),
    (subject) =>
      ([one, content, under, how]) =>
        Laws.decodes(subject)(one, content, under, how),
  ),
  'a body is read up to its limit': law(
    fc.tuple(bare, fc.constantFrom(0, 1, 10, 70_000), fc.constantFrom(0, 1, 10, 69_999, 70_000)),
    (subject) =>
      ([one, size, limit]) =>
        Laws.keepsBodyLimit(subject)(one, size, limit),
  ),
  'nothing is sent again': law(
    fc.tuple(bare, fc.nat({ max: 2 }), temptation),
    (subject) =>
      ([one, before, tempting]) =>
        FailureLaws.neverRepeats(subject)(one, before, tempting),
  ),
  'an aborted request is not sent': law(
    fc.tuple(bare, reading),
    (subject) =>
      ([one, how]) =>
        FailureLaws.settlesAborted(subject)(one, 'before', how),
  ),
} satisfies Rules

const overNetwork = {
  'every error is a Left': law(
    fc.tuple(bare, fc.constantFrom<FailureLaws.Breakage>('NoServer', 'HangUp', 'HalfHead', 'Garbage')),
    (subject) =>
      ([one, breakage]) =>
        FailureLaws.failsLeft(subject)(one, breakage),
  ),
  'a body that is cut short is a fault': law(
    fc.tuple(bare, reading),
    (subject) =>
      ([one, how]) =>
        FailureLaws.detectsTruncation(subject)(one, how),
  ),
  'an aborted send ends': law(
    fc.tuple(bare, fc.constantFrom<FailureLaws.Moment>('waiting', 'reading'), reading),
    (subject) =>
      ([one, moment, how]) =>
        FailureLaws.settlesAborted(subject)(one, moment, how),
  ),
  'a silent server causes a timeout': law(
    fc.tuple(bare, fc.constantFrom<FailureLaws.Patience>('read', 'deadline')),
    (subject) =>
      ([one, kind]) =>
        FailureLaws.keepsTime(subject)(one, kind),
  ),
  'a request body that fails is a Left': law(
    fc.tuple(bare, fc.nat({ max: 2 })),
    (subject) =>
      ([one, pieces]) =>
        FailureLaws.failsWithBody(subject)(one, pieces),
  ),
  'a discarded body releases its connection': law(bare, FailureLaws.releasesConnection),
  'no connection stays open': law(
    fc.tuple(bare, fc.array(fc.constantFrom<FailureLaws.Ending>('read', 'discard', 'abort', 'fail'), { maxLength: 4 })),
    (subject) =>
      ([one, endings]) =>
        FailureLaws.leaksNothing(subject)(one, endings),
  ),
} satisfies Rules

/** The names of the laws. */
export type TransportLaw = keyof typeof anywhere | keyof typeof overNetwork

const rulesFor = (stand: TestBed, rules: Rules, { patience = PATIENCE }: Options): RuleSet =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [name, rule({ stand, patience })]))

/** The laws of a transport that sends bytes. Each test case makes a new transport. */
export const transport = (make: () => Transport, options: Options = {}): RuleSet =>
  rulesFor(network(make), { ...anywhere, ...overNetwork }, options)

/** The laws of a transport that takes a pure server instead of a network. */
export const serving = (make: (server: Server) => Transport, options: Options = {}): RuleSet =>
  rulesFor(pure(make), anywhere, options)

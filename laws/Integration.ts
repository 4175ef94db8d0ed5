/**
 * What a program of the user's own must do, whatever the servers do to it, as predicates that say what is wrong.
 *
 * | law                   | says                                                                                     |
 * |-----------------------|------------------------------------------------------------------------------------------|
 * | `keepsSecrets`        | no secret of the session, nor any that is named, goes to an origin that is not `home`     |
 * | `endsWithin`          | it ends, with whatever outcome, after at most so many requests                           |
 * | `repeatsItself`       | run again in the same world, it sends the same and comes to the same                     |
 * | `ignoresReplyOrder`   | what it comes to does not depend on which of its parallel replies is first               |
 *
 * The server is the user's model, and a list of disturbances: some of its replies become redirects to neighbours,
 * challenges, cookies, errors. It stays a function of the plan, so that a law never blames what the world did.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import type { Http } from '../src/Http.js'
import * as Environment from '../src/session/Environment.js'
import * as Session from '../src/session/Session.js'
import { memory } from '../src/transport/Memory.js'
import * as Secret from '../src/values/Secret.js'
import * as Clock from '../src/wire/Clock.js'
import * as Plan from '../src/wire/Plan.js'
import type { Server } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'
import { type Disturbance, disturbed } from './arbitrary/FaultInjection.js'
import type { Complaints } from './Transport.js'
import { Eq } from './Unsealed.js'

/** A program and the world it is written for. */
export interface Integration {
  readonly program: Http<unknown, unknown>
  readonly session?: Session.Session
  readonly jar?: Jar.Jar
  readonly environment?: Environment.Environment
  /** What its servers answer where nothing disturbs them. */
  readonly server: Server
  /** The origins that its secrets are for. */
  readonly home: ReadonlyArray<string>
  /** Secrets beside those that the session, the jar's own cookies apart, already holds. */
  readonly secrets?: ReadonlyArray<string>
  /** The most requests that it may send. */
  readonly requests: number
  /** How many milliseconds one run may take; 2,000 unless said. */
  readonly patience?: number
}

const NOW = new Date('2026-01-01T00:00:00Z')

/** How many milliseconds one run may take unless said. */
export const PATIENCE = 2_000

// --- running -------------------------------------------------------------------------------------------------------

type Outcome = E.Either<unknown, readonly [unknown, Jar.Jar]>

/** What one run sent, and what it came to; no outcome where it was stopped, and why. */
interface Run {
  readonly sent: ReadonlyArray<Plan.Plan>
  readonly outcome: O.Option<Outcome>
  readonly stopped: Complaints
}

const clientOf = (integration: Integration, transport: Transport): Client.Client => ({
  session: integration.session ?? Session.empty,
  transport,
  environment: integration.environment ?? Environment.empty,
  clock: Clock.fixed(NOW),
  random: () => 'seed',
  close: async () => {},
})

/** Lets a reply through when it is its turn. */
type Gate = <A>(reply: Promise<A>) => Promise<A>
const atOnce: Gate = (reply) => reply

const NEVER = new Promise<never>(() => {})

type Ended = { readonly _tag: 'Ended'; readonly outcome: Outcome }
type Stopped = { readonly _tag: 'Stopped'; readonly why: string }

/** Runs a program until it ends, has sent too much, or has used up its time; what is stopped never hears again. */
const run = async (integration: Integration, server: Server, gate: Gate = atOnce): Promise<Run> => {
  const sent: Plan.Plan[] = []
  const inner = memory(server)
  let stop = (_why: string): void => {}
  const stopped = new Promise<Stopped>((resolve) => {
    stop = (why) => resolve({ _tag: 'Stopped', why })
  })
  const watched: Transport = (plan, limits) => () => {
    sent.push(plan)
    if (sent.length <= integration.requests) return gate(inner(plan, limits)())
    stop(`it sends more than ${integration.requests} requests`)
    return NEVER
  }
  const { patience = PATIENCE } = integration
  const timer = setTimeout(() => stop(`it did not end within ${patience} ms`), patience)
  try {
    const task = integration.program(integration.jar ?? Jar.empty)(clientOf(integration, watched))
    const ended = await Promise.race([task().then((outcome): Ended => ({ _tag: 'Ended', outcome })), stopped])
    return ended._tag === 'Ended' ? { sent, outcome: O.some(ended.outcome), stopped: [] } : halted(sent, ended.why)
  } catch (error) {
    return halted(sent, `it threw or rejected, where it should fail with a Left: ${String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

const halted = (sent: ReadonlyArray<Plan.Plan>, why: string): Run => ({
  sent,
  outcome: O.none,
  stopped: [`${why}\n${listed(sent)}`],
})

/** The requests for people, no more than ten of them. */
const listed = (sent: ReadonlyArray<Plan.Plan>): string => {
  const lines = sent.slice(0, 10).map((plan, i) => `  ${i + 1}. ${Plan.show(plan)}`)
  return [...lines, ...(sent.length > 10 ? [`  … and ${sent.length - 10} more`] : [])].join('\n')
}

// --- secrets ---------------------------------------------------------------------------------------------------------

const SHORTEST = 4

/** The text of every secret in a value. What is shorter than four characters is found everywhere, so not looked for. */
const secretsIn = (value: unknown): ReadonlyArray<string> => {
  if (typeof value !== 'object' || value === null) return []
  if (value instanceof Secret.Sealed) {
    const opened = Secret.open<unknown>(value)
    return typeof opened === 'string' ? [opened] : []
  }
  if (value instanceof Map) return [...value.values()].flatMap(secretsIn)
  return Object.values(value).flatMap(secretsIn)
}

/** The forms in which a secret travels: as it is, in a URL or a form, in JSON. Basic is decoded where it is looked for. */
const formsOf = (secret: string): ReadonlyArray<string> => [
  secret,
  encodeURIComponent(secret),
  encodeURIComponent(secret).replaceAll('%20', '+'),
  JSON.stringify(secret).slice(1, -1),
]

const basic = (value: string): string => {
  const [, code = ''] = /^Basic\s+(\S+)/i.exec(value) ?? []
  return Buffer.from(code, 'base64').toString('utf8')
}

/** All of a plan in which a secret could be: URL, headers, bytes of the body. A stream is not opened. */
const textsOf = (plan: Plan.Plan): ReadonlyArray<readonly [where: string, text: string]> => {
  const { url, headers, body } = Plan.wire(plan)
  return [
    ['URL', url],
    ...headers.map(([name, value]) => [`header ${name}`, `${value}\n${basic(value)}`] as const),
    ['body', O.isSome(body) ? Buffer.from(body.value).toString('utf8') : ''],
  ]
}

/** Whether an origin is home, or home over TLS on the default ports, where credentials may follow. */
const isHome = ({ home }: Integration, origin: string): boolean =>
  home.some((place) => {
    const { origin: own, protocol, hostname, port } = new URL(place)
    return own === origin || (protocol === 'http:' && port === '' && origin === `https://${hostname}`)
  })

/** No secret goes to an origin that is not home. */
export const keepsSecrets =
  (integration: Integration) =>
  async (disturbances: ReadonlyArray<Disturbance>): Promise<Complaints> => {
    const { sent } = await run(integration, disturbed(integration.server, disturbances))
    const { settings } = integration.session ?? Session.empty
    const secrets = [...secretsIn(settings), ...(integration.secrets ?? [])].filter(({ length }) => length >= SHORTEST)
    const forms = [...new Set(secrets)].flatMap(formsOf)
    const away = sent.filter(({ url }) => !isHome(integration, url.origin))
    // The password is not in a digest, yet guesses can be tried on it for ever.
    const signs = settings.auth._tag === 'Set' && settings.auth.value._tag === 'Digest'
    return away.flatMap((plan) =>
      textsOf(plan)
        .filter(([, text]) => forms.some((form) => text.includes(form)) || (signs && /^Digest /.test(text)))
        .map(([where]) => `${Plan.show(plan)} shows a secret to ${plan.url.origin}, in its ${where}`),
    )
  }

// --- ends and outcomes -----------------------------------------------------------------------------------------------

/** It ends, after no more requests than it may send, and by giving an Either. */
export const endsWithin =
  (integration: Integration) =>
  async (disturbances: ReadonlyArray<Disturbance>): Promise<Complaints> =>
    (await run(integration, disturbed(integration.server, disturbances))).stopped

const sameOutcome = (x: Run, y: Run): boolean => {
  if (O.isNone(x.outcome) || O.isNone(y.outcome)) return O.isNone(x.outcome) === O.isNone(y.outcome)
  const [a, b] = [x.outcome.value, y.outcome.value]
  if (E.isLeft(a) || E.isLeft(b)) return Eq.equals(a, b)
  return Eq.equals(a.right[0], b.right[0]) && Jar.Eq.equals(a.right[1], b.right[1])
}

/** Run twice in one world, it sends the same requests and comes to the same outcome. */
export const repeatsItself =
  (integration: Integration) =>
  async (disturbances: ReadonlyArray<Disturbance>): Promise<Complaints> => {
    const server = disturbed(integration.server, disturbances)
    const [first, second] = [await run(integration, server), await run(integration, server)]
    const isSameSent = Eq.equals(first.sent.map(Plan.wire), second.sent.map(Plan.wire))
    return [
      ...(isSameSent ? [] : [`it sent\n${listed(first.sent)}\nand then\n${listed(second.sent)}`]),
      ...(sameOutcome(first, second) ? [] : ['it came to another outcome when it was run again']),
    ]
  }

/** Holds every reply back until nothing else moves, then lets one through, by choice. */
const byChoice = (choices: ReadonlyArray<number>): Gate => {
  const waiting: Array<() => void> = []
  let [turn, isDue] = [0, false]
  const next = (): void => {
    isDue = false
    const choice = choices[turn % Math.max(1, choices.length)] ?? 0
    turn += 1
    const [release] = waiting.splice(choice % waiting.length, 1)
    release?.()
    if (waiting.length > 0) plan()
  }
  const plan = (): void => {
    if (isDue) return
    isDue = true
    setImmediate(next)
  }
  return (reply) =>
    new Promise((resolve, reject) => {
      waiting.push(() => reply.then(resolve, reject))
      plan()
    })
}

/** Which of its parallel replies comes first makes no difference to what it comes to. */
export const ignoresReplyOrder =
  (integration: Integration) =>
  async (disturbances: ReadonlyArray<Disturbance>, choices: ReadonlyArray<number>): Promise<Complaints> => {
    const server = disturbed(integration.server, disturbances)
    const inOrder = await run(integration, server, byChoice([0]))
    const chosen = await run(integration, server, byChoice(choices))
    return sameOutcome(inOrder, chosen) ? [] : ['it came to another outcome when the replies came in another order']
  }

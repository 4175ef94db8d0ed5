/**
 * Laws of a program that uses the library. They hold whatever its servers do. Each law returns its violations.
 *
 * | law                   | states                                                                                   |
 * |-----------------------|------------------------------------------------------------------------------------------|
 * | `keepsSecrets`        | secrets of the session, and those in `secrets`, are sent to the origins in `home` only    |
 * | `endsWithin`          | the program ends with an Either, after at most `requests` requests                        |
 * | `isDeterministic`     | a second run sends the same requests and has the same outcome                             |
 * | `ignoresReplyOrder`   | the outcome does not depend on the order of replies to parallel requests                  |
 *
 * The server is a model that the user writes. Faults are injected into it (`FaultInjections`): redirects to similar hosts,
 * challenges, cookies, errors. It stays a pure function of the plan, so a violation is always due to the program.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import type { Http } from '../src/Http.js'
import * as Environment from '../src/session/Environment.js'
import * as Session from '../src/session/Session.js'
import { memory } from '../src/transport/Memory.js'
import * as Octets from '../src/values/Octets.js'
import * as Secret from '../src/values/Secret.js'
import * as Clock from '../src/wire/Clock.js'
import * as Plan from '../src/wire/Plan.js'
import type { Server } from '../src/wire/Reply.js'
import type { Transport } from '../src/wire/Transport.js'
import { type FaultInjection, withFaults } from './arbitrary/FaultInjection.js'
import type { Violations } from './Transport.js'
import { Eq } from './Unsealed.js'

/** A program, and the servers and settings that it is written for. */
export interface Integration {
  readonly program: Http<unknown, unknown>
  readonly session?: Session.Session
  readonly jar?: Jar.Jar
  readonly environment?: Environment.Environment
  /** Its servers, without faults. */
  readonly server: Server
  /** The origins that may receive its secrets. */
  readonly home: ReadonlyArray<string>
  /** More secrets, in addition to those of the session. Cookies in the jar are not secrets here. */
  readonly secrets?: ReadonlyArray<string>
  /** How many requests it may send. */
  readonly requests: number
  /** How many milliseconds one run may take. Default: 2,000. */
  readonly patience?: number
}

const NOW = new Date('2026-01-01T00:00:00Z')

/** How many milliseconds one run may take by default. */
export const PATIENCE = 2_000

// --- running -------------------------------------------------------------------------------------------------------

type Outcome = E.Either<unknown, readonly [unknown, Jar.Jar]>

/** The requests of one run and its outcome, or why it was stopped. */
interface Run {
  readonly sent: ReadonlyArray<Plan.Plan>
  readonly outcome: O.Option<Outcome>
  readonly stopped: Violations
}

const clientOf = (integration: Integration, transport: Transport): Client.Client => {
  const { session = Session.empty, environment = Environment.empty } = integration
  return Client.open({ session, transport, environment, clock: Clock.fixed(NOW), random: () => 'seed' })()
}

/** Delays a reply until it is its turn. */
type Gate = <A>(reply: Promise<A>) => Promise<A>
const noDelay: Gate = (reply) => reply

const NEVER = new Promise<never>(() => {})

type Ended = { readonly _tag: 'Ended'; readonly outcome: Outcome }
type Stopped = { readonly _tag: 'Stopped'; readonly why: string }

/** Runs a program until it ends, sends too many requests, or takes too long. A stopped program gets no more replies. */
const run = async (integration: Integration, server: Server, gate: Gate = noDelay): Promise<Run> => {
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
    return halted(sent, `it threw or rejected instead of returning a Left: ${String(error)}`)
  } finally {
    clearTimeout(timer)
  }
}

const halted = (sent: ReadonlyArray<Plan.Plan>, why: string): Run => ({
  sent,
  outcome: O.none,
  stopped: [`${why}\n${listed(sent)}`],
})

/** Lists the requests as text, at most ten of them. */
const listed = (sent: ReadonlyArray<Plan.Plan>): string => {
  const lines = sent.slice(0, 10).map((plan, i) => `  ${i + 1}. ${Plan.show(plan)}`)
  return [...lines, ...(sent.length > 10 ? [`  … and ${sent.length - 10} more`] : [])].join('\n')
}

// --- secrets ---------------------------------------------------------------------------------------------------------

/** Shorter texts occur everywhere by chance. */
const MIN_SECRET_LENGTH = 4

/** The text of every secret in a value. */
const secretsIn = (value: unknown): ReadonlyArray<string> => {
  if (typeof value !== 'object' || value === null) return []
  if (value instanceof Secret.Sealed) {
    const opened = Secret.open<unknown>(value)
    return typeof opened === 'string' ? [opened] : []
  }
  if (value instanceof Map) return [...value.values()].flatMap(secretsIn)
  return Object.values(value).flatMap(secretsIn)
}

/** A secret as plain text, and encoded for a URL, a form and JSON. `textsOf` decodes Basic credentials. */
const formsOf = (secret: string): ReadonlyArray<string> => [
  secret,
  encodeURIComponent(secret),
  encodeURIComponent(secret).replaceAll('%20', '+'),
  JSON.stringify(secret).slice(1, -1),
]

const basic = (value: string): string => {
  const [, code = ''] = /^Basic\s+(\S+)/i.exec(value) ?? []
  return Octets.toText(Octets.fromBase64(code))
}

/** The parts of a plan that may contain a secret: URL, headers, bytes of the body. Streams are not read. */
const textsOf = (plan: Plan.Plan): ReadonlyArray<readonly [where: string, text: string]> => {
  const { url, headers, body } = Plan.wire(plan)
  return [
    ['URL', url],
    ...headers.map(([name, value]) => [`header ${name}`, `${value}\n${basic(value)}`] as const),
    ['body', O.isSome(body) ? Octets.toText(body.value) : ''],
  ]
}

/** Whether an origin is in `home`, or is the https origin of one, both on the default ports. */
const isHome = ({ home }: Integration, origin: string): boolean =>
  home.some((place) => {
    const { origin: own, protocol, hostname, port } = new URL(place)
    return own === origin || (protocol === 'http:' && port === '' && origin === `https://${hostname}`)
  })

/** Secrets are sent to the origins in `home` only. */
export const keepsSecrets =
  (integration: Integration) =>
  async (faults: ReadonlyArray<FaultInjection>): Promise<Violations> => {
    const { sent } = await run(integration, withFaults(faults)(integration.server))
    const { settings } = integration.session ?? Session.empty
    const secrets = [...secretsIn(settings), ...(integration.secrets ?? [])].filter(
      ({ length }) => length >= MIN_SECRET_LENGTH,
    )
    const forms = [...new Set(secrets)].flatMap(formsOf)
    const away = sent.filter(({ url }) => !isHome(integration, url.origin))
    // A digest does not contain the password, but allows an attacker to test guesses.
    const signs = settings.auth._tag === 'Set' && settings.auth.value._tag === 'Digest'
    return away.flatMap((plan) =>
      textsOf(plan)
        .filter(([, text]) => forms.some((form) => text.includes(form)) || (signs && /^Digest /.test(text)))
        .map(([where]) => `${Plan.show(plan)} sends a secret to ${plan.url.origin}, in its ${where}`),
    )
  }

// --- ends and outcomes -----------------------------------------------------------------------------------------------

/** The program ends with an Either, after at most `requests` requests. */
export const endsWithin =
  (integration: Integration) =>
  async (faults: ReadonlyArray<FaultInjection>): Promise<Violations> =>
    (await run(integration, withFaults(faults)(integration.server))).stopped

const sameOutcome = (x: Run, y: Run): boolean => {
  if (O.isNone(x.outcome) || O.isNone(y.outcome)) return O.isNone(x.outcome) === O.isNone(y.outcome)
  const [a, b] = [x.outcome.value, y.outcome.value]
  if (E.isLeft(a) || E.isLeft(b)) return Eq.equals(a, b)
  return Eq.equals(a.right[0], b.right[0]) && Jar.Eq.equals(a.right[1], b.right[1])
}

/** Two runs send the same requests and have the same outcome. */
export const isDeterministic =
  (integration: Integration) =>
  async (faults: ReadonlyArray<FaultInjection>): Promise<Violations> => {
    const server = withFaults(faults)(integration.server)
    const [first, second] = [await run(integration, server), await run(integration, server)]
    const isSameSent = Eq.equals(first.sent.map(Plan.wire), second.sent.map(Plan.wire))
    return [
      ...(isSameSent ? [] : [`it sent\n${listed(first.sent)}\nand then\n${listed(second.sent)}`]),
      ...(sameOutcome(first, second) ? [] : ['a second run had another outcome']),
    ]
  }

/** Delays all replies until the program waits, then delivers one of them, as `choices` selects. */
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

/** The outcome does not depend on the order of replies to parallel requests. */
export const ignoresReplyOrder =
  (integration: Integration) =>
  async (faults: ReadonlyArray<FaultInjection>, choices: ReadonlyArray<number>): Promise<Violations> => {
    const server = withFaults(faults)(integration.server)
    const inOrder = await run(integration, server, byChoice([0]))
    const chosen = await run(integration, server, byChoice(choices))
    return sameOutcome(inOrder, chosen) ? [] : ['it had another outcome when the replies arrived in another order']
  }

/** @deprecated Use `isDeterministic`. */
export const repeatsItself = isDeterministic

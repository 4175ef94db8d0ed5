/**
 * A client with a scripted server: the n-th request gets the n-th answer.
 *
 * The clock starts at `meta.now`. Each answer's `advance` moves it before the client receives the answer.
 */
import type * as E from 'fp-ts/lib/Either.js'
import {
  Client,
  Clock,
  type Environment,
  type Exchange,
  Http,
  type Jar,
  type Plan,
  type Request,
  type Response,
  type Session,
  Transport,
} from 'requests-ts'
import type { AnswerSpec } from '../shapes.js'
import { bytesOf, reasonOf, textOf } from '../translate/values.js'

/** The seed of all random values. */
export const SEED = 'seed'

export interface Script {
  readonly answers: ReadonlyArray<AnswerSpec>
  readonly loop?: boolean
}

const answerOf = ({ status, headers, body, reason }: AnswerSpec): Transport.Answer => ({
  status,
  headers: headers.map(([name, value]) => [name, textOf(value)] as const),
  ...(body === undefined ? {} : { body: bytesOf(body) }),
  ...(reason === undefined ? {} : { reason: reasonOf(reason) }),
})

/** A client whose server follows a replaceable script. */
export interface Scripted {
  readonly sent: ReadonlyArray<Plan.Plan>
  readonly follow: (script: Script) => void
  readonly advance: (seconds: number) => void
  readonly now: () => Date
  readonly client: Client.Client
}

/** The options of the client. */
export interface ScriptOptions {
  readonly session: Session.Session
  readonly environment: Environment.Environment
  /** Epoch seconds. */
  readonly now: number
}

export const open = ({ session, environment, now }: ScriptOptions): Scripted => {
  let time = now * 1000
  let script: Script = { answers: [] }
  let next = 0
  const sent: Plan.Plan[] = []
  const clock = { ...Clock.fixed(new Date(time)), now: () => new Date(time) }
  const server: Transport.Server = (plan) => {
    sent.push(plan)
    const { answers, loop = false } = script
    const answer = answers[loop ? next % answers.length : next]
    next += 1
    if (answer === undefined) throw new Error('the script is at its end')
    time += (answer.advance ?? 0) * 1000
    return answerOf(answer)
  }
  return {
    sent,
    follow: (other) => {
      script = other
      next = 0
    },
    advance: (seconds) => {
      time += seconds * 1000
    },
    now: () => new Date(time),
    client: Client.open({ session, environment, clock, transport: Transport.memory(server), random: () => SEED })(),
  }
}

export interface Outcome {
  readonly result: E.Either<Exchange.SendError, Response.Response>
  readonly jar: Jar.Jar
}

/** Sends a request and follows redirects and challenges. */
export const attempt =
  ({ client }: Scripted, jar: Jar.Jar) =>
  async (request: Request.Request): Promise<Outcome> => {
    const ended = await Http.attempt(request)(jar)(client)()
    if (ended._tag === 'Left') return ended.left
    const [result, after] = ended.right
    return { result, jar: after }
  }

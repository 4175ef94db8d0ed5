/**
 * The machine run against a pure server: the whole chain, with no promise in sight.
 *
 * Hooks are named in the trace and not run, for they are effects.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../cookies/Jar.js'
import type { Request } from '../session/Request.js'
import * as Charset from '../values/Charset.js'
import * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as OwnProperty from '../values/OwnProperty.js'
import * as MockServer from '../wire/MockServer.js'
import type { Hop, Server } from '../wire/Reply.js'
import type { Response } from '../wire/Response.js'
import { at } from '../wire/Transport.js'
import { type Context, type Done, type Exchange, failed, nameOf, receive, type SendError, start } from './Exchange.js'
import { withDefaults } from './Prepare.js'
import { hide } from './ReplyRedaction.js'

/** The response that a finished exchange and the bytes of its last reply make. */
export const respond = ({ exchange, head, cookies, next }: Done, bytes: Uint8Array): Response => {
  const contentType = Headers.combined(head.headers, 'Content-Type')
  return {
    status: head.status,
    reason: head.reason,
    headers: head.headers,
    elapsed: head.elapsed,
    ...(head.httpVersion === undefined ? {} : { httpVersion: head.httpVersion }),
    url: exchange.plan.url.href,
    bytes,
    encoding: contentType === undefined ? O.none : Charset.ofContentType(contentType),
    cookies,
    history: exchange.history,
    plan: exchange.plan,
    next,
    jar: exchange.jar,
  }
}

/** One answered plan, and the jar after it. */
export interface TracedHop extends Hop {
  readonly jar: Jar
}

export interface Trace {
  readonly hops: ReadonlyArray<TracedHop>
  /** The names of the hooks that would run on each hop. */
  readonly hooks: ReadonlyArray<string>
  readonly jar: Jar
  readonly outcome: E.Either<SendError, Response>
}

const hookNames = (x: Exchange): ReadonlyArray<string> =>
  Override.layerOrElse<ReadonlyArray<{ readonly name: string }>>([])(x.merged.settings.hooks).map(nameOf)

/** Nothing of a simulation is sent, so its draws may be the same each time. */
const SEED = 'simulation'

/** Runs the exchange of a request against a server, with a fixed seed where no `entropy` is given. A jar needs a `now`, as everywhere. */
export const simulate =
  (context: Context) =>
  (server: Server) =>
  (request: Request): Trace => {
    const seeded: Context = OwnProperty.get(context, 'entropy') ? context : { ...context, entropy: SEED }
    const world = withDefaults(seeded)
    const { now } = world
    const begun = start(seeded)(request)
    if (E.isLeft(begun)) return { hops: [], hooks: [], jar: world.jar, outcome: begun }
    const hops: TracedHop[] = []
    const hooks = hookNames(begun.right)
    for (let x = begun.right; ; ) {
      const answered = MockServer.serve(server)(x.plan)
      if (E.isLeft(answered)) {
        return { hops, hooks, jar: x.jar, outcome: E.left(failed(at(x.plan, answered.left))(x)) }
      }
      const { content } = answered.right
      const head = hide(x.plan, answered.right.head)
      const step = receive(now)(head)(x)
      const jar = step._tag === 'Refuse' ? step.error.jar : step.exchange.jar
      hops.push({ plan: x.plan, head, jar })
      if (step._tag === 'Refuse') return { hops, hooks, jar, outcome: E.left(step.error) }
      if (step._tag === 'Next') {
        x = step.exchange
        continue
      }
      const { plan } = step.exchange
      const bytes = content(plan.route.limits.body)
      const outcome = E.isLeft(bytes)
        ? E.left(failed(at(plan, bytes.left))(step.exchange))
        : E.right(respond(step, bytes.right))
      return { hops, hooks, jar, outcome }
    }
  }

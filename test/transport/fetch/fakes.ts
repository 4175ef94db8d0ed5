/** Fetch functions for tests, and plans for them. */
import * as E from 'fp-ts/lib/Either.js'
import * as Plan from '../../../src/Plan.js'
import * as Request from '../../../src/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Transport from '../../../src/Transport.js'
import * as Octets from '../../../src/values/Octets.js'
import { untyped } from '../../untyped.js'

export const URL_WITH_SECRET = 'http://h.test/a?key=hunter2'

/** Returns the plan of a request without settings of a session. */
export const planOf = (request: Request.Request = Request.get(URL_WITH_SECRET), session = Session.empty): Plan.Plan => {
  const plan = Plan.plan({ session, entropy: 'seed' })(request)
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}

/** A call of fetch. */
export interface Call {
  readonly url: string
  readonly init: RequestInit & { readonly headers: ReadonlyArray<readonly [string, string]> }
}

export interface Fake {
  readonly transport: Transport.Transport
  readonly calls: ReadonlyArray<Call>
}

/** Returns a transport over a function, with the calls that it got. The function may return and throw anything. */
export const over = (
  respond: (call: Call) => unknown = () => new Response('ok'),
  options: Omit<Transport.FetchOptions, 'fetch'> = {},
): Fake => {
  const calls: Call[] = []
  const fetch = (url: string, init: object): unknown => {
    const call: Call = untyped({ url, init })
    calls.push(call)
    return respond(call)
  }
  return { transport: Transport.fetch({ ...options, ...untyped<{ fetch(): never }>({ fetch }) }), calls }
}

export interface Outcome {
  readonly reply?: Transport.Reply
  readonly text?: string
  readonly fault?: Transport.Fault
}

/** Sends a plan and reads the body. */
export const exchange = async (
  transport: Transport.Transport,
  plan = planOf(),
  controls: Transport.SendControls = {},
): Promise<Outcome> => {
  const sent = await transport(plan, controls)()
  if (E.isLeft(sent)) return { fault: sent.left }
  const body = await sent.right.body.gather(plan.route.limits.body)()
  return E.isLeft(body)
    ? { reply: sent.right, fault: body.left }
    : { reply: sent.right, text: Octets.toText(body.right) }
}

/** A body that never yields, and whether it was cancelled. */
export const endless = (): { readonly stream: ReadableStream<Uint8Array>; readonly isCancelled: () => boolean } => {
  let isCancelled = false
  const stream = new ReadableStream<Uint8Array>({
    cancel: () => {
      isCancelled = true
    },
  })
  return { stream, isCancelled: () => isCancelled }
}

/** Whether an outcome has the URL, a header or a cookie that must stay secret. */
export const showsSecret = (value: unknown): boolean => {
  const seen = new Set<unknown>()
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'object' && inner !== null) {
      if (seen.has(inner)) return undefined
      seen.add(inner)
    }
    return inner
  })
  return text.includes('hunter2')
}

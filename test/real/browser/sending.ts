/** What the page of `browser.real.ts` sends by `Transport.fetch`, to a server of another origin. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Plan from '../../../src/Plan.js'
import * as Request from '../../../src/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Send from '../../../src/stages/Send.js'
import { detect } from '../../../src/transport/fetch/Capabilities.js'
import { type FetchOptions, fetch as overFetch } from '../../../src/transport/fetch/FetchTransport.js'
import * as Octets from '../../../src/values/Octets.js'
import * as Clock from '../../../src/wire/Clock.js'
import type { TransportError } from '../../../src/wire/Transport.js'

type Found = Readonly<Record<string, unknown>>

const faultOf = ({ _tag, unsupported = [], unsent }: TransportError): Found => ({
  _tag,
  unsupported,
  unsent: unsent === true,
})

const sendTo =
  (origin: string) =>
  async (request: Request.Request, options: FetchOptions = {}, signal?: AbortSignal): Promise<Found> => {
    const session = pipe(Session.defaults, Session.withBaseUrl(origin))
    const sender = { session, transport: overFetch(options), clock: Clock.system, ...(signal ? { signal } : {}) }
    const plan = Plan.plan({ session, entropy: 'seed' })(request)
    if (E.isLeft(plan)) return { plan: plan.left._tag }
    const sent = await Send.send(sender)(plan.right)()
    if (E.isLeft(sent)) return faultOf(sent.left)
    const { status, finalUrl, body } = sent.right
    const bytes = await body.gather(1e6)()
    return { status, finalUrl, body: E.isLeft(bytes) ? bytes.left._tag : Octets.toText(bytes.right) }
  }

/** Reads the first chunks of a body that never ends, and leaves it. */
const stream = async (origin: string): Promise<number> => {
  const plan = Plan.plan({ session: Session.empty })(Request.get(`${origin}/endless?stream`))
  if (E.isLeft(plan)) return -1
  const sent = await overFetch()(plan.right, {})()
  if (E.isLeft(sent)) return -1
  let size = 0
  for await (const chunk of sent.right.body) {
    size += chunk.length
    if (size > 2_000) break
  }
  return size
}

/** Sends one request of each kind. */
export const sending = async (origin: string): Promise<Found> => {
  const send = sendTo(origin)
  const form = pipe(Request.post('/seen'), Request.withForm({ a: 'ü' }), Request.withBearer('token'))
  return {
    capabilities: pipe(detect(), ({ redirects, cookies, requestStreams }) => ({ redirects, cookies, requestStreams })),
    form: await send(form),
    redirect: await send(Request.get('/redirect')),
    followed: await send(Request.get('/redirect'), { hiddenRedirects: 'follow' }),
    cookie: await send(Request.withCookie('sid', '1')(Request.get('/seen'))),
    refused: O.isSome(
      pipe(
        Plan.plan({ session: Session.empty })(Request.withHeader('Referer', 'x')(Request.get(origin))),
        O.fromEither,
        O.flatMap((plan) => overFetch().refusal?.(plan) ?? O.none),
      ),
    ),
    aborted: await send(Request.get('/silent?aborted'), {}, AbortSignal.timeout(100)),
    stream: await stream(origin),
  }
}

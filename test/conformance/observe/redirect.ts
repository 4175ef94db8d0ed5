/**
 * Runs a whole exchange with `Http.start` and `Http.resume`, and returns it in the form of the vectors.
 *
 * With `follow_next`, it sends `Response.next` hop by hop, like a program that follows redirects itself.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Environment,
  type Exchange,
  Http,
  type HttpError,
  type Jar,
  Jar as Jars,
  type Plan,
  Redirect,
  Response,
  Secret,
  Session,
} from 'requests-ts'
import type { Final, Input, Output, Sent } from '../families/redirect.js'
import type { Subject } from '../subject.js'
import { toBase64 } from '../tagged.js'
import * as Cookies from '../translate/cookies.js'
import { ready, session as sessionOf } from '../translate/request.js'
import { failureOf } from './errors.js'
import { jarOf, pairsOf } from './jar.js'
import { prepared } from './plan.js'
import { adapterArguments, authorizationOf } from './route.js'
import * as Script from './script.js'

const sentOf = async (plan: Plan.Plan, boundary: string): Promise<Sent> => ({
  ...(await prepared(plan, boundary)),
  ...adapterArguments(plan),
  authorization: authorizationOf(plan),
})

const finalOf = async (response: Response.Response, boundary: string, stops: boolean): Promise<Final> => {
  const next = Response.next(response)
  const final = {
    status: response.status,
    url: response.url,
    history: response.history.map(({ head }) => head.status),
    history_urls: response.history.map(({ plan }) => plan.url.href),
    body: toBase64(response.bytes),
    response_cookies: pairsOf(response.cookies.map(({ name, value }) => [name, Secret.reveal(value)] as const)),
  }
  return stops ? { ...final, next: O.isNone(next) ? null : await prepared(next.value, boundary) } : final
}

/** In requests, only TooManyRedirects carries the last response. */
const errorResponse = (error: HttpError.SendError): Pick<Output, 'error_response'> => {
  if (error._tag !== 'TooManyRedirects') return {}
  const hops = error.history.filter(({ head }) => head.status !== 401)
  const last = hops.at(-1)
  if (last === undefined) return {}
  const history = hops.slice(0, -1).map(({ head }) => head.status)
  return { error_response: { status: last.head.status, url: last.plan.url.href, history } }
}

/** Returns the exchange that sends the next request of a stopped one. */
const resumed = (x: Exchange.Exchange, { next, jar }: Response.Response): O.Option<Exchange.Exchange> => {
  if (O.isNone(next)) return O.none
  const credentialsAllowed = x.credentialsAllowed && !Redirect.shouldStripAuth(x.plan.url, next.value.url)
  return O.some({ ...x, plan: next.value, jar, credentialsAllowed, history: [] })
}

type Ended = { readonly result: E.Either<HttpError.SendError, Response.Response>; readonly jar: Jar.Jar }

const drive = async (scripted: Script.Scripted, started: Exchange.Exchange, followsNext: boolean): Promise<Ended> => {
  for (let x = started; ; ) {
    const ended = await Http.resume(x)(x.jar)(scripted.client)()
    if (E.isLeft(ended)) return { result: ended, jar: ended.left.jar }
    const [response, jar] = ended.right
    const next = followsNext ? resumed(x, response) : O.none
    if (O.isNone(next)) return { result: E.right(response), jar }
    x = next.value
  }
}

const nothingSent = (input: Input, error: string): Output => {
  const made = sessionOf(input.session)
  const jar = Cookies.into(input.session.cookies ?? [], '')(Jars.empty)
  const session = E.isLeft(made) ? Session.empty : made.right
  return { error, requests: [], cookies: jarOf(E.isLeft(jar) ? Jars.empty : jar.right, session) }
}

export const observe = async ({ input, meta }: Subject<Input>): Promise<Output> => {
  const made = ready(input.session, input.request, 'session.request')
  if (E.isLeft(made)) return nothingSent(input, made.left.error)
  const { session, request, jar } = made.right
  const environment = Environment.make(input.env ?? {}, input.netrc ?? '')
  const scripted = Script.open({ session, environment, now: meta.now })
  scripted.follow({ answers: input.script, loop: input.loop === true })
  const begun = await Http.start(request)(jar)(scripted.client)()
  if (E.isLeft(begun)) return { ...failureOf(begun.left), requests: [], cookies: jarOf(jar, session) }
  const { result, jar: after } = await drive(scripted, begun.right[0], input.follow_next === true)
  const requests = await Promise.all(scripted.sent.map((plan) => sentOf(plan, meta.boundary)))
  const cookies = jarOf(after, session)
  if (E.isLeft(result)) return { ...failureOf(result.left), ...errorResponse(result.left), requests, cookies }
  const final = await finalOf(result.right, meta.boundary, input.request.allow_redirects === false)
  return { requests, cookies, final }
}

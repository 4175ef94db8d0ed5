/** Runs the cases about proxies, with one function for each kind. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import {
  Environment,
  Headers,
  Jar,
  NoProxy,
  Plan,
  Proxy,
  Request,
  Route,
  Secret,
  Session,
  Settings,
  Url,
} from 'requests-ts'
import type { Input, Output } from '../families/proxies.js'
import { type Failure, failure } from '../shapes.js'
import type { Subject } from '../subject.js'
import { ready } from '../translate/request.js'
import { cert, proxies, trust, verify } from '../translate/session.js'
import { failureOf } from './errors.js'
import { mountForeign } from './plan.js'
import { adapterArguments, authorizationOf, proxyText } from './route.js'
import * as Script from './script.js'

type Of<K extends Input['kind']> = Extract<Input, { readonly kind: K }>
type Answer = Output | Failure

const environmentOf = ({ env }: { readonly env?: Readonly<Record<string, string>> }): Environment.Environment =>
  Environment.make(env ?? {})

const bypass = (input: Of<'bypass'>): Answer => {
  const located = Url.parse(input.url)
  if (E.isLeft(located)) return failureOf(located.left)
  const { url } = located.right
  const { no_proxy } = input
  const matches = typeof no_proxy === 'string' ? NoProxy.parse(no_proxy) : undefined
  return { bypass: matches === undefined ? Environment.bypasses(url)(environmentOf(input)) : matches(url) }
}

const environ = (input: Of<'environ'>): Answer => {
  const located = Url.parse(input.url)
  if (E.isLeft(located)) return failureOf(located.left)
  const found = Environment.proxyFor(located.right.url, input.no_proxy ?? undefined)(environmentOf(input))
  return { proxy: O.isNone(found) ? null : Secret.reveal(found.value) }
}

const select = ({ url, proxies: map }: Of<'select'>): Answer => {
  const located = Url.parse(url)
  if (E.isLeft(located)) return failureOf(located.left)
  const chosen = Route.selectProxy(proxies(map)(Session.empty).settings, located.right.url)
  return { proxy: chosen._tag === 'Set' ? Secret.reveal(chosen.value) : null }
}

const resolve = (input: Of<'resolve'>): Answer => {
  const session = mountForeign(input.url)(trust(input.trust_env)(Session.empty))
  const request = proxies(input.proxies)(Request.get(input.url))
  const plan = Plan.plan({ session, environment: environmentOf(input) })(request)
  return E.isLeft(plan) ? failureOf(plan.left) : { proxy: proxyText(plan.right.route.proxy) }
}

/** Plans the second hop of a redirect to the same URL, because requests calls `rebuild_proxies` on redirects. */
const rebuild = async (input: Of<'rebuild'>, now: number): Promise<Answer> => {
  const session = trust(input.trust_env)(Session.empty)
  const request = proxies(input.proxies)(Settings.withHeaders(input.headers)(Request.get(input.url)))
  const scripted = Script.open({ session, environment: environmentOf(input), now })
  const location = [{ _tag: 'Str', text: input.url }] as const
  scripted.follow({
    answers: [
      { status: 302, headers: [['Location', location[0]]] },
      { status: 200, headers: [] },
    ],
  })
  const { result } = await Script.attempt(scripted, Jar.empty)(request)
  if (E.isLeft(result)) return failureOf(result.left)
  const { plan } = result.right
  return {
    proxy: proxyText(plan.route.proxy),
    headers: Headers.reveal(plan.headers),
    authorization: authorizationOf(plan),
  }
}

const mergeEnv = (input: Of<'merge_env'>): Answer => {
  // requests reads proxies from the environment only if it is given a dictionary of proxies.
  const readsProxies = input.proxies._tag !== 'None'
  const trusts = input.session.trust_env === true
  const session = verify(input.session.verify)(
    cert(input.session.cert)(proxies(input.session.proxies)(trust(trusts)(Session.empty))),
  )
  const request = verify(
    input.verify,
    input.session.verify,
  )(cert(input.cert)(proxies(input.proxies)(Request.get(input.url))))
  const configured = mountForeign(input.url)(Session.withAmbient({ proxies: trusts && readsProxies })(session))
  const plan = Plan.plan({ session: configured, environment: environmentOf(input) })(request)
  if (E.isLeft(plan)) return failureOf(plan.left)
  const { proxy, verify: checks, cert: certificate } = adapterArguments(plan.right)
  return { proxy, verify: checks, cert: certificate }
}

const requested = async (input: Of<'request'>, now: number): Promise<Answer> => {
  const made = ready(input.session, input.request, 'session.request')
  if (E.isLeft(made)) return made.left
  const { session, request, jar } = made.right
  const plan = Plan.plan({ session, jar, environment: environmentOf(input), now: new Date(now * 1000) })(request)
  if (E.isLeft(plan)) return failureOf(plan.left)
  return { url: plan.right.url.href, headers: Headers.reveal(plan.right.headers), ...adapterArguments(plan.right) }
}

/** Returns the request target: the absolute form for a forwarding proxy (RFC 9112 3.2). */
const targetOf = ({ url, route: { proxy } }: Plan.Plan): string => {
  const forwards = O.isSome(proxy) && Proxy.forwards(url.protocol)(proxy.value)
  return forwards ? Url.withHash('')(url).href : Url.target(url)
}

const requestUrl = ({ url, proxies: map }: Of<'request_url'>): Answer => {
  const plan = Plan.plan({ session: mountForeign(url)(Session.empty) })(proxies(map)(Request.get(url)))
  if (E.isLeft(plan)) return failureOf(plan.left)
  return {
    target: targetOf(plan.right),
    proxy: proxyText(plan.right.route.proxy),
    authorization: authorizationOf(plan.right),
  }
}

export const observe = async ({ input, meta }: Subject<Input>): Promise<Answer> => {
  switch (input.kind) {
    case 'bypass':
      return bypass(input)
    case 'environ':
      return environ(input)
    case 'select':
      return select(input)
    case 'resolve':
      return resolve(input)
    case 'rebuild':
      return rebuild(input, meta.now)
    case 'merge_env':
      return mergeEnv(input)
    case 'request':
      return requested(input, meta.now)
    case 'request_url':
      return requestUrl(input)
    default:
      return failure('unknown kind')
  }
}

/**
 * Settings, sessions and requests, made as users make them: by a few combinators, over few names that meet again.
 */
import * as fc from 'fast-check'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Settings from '../../src/session/Settings.js'
import * as Override from '../../src/values/Override.js'
import * as Query from '../../src/values/Query.js'

/** The same few headers in several spellings. */
export const headerName: fc.Arbitrary<string> = fc.constantFrom(
  'X-A',
  'x-a',
  'X-B',
  'Accept',
  'ACCEPT',
  'X-Api-Key',
  '__proto__',
)
export const headerValue: fc.Arbitrary<string> = fc.constantFrom('', '1', '2', 'a, b', 'é')

const key = fc.constantFrom('a', 'b', 'A', '__proto__')
const scalar = fc.constantFrom('', '1', 'x y')
const query: fc.Arbitrary<Query.Input> = fc.oneof(
  fc.dictionary(key, fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.constant(null)), { maxKeys: 2 }),
  fc.array(fc.tuple(key, scalar), { maxLength: 2 }),
)
/** A query as a setting: keys that merge, pairs and text that take the place. */
export const queryLayer: fc.Arbitrary<Override.Layer<Query.Source>> = fc.oneof(
  query.map(Query.layer),
  scalar.map((text) => Override.replace<Query.Source>({ _tag: 'Text', text })),
  fc.constant<Override.Layer<Query.Source>>(Override.inherit),
)

const ms = fc.constantFrom(1, 1000, 60_000)
const policy = fc.constantFrom(RedirectPolicy.none, RedirectPolicy.sameOrigin, RedirectPolicy.httpsOnly)
const hook: fc.Arbitrary<Settings.Hook> = fc.constantFrom<Settings.Hook>(
  (head) => async () => ({ _tag: 'Right', right: head }),
  (head) => async () => ({ _tag: 'Right', right: { ...head, status: 299 } }),
)

/** One combinator, applied. */
export const change: fc.Arbitrary<Settings.Configure> = fc.oneof(
  fc.tuple(headerName, headerValue).map(([name, value]) => Settings.withHeader(name, value)),
  headerName.map(Settings.withoutHeader),
  fc.tuple(headerName, headerValue).map(([name, value]) => Settings.withSecretHeader(name, value)),
  query.map(Settings.withQuery),
  scalar.map(Settings.withQueryText),
  fc.tuple(key, scalar).map(([name, value]) => Settings.withCookie(name, value)),
  key.map(Settings.withoutCookie),
  fc.tuple(key, scalar).map(([user, pass]) => Settings.withBasicAuth(user, pass)),
  fc.constantFrom(Settings.withoutAuth, Settings.withoutProxy, Settings.withoutTimeouts, Settings.withoutRedirects),
  fc.constantFrom('http://p:1', 'http://q:2').map((url) => Settings.withProxy(url)),
  fc
    .constantFrom<Readonly<Record<string, string | null>>>({ http: 'http://r:3' }, { https: null })
    .map(Settings.withProxy),
  fc.boolean().map(Settings.withVerify),
  ms.map((connect) => Settings.withTimeouts({ connect })),
  ms.map((read) => Settings.withTimeouts({ read })),
  ms.map((body) => Settings.withLimits({ body })),
  fc.nat({ max: 3 }).map(Settings.withMaxRedirects),
  policy.map(Settings.withRedirectPolicy),
  policy.map(Settings.andRedirectPolicy),
  hook.map(Settings.withHook),
  fc.array(hook, { maxLength: 2 }).map(Settings.withHooks),
  fc.constantFrom('http://h.test/v1', 'https://h.test').map(Settings.withBaseUrl),
  headerName.map((name) => Settings.withSensitiveHeaders(name)),
)

const made = <C extends Settings.Configurable>(start: C): fc.Arbitrary<C> =>
  fc.array(change, { maxLength: 5 }).map((changes) => changes.reduce<C>((built, step) => step(built), start))

export const settings: fc.Arbitrary<Settings.Settings> = made({ settings: Settings.empty }).map((one) => one.settings)

export const session: fc.Arbitrary<Session.Session> = fc.constantFrom(Session.empty, Session.defaults).chain(made)

export const request: fc.Arbitrary<Request.Request> = fc
  .constantFrom(Request.get('http://h.test/'), Request.post('http://h.test/x?y=z'), Request.get('http://[bad'))
  .chain(made)

export const override: fc.Arbitrary<Override.Override<number>> = fc.oneof(
  fc.constant(Override.inherit),
  fc.constant(Override.unset),
  fc.nat({ max: 3 }).map(Override.set),
)

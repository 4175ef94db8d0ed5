/**
 * Generates settings, sessions and requests as users build them: with a few combinators, over a few names that repeat.
 */
import * as fc from 'fast-check'
import type { Observer } from '../../src/session/observation/Observer.js'
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
/** Generates one of a few header values. */
export const headerValue: fc.Arbitrary<string> = fc.constantFrom('', '1', '2', 'a, b', 'é')

const key = fc.constantFrom('a', 'b', 'A', '__proto__')
const scalar = fc.constantFrom('', '1', 'x y')
const query: fc.Arbitrary<Query.Input> = fc.oneof(
  fc.dictionary(key, fc.oneof(scalar, fc.array(scalar, { maxLength: 2 }), fc.constant(null)), { maxKeys: 2 }),
  fc.array(fc.tuple(key, scalar), { maxLength: 2 }),
)
/** A query as a setting: keys are merged, pairs and text replace the query. */
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
const observer: fc.Arbitrary<Observer> = fc.constantFrom<Observer>({}, { onDone: () => () => {} })

/** A combinator that prints as its call, so that a counterexample is code that a user can run. */
const called = (name: string, args: ReadonlyArray<unknown>, configure: Settings.Configure): Settings.Configure => {
  const printed: Settings.Configure = (configurable) => configure(configurable)
  const text = args.length === 0 ? name : `${name}(${args.map((arg) => fc.stringify(arg)).join(', ')})`
  return Object.defineProperty(printed, fc.toStringMethod, { value: () => text })
}

/** The calls of one combinator with generated arguments. */
const calls = <Args extends ReadonlyArray<unknown>>(
  name: string,
  configure: (...args: Args) => Settings.Configure,
  ...args: { readonly [K in keyof Args]: fc.Arbitrary<Args[K]> }
): fc.Arbitrary<Settings.Configure> =>
  // The cast: a tuple of arbitraries generates a tuple of values, which TypeScript cannot infer for a generic mapped type.
  fc.tuple(...args).map((given) => called(name, given, configure(...(given as unknown as Args))))

const constant = (name: string, configure: Settings.Configure): fc.Arbitrary<Settings.Configure> =>
  fc.constant(called(name, [], configure))

/** One combinator, applied. */
export const change: fc.Arbitrary<Settings.Configure> = fc.oneof(
  calls('withHeader', Settings.withHeader, headerName, headerValue),
  calls('withoutHeader', Settings.withoutHeader, headerName),
  calls('withSecretHeader', Settings.withSecretHeader, headerName, headerValue),
  calls('withQuery', Settings.withQuery, query),
  calls('withQueryText', Settings.withQueryText, scalar),
  calls('withCookie', Settings.withCookie, key, scalar),
  calls('withoutCookie', Settings.withoutCookie, key),
  calls('withBasicAuth', Settings.withBasicAuth, key, scalar),
  constant('withoutAuth', Settings.withoutAuth),
  constant('withoutProxy', Settings.withoutProxy),
  constant('withoutTimeouts', Settings.withoutTimeouts),
  constant('withoutRedirects', Settings.withoutRedirects),
  calls(
    'withProxy',
    Settings.withProxy,
    fc.constantFrom('http://p:1', 'http://q:2', { http: 'http://r:3' }, { https: null }),
  ),
  calls('withVerify', Settings.withVerify, fc.boolean()),
  calls('withTimeouts', Settings.withTimeouts, fc.oneof(fc.record({ connect: ms }), fc.record({ read: ms }))),
  calls('withLimits', Settings.withLimits, fc.record({ body: ms })),
  calls('withMaxRedirects', Settings.withMaxRedirects, fc.nat({ max: 3 })),
  calls('withRedirectPolicy', Settings.withRedirectPolicy, policy),
  calls('andRedirectPolicy', Settings.andRedirectPolicy, policy),
  calls('withHook', Settings.withHook, hook),
  calls('withHooks', Settings.withHooks, fc.array(hook, { maxLength: 2 })),
  calls('withObserver', Settings.withObserver, observer),
  calls('withObservers', Settings.withObservers, fc.array(observer, { maxLength: 2 })),
  calls('withBaseUrl', Settings.withBaseUrl, fc.constantFrom('http://h.test/v1', 'https://h.test')),
  calls(
    'withIdempotencyKey',
    Settings.withIdempotencyKey,
    fc.constantFrom({}, { header: 'X-A' }, { format: 'quoted' as const }, { methods: ['PUT'] }),
  ),
  constant('withoutIdempotencyKey', Settings.withoutIdempotencyKey),
  calls(
    'withCompression',
    Settings.withCompression,
    fc.constantFrom('gzip' as const, 'br' as const),
    fc.constantFrom({}, { minimumSize: 0 }, { minimumSize: Number.POSITIVE_INFINITY }),
  ),
  constant('withoutCompression', Settings.withoutCompression),
  calls('withSensitiveHeaders', (name: string) => Settings.withSensitiveHeaders(name), headerName),
)

/** Applies a few combinators to a start value. The result prints as the pipe that made it. */
const made = <C extends Settings.Configurable>(
  start: fc.Arbitrary<readonly [name: string, start: C]>,
): fc.Arbitrary<C> =>
  fc.tuple(start, fc.array(change, { maxLength: 5 })).map(([[name, begun], changes]) => {
    const built: C = { ...changes.reduce<C>((before, step) => step(before), begun) }
    const text = `pipe(${[name, ...changes.map((step) => fc.stringify(step))].join(', ')})`
    return Object.defineProperty(built, fc.toStringMethod, { value: () => text })
  })

/** Generates settings. */
export const settings: fc.Arbitrary<Settings.Settings> = made(
  fc.constant(['{ settings: Settings.empty }', { settings: Settings.empty }] as const),
).map((one) => one.settings)

/** Generates sessions. */
export const session: fc.Arbitrary<Session.Session> = made(
  fc.constantFrom(['Session.empty', Session.empty] as const, ['Session.defaults', Session.defaults] as const),
)

/** Generates requests, some with an invalid URL. */
export const request: fc.Arbitrary<Request.Request> = made(
  fc.constantFrom(
    ["Request.get('http://h.test/')", Request.get('http://h.test/')] as const,
    ["Request.post('http://h.test/x?y=z')", Request.post('http://h.test/x?y=z')] as const,
    ["Request.get('http://[bad')", Request.get('http://[bad')] as const,
  ),
)

/** Generates overrides of a small number. */
export const override: fc.Arbitrary<Override.Override<number>> = fc.oneof(
  fc.constant(Override.inherit),
  fc.constant(Override.unset),
  fc.nat({ max: 3 }).map(Override.set),
)

/** The laws of explaining a plan, as a rule set. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Auth from '../../src/session/auth/Auth.js'
import * as Environment from '../../src/session/Environment.js'
import type * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Settings from '../../src/session/Settings.js'
import * as Body from '../../src/values/Body.js'
import * as Headers from '../../src/values/Headers.js'
import * as Url from '../../src/values/Url.js'
import type { Plan } from '../../src/wire/Plan.js'
import { chain } from '../arbitrary/Chain.js'
import { request, session } from '../arbitrary/Settings.js'
import * as Laws from '../Explain.js'
import type { RuleSet } from '../RuleSet.js'

const NOW = new Date('2026-01-01T00:00:00Z')
const [JAR] = Jar.absorb(new URL('http://h.test/'), ['a=jar', 'held=1; Path=/x'], NOW)(Jar.empty)

const NETRC = 'machine h.test login me password pw machine h.test login you password pw2'

const world = fc.record({
  jar: fc.constantFrom(Jar.empty, JAR),
  now: fc.constant(NOW),
  environment: fc.constantFrom(
    Environment.empty,
    Environment.make({ http_proxy: 'http://e:5', no_proxy: 'other.test', REQUESTS_CA_BUNDLE: '/e.pem' }, NETRC),
    Environment.make({ http_proxy: '', HTTP_PROXY: 'http://e:6', ALL_PROXY: 'http://e:7', CURL_CA_BUNDLE: '/e.pem' }),
    Environment.make({ http_proxy: 'http://e:5', no_proxy: 'h.test' }, 'machine h.test login other password pw'),
  ),
})

const changedUrl =
  (change: (url: URL) => void) =>
  (plan: Plan): Plan => {
    const url = new URL(Url.sentHref(plan.url))
    change(url)
    const parsed = Url.parse(url.href)
    return E.isRight(parsed) ? { ...plan, url: parsed.right.url } : plan
  }
/** Signers that each write one part. */
const scheme: fc.Arbitrary<Auth.Auth> = fc
  .constantFrom<(plan: Plan) => Plan>(
    (plan) => ({ ...plan, headers: Headers.upsertAt('X-A', 'signed')(plan.headers) }),
    (plan) => ({ ...plan, headers: Headers.upsertAt('Authorization', 'signed')(plan.headers) }),
    (plan) => ({ ...plan, headers: Headers.upsertAt('Cookie', 'signed=1')(plan.headers) }),
    changedUrl((url) => url.searchParams.append('signed', '1')),
  )
  .map((sign) => Auth.signer('scheme', sign))

const file = fc.constantFrom('/a.pem', '/b.pem')

/** Settings that `arbitrary/Settings` does not generate. */
const change: fc.Arbitrary<Settings.Configure> = fc.oneof(
  scheme.map(Settings.withAuth),
  fc.constant(Settings.withBearer('token')),
  fc.constant(Settings.withHeader('Authorization', 'Token a')),
  fc.constant(Settings.withHeader('Cookie', 'literal=1; other=2')),
  fc.constant(Settings.withHeader('Content-Type', 'text/mine')),
  file.map(Settings.withCa),
  file.map((cert) => Settings.withClientCertificate({ cert })),
  fc.constantFrom('one', 'two').map((value) => Settings.withSecretQuery('key', value)),
  fc.constantFrom({ 'http://h.test': 'http://s:4' }, { all: 'http://t:5' }).map((one) => Settings.withProxy(one)),
  fc.constantFrom({ total: 5 }, { total: 6 }).map(Settings.withTimeouts),
  fc.constant(Settings.withBaseUrl('http://user:pass@h.test/v2')),
)
const changes = fc.array(change, { maxLength: 2 })

const applied = <C extends Settings.Configurable>(start: C, steps: ReadonlyArray<Settings.Configure>): C =>
  steps.reduce<C>((before, step) => step(before), start)

const trusting = fc
  .tuple(session, changes, fc.boolean())
  .map(([one, steps, trusts]) =>
    pipe(applied(one, steps), Session.withAmbient({ netrc: trusts, proxies: trusts, certificates: trusts })),
  )

const url = fc.constantFrom(
  'http://h.test/x?y=z&a=1#top',
  'http://me:secret@h.test/',
  'http://me@h.test/',
  'http://else.test/',
  '/relative?r=1',
)
const body = fc.constantFrom<Body.Body>(Body.text('text'), Body.text(''), Body.json({ a: 1 }), Body.form({ a: 1 }))

const asking: fc.Arbitrary<Request.Request> = fc
  .tuple(request, changes, fc.option(url), fc.option(body))
  .map(([one, steps, where, content]) => ({
    ...applied(one, steps),
    ...(where === null ? {} : { url: where }),
    ...(content === null ? {} : { body: content }),
  }))

/** Returns the laws of explaining a plan, for an implementation of `Explain.explain`. */
export const explaining = (explain: Laws.Explain): RuleSet => ({
  'the entries rebuild the plan of every hop': fc.property(chain, (one) =>
    Laws.plansOf(one).every(Laws.rebuilds(explain)),
  ),
  'an entry names the layer that gave it': fc.property(trusting, asking, world, Laws.namesTheLayer(explain)),
  'an explanation shows no secret': fc.property(chain, Laws.showsNoSecret(explain)),
})

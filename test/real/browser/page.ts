/**
 * What the page of `browser.real.ts` runs. The test runs `facts` in Node too and compares, because the pure part returns the
 * same everywhere. `limits` are the functions that a browser does not have.
 */
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Cookies from '../../../laws/arbitrary/Cookie.js'
import * as Script from '../../../laws/arbitrary/Script.js'
import * as Setting from '../../../laws/arbitrary/Settings.js'
import { replay } from '../../../laws/Jar.js'
import * as RuleSet from '../../../laws/RuleSet.js'
import { exchange } from '../../../laws/rules/exchange.js'
import { explaining } from '../../../laws/rules/explain.js'
import { jar } from '../../../laws/rules/jar.js'
import { monoid } from '../../../laws/rules/monoids.js'
import { codec, redirectPolicy } from '../../../laws/rules/parts.js'
import { retry } from '../../../laws/rules/retry.js'
import { merging } from '../../../laws/rules/session.js'
import * as CookiesTxt from '../../../src/cookies/CookiesTxt.js'
import * as Jar from '../../../src/cookies/Jar.js'
import * as Explain from '../../../src/inspect/Explain.js'
import * as Har from '../../../src/inspect/Har.js'
import * as Multipart from '../../../src/Multipart.js'
import * as Plan from '../../../src/Plan.js'
import * as Request from '../../../src/Request.js'
import * as Response from '../../../src/Response.js'
import * as RedirectPolicy from '../../../src/session/RedirectPolicy.js'
import * as Session from '../../../src/session/Session.js'
import * as Settings from '../../../src/session/Settings.js'
import * as Exchange from '../../../src/stages/Exchange.js'
import * as Merge from '../../../src/stages/Merge.js'
import { memory } from '../../../src/transport/Memory.js'
import { withRetry } from '../../../src/transport/Retry.js'
import * as RetryPolicy from '../../../src/transport/RetryPolicy.js'
import * as Charset from '../../../src/values/Charset.js'
import * as Octets from '../../../src/values/Octets.js'
import * as Secret from '../../../src/values/Secret.js'
import * as Clock from '../../../src/wire/Clock.js'
import * as RandomSource from '../../../src/wire/RandomSource.js'
import type { Server } from '../../../src/wire/Reply.js'

/** Results as JSON values, by their names. */
export type Facts = Readonly<Record<string, unknown>>

const now = new Date(0)
const ALL_OCTETS = Uint8Array.from({ length: 256 }, (_, octet) => octet)
const world = { now, entropy: 'seed' }
const session = pipe(Session.empty, Session.withBaseUrl('https://api.example.com'), Session.withBearer('token'))

const shown = (plan: E.Either<Plan.PlanError, Plan.Plan>): unknown =>
  pipe(
    plan,
    E.map((made) => ({ ...Plan.wire(made), body: pipe(Plan.wire(made).body, O.map(Octets.toLatin1)) })),
  )

const planning = (): Facts => {
  const plan = Plan.plan({ session, ...world })
  const form = pipe(Request.post('/a b?q=ü'), Request.withForm({ a: 'ü', b: ['1', '2'] }))
  const parts = pipe(Request.post('/up'), Request.withMultipart({ a: 'ü' }))
  const curl = pipe(
    plan(form),
    E.map((made) => Plan.toCurl({ reveal: true })(made)),
  )
  return {
    form: shown(plan(form)),
    multipart: shown(plan(parts)),
    json: shown(plan(pipe(Request.put('/j'), Request.withJson({ a: ['ü', 1] })))),
    curl,
    explained: pipe(
      plan(form),
      E.map((made) => Explain.render()(Explain.explain(made))),
    ),
    lint: pipe(plan(Request.get('http://other.example/')), E.map(Plan.lint)),
    invalid: shown(plan(Request.get('http://'))),
  }
}

/** Answers a login with digest authentication, a cookie and a redirect. */
const server: Server = (plan) => {
  const { url, headers } = Plan.wire(plan)
  const isSigned = headers.some(([name, value]) => name.toLowerCase() === 'authorization' && value.startsWith('Digest'))
  const challenge = 'Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="auth"'
  if (!isSigned && url.includes('/login')) return { status: 401, headers: { 'WWW-Authenticate': challenge } }
  if (url.includes('/login')) {
    return { status: 303, headers: { Location: '/home', 'Set-Cookie': 'sid=1; Path=/; Domain=example.com' } }
  }
  return { status: 200, headers: { 'Content-Type': 'text/html; charset=latin1' }, body: Uint8Array.of(0xe9, 0x80) }
}

const simulated = (): Facts => {
  const digest = pipe(Session.empty, Session.withDigestAuth('ada', 'pässwörd'))
  const {
    outcome,
    hops,
    jar: stored,
  } = Exchange.simulate({ session: digest, ...world })(server)(Request.get('https://www.example.com/login'))
  const login = new URL('https://api.example.com/')
  return {
    outcome: pipe(
      outcome,
      E.map((response) => [response.status, Response.text(response)]),
    ),
    sent: hops.map(({ plan }) => Plan.wire(plan)).map(({ url, headers }) => [url, headers]),
    har: Har.ofHops()(hops),
    cookie: Secret.reveal(Jar.header(login, now)(stored) ?? ''),
  }
}

const jars = (): Facts => {
  const lines = ['a=1; Domain=example.co.uk', 'b=2; Domain=co.uk', 'c=3; Max-Age=60', 'd=4; Secure; HttpOnly; Path=/x']
  const [stored, rejected] = Jar.absorb(new URL('https://www.example.co.uk/'), lines, now)(Jar.empty)
  const sites = [
    'https://www.example.co.uk/x',
    'http://www.example.co.uk/',
    'https://api.example.co.uk/',
    'https://co.uk/',
  ]
  return {
    rejected: rejected.map(({ name, _tag }) => [name, _tag]),
    sent: sites.map((site) => Secret.reveal(Jar.header(new URL(site), now)(stored) ?? '')),
    json: pipe(stored, Jar.encode({ reveal: true })),
    again: pipe(
      stored,
      Jar.encode({ reveal: true }),
      E.flatMap(Jar.decode),
      E.map((other) => Jar.toArray(other).length),
    ),
    text: CookiesTxt.write({ now, session: true })(stored),
  }
}

const octets = (): Facts => ({
  latin1: Octets.toLatin1(ALL_OCTETS),
  base64: Octets.toBase64(ALL_OCTETS),
  windows1252: Charset.decode(O.some('latin1'))(ALL_OCTETS),
  utf16: Charset.decode(O.some('utf-16be'))(Uint8Array.of(0, 0x61, 0, 0xe9)),
})

const sent = async (): Promise<Facts> => {
  let calls = 0
  const transport = pipe(
    memory(() => ({ status: ++calls < 3 ? 503 : 200, body: 'ü' })),
    withRetry({ attempts: 5 }),
  )
  const plan = Plan.plan({ session, ...world })(Request.get('/retried'))
  if (E.isLeft(plan)) return { plan }
  const reply = await transport(plan.right, { clock: Clock.fixed(now), entropy: 'seed' })()
  if (E.isLeft(reply)) return { reply }
  const body = await reply.right.body.gather(100)()
  return { status: reply.right.status, calls, body: pipe(body, E.map(Octets.toText)) }
}

/** Everything that must be equal in Node and in a browser. */
export const facts = async (): Promise<Facts> => ({
  planning: planning(),
  simulated: simulated(),
  jars: jars(),
  octets: octets(),
  sent: await sent(),
})

/** What a browser cannot do, as tagged errors. */
export const limits = async (): Promise<Facts> => {
  const zipped: Server = () => ({ status: 200, headers: { 'Content-Encoding': 'gzip' }, body: Uint8Array.of(31, 139) })
  const { outcome } = Exchange.simulate({ session, ...world })(zipped)(Request.get('/'))
  const file = await Multipart.statFile('/etc/hostname')()
  return {
    gzip: pipe(
      outcome,
      E.mapLeft(({ _tag, message }) => [_tag, message]),
    ),
    file: pipe(
      file,
      E.mapLeft(({ message }) => message),
    ),
    seed: /^[\da-f]{32}$/.test(RandomSource.seed()),
  }
}

const rules: RuleSet.RuleSet = {
  ...RuleSet.named('jar')(jar(Jar)),
  ...RuleSet.named('exchange')(exchange(Exchange.simulate)),
  ...RuleSet.named('explain')(explaining(Explain.explain)),
  ...RuleSet.named('merge')(merging(Merge.merge)),
  ...RuleSet.named('settings')(monoid(Settings.Monoid, Setting.settings)),
  ...RuleSet.named('retry')(retry(withRetry)),
  ...RuleSet.named('retry policy')(monoid(RetryPolicy.Monoid, Script.policy)),
  ...RuleSet.named('redirects')(redirectPolicy(RedirectPolicy.sameOrigin)),
  ...RuleSet.named('jar as JSON')(
    codec(
      { encode: flow(Jar.encode({ reveal: true }), E.toUnion), decode: Jar.decode },
      Cookies.history.map((history) => replay(Jar)(history)(Jar.empty)),
      Jar.Eq,
    ),
  ),
}

/** Returns the reports of the laws that do not hold, and how many were tested. */
export const laws = async (
  numRuns: number,
): Promise<{ readonly tested: number; readonly reports: ReadonlyArray<string> }> => {
  const verdicts = await RuleSet.check({ numRuns })(rules)
  return { tested: verdicts.length, reports: verdicts.flatMap(({ holds, report }) => (holds ? [] : [report])) }
}

/** Answers to the digest challenge of a proxy: each covers the URL that is sent, and counts the nonce once. */
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as T from 'fp-ts/lib/Task.js'
import { describe, expect, test } from 'vitest'
import {
  Auth,
  Client,
  Clock,
  Exchange,
  Headers,
  Http,
  Jar,
  OAuth2,
  Plan,
  Request,
  Secret,
  Session,
  Token,
  Transport,
} from '../../src/index.js'
import { replaceQuery } from '../../src/values/Url.js'
import type { Answer } from '../../src/wire/Reply.js'
import { BUSY, strictDigest } from '../strictDigest.js'

const NOW = new Date(1e12)
const TOKEN_URL = 'http://auth.test/token'

let signatures = 0
/** Writes another signature into the query each time. */
const inQuery = (plan: Plan.Plan): Plan.Plan => {
  signatures += 1
  return { ...plan, url: replaceQuery(`sig=s${signatures}`, `sig=s${signatures}`)(plan.url) }
}
const oauth = {
  name: 'api',
  tokenUrl: TOKEN_URL,
  clientId: 'me',
  clientSecret: 'hunter2',
  grant: OAuth2.clientCredentials,
}
const AUTHS: Readonly<Record<string, Auth.Auth>> = {
  none: Auth.none,
  digest: Auth.digest('me', 'pw'),
  signer: Auth.signer('query', inQuery),
  signerTask: Auth.signerTask('query', (plan) => async () => E.right(inQuery(plan))),
  aws: Auth.awsSigV4({
    credentials: { accessKeyId: 'AK', secretAccessKey: 'SK' },
    region: 'r',
    service: 's3',
    in: 'query',
  }),
  token: Auth.oauth2(oauth),
  'token in the query': Auth.oauth2({ ...oauth, apply: () => inQuery }),
}

/** What the origin does with the next request that the proxy lets pass. */
const steps = fc.array(fc.constantFrom('busy', 'fault', 'redirect', 'reject', 'new nonce'), { maxLength: 5 })
const jarWith = (lifetime: number) =>
  Jar.withToken(
    { name: 'api', endpoint: TOKEN_URL },
    Token.at(NOW)({ accessToken: 't0', expiresIn: lifetime }),
    NOW,
  )(Jar.empty)
const sentTo = ({ route: { proxy } }: Plan.Plan): string =>
  'value' in proxy && 'value' in proxy.value.authorization ? Secret.reveal(proxy.value.authorization.value) : ''

/** A strict proxy in front of an origin. */
const proxied = (given: ReadonlyArray<string>) => {
  const proxy = strictDigest('p')
  const origin = strictDigest('o')
  const left = [...given]
  const problems: string[] = []
  let [time, tokens, isFaulty] = [NOW.getTime(), 0, false]
  const atOrigin = (plan: Plan.Plan): Answer => {
    if (plan.url.hostname === 'auth.test') {
      tokens += 1
      return { status: 200, json: { access_token: `t${tokens}`, expires_in: 60 } }
    }
    const sent = Secret.reveal(Headers.find(plan.headers, 'Authorization') ?? '')
    const step = left.shift()
    if (step === 'busy') return BUSY
    isFaulty = step === 'fault'
    if (step === 'redirect') return { status: 307, headers: { Location: `/r${left.length}` } }
    if (step === 'reject' && !sent.startsWith('Digest ')) {
      return { status: 401, headers: { 'WWW-Authenticate': origin.challenge() } }
    }
    if (step === 'new nonce') proxy.nextNonce()
    return { status: 200 }
  }
  const server = (plan: Plan.Plan): Answer => {
    time += 10_000
    const [sent, url] = [sentTo(plan), Plan.wire(plan).url]
    const problem = proxy.problemOf(sent, plan.method, url)
    if (problem === undefined) return atOrigin(plan)
    // A nonce that the client cannot know is not a fault of its answer.
    if (sent.startsWith('Digest ') && problem !== 'unknown nonce') problems.push(problem)
    return { status: 407, headers: { 'Proxy-Authenticate': proxy.challenge() } }
  }
  const clock = { ...Clock.system, now: () => new Date(time), sleep: () => async () => {} }
  const memory = Transport.memory(server)
  const transport: Transport.Transport = (plan, controls) => async () => {
    const sent = await memory(plan, controls)()
    if (!isFaulty) return sent
    isFaulty = false
    return E.left(Transport.failed('ConnectFailed', plan)('cut'))
  }
  return { server, transport, clock, problems: () => problems }
}

const sessionWith = (auth: Auth.Auth) =>
  pipe(Session.empty, Session.withProxy('http://me:pw@proxy.test:1'), Session.withAuth(auth))

describe('an answer to a proxy', () => {
  test.each(Object.keys(AUTHS))('is accepted after whatever the origin replies: %s', async (name) => {
    const auth = AUTHS[name] ?? Auth.none
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(0, 15, 3600),
        async (given, retries, waits, lifetime) => {
          const { transport: once, clock, problems } = proxied(given)
          // As `withLimit` does after a wait.
          const waiting: Transport.Transport = (plan, controls) => async () => {
            const again = (await controls.signAgain?.(plan)()) ?? E.right(plan)
            return E.isLeft(again) ? again : once(again.right, controls)()
          }
          const inner = waits ? waiting : once
          const transport = retries ? Transport.withRetry({ base: 0, attempts: 9 })(inner) : inner
          const program = pipe(
            Http.get('http://api.test/x?a=1'),
            Http.flatMap(() => Http.start(Request.get('http://api.test/y'))),
            Http.flatMap((x) => (x.waiting === undefined ? Http.resume(x) : Http.get('http://api.test/y'))),
          )
          const options = { session: sessionWith(auth), transport, clock, jar: jarWith(lifetime) }
          const outcome = await pipe(program, Client.runWith(options))()
          const end = E.isRight(outcome) ? 'Right' : outcome.left._tag
          if (retries || !given.includes('fault')) expect(end).toBe('Right')
          expect(problems()).toEqual([])
        },
      ),
    )
  })
  test('is the same in a simulation', () => {
    for (const auth of Object.values(AUTHS)) {
      const { server, problems } = proxied(['redirect', 'reject', 'redirect'])
      const trace = pipe(
        Request.get('http://api.test/x'),
        Exchange.simulate({ session: sessionWith(auth), jar: Jar.empty, now: NOW })(server),
      )
      // A task that signs does not run in a simulation.
      if (auth._tag !== 'SignerTask') expect([E.isRight(trace.outcome), problems()]).toEqual([true, []])
    }
  })
})

describe('a login through a proxy with digest', () => {
  const login = {
    ...{ ...oauth, grant: OAuth2.authorizationCode, redirectUri: 'https://app.test/' },
    ...{ authorizationUrl: 'http://auth.test/login', deviceAuthorizationUrl: 'http://auth.test/device' },
  }
  const begun = OAuth2.AuthorizationCode.begin(login, 'e'.repeat(64))
  const { url, pending } = E.isRight(begun) ? begun.right : expect.fail(begun.left)
  const callback = `https://app.test/?code=c&state=${new URL(url).searchParams.get('state')}`
  const programs: Readonly<Record<string, Http.Http<unknown, unknown>>> = {
    browser: OAuth2.redeemCode(login, pending)(callback),
    device: OAuth2.loginWithDevice({ ...login, grant: OAuth2.deviceCode }, () => T.of(undefined)),
  }
  const run = (name: string, server: (plan: Plan.Plan) => Answer) => {
    const clock = { ...Clock.fixed(NOW), sleep: () => async () => {} }
    const options = { session: sessionWith(Auth.none), transport: Transport.memory(server), clock }
    return pipe(programs[name] ?? expect.fail(), Client.runWith(options))()
  }
  test.each(Object.keys(programs))('is answered once for each request: %s', async (name) => {
    const proxy = strictDigest('p')
    const server = (plan: Plan.Plan): Answer => {
      const problem = proxy.problemOf(sentTo(plan), plan.method, Plan.wire(plan).url)
      if (problem !== undefined) return { status: 407, headers: { 'Proxy-Authenticate': proxy.challenge() } }
      const device = { device_code: 'd', user_code: 'U', verification_uri: 'http://auth.test/', expires_in: 600 }
      return { status: 200, json: plan.url.pathname === '/device' ? device : { access_token: 't', expires_in: 60 } }
    }
    expect(await run(name, server)).toMatchObject({ _tag: 'Right' })
  })
  test.each(Object.keys(programs))('ends if the proxy refuses each answer: %s', async (name) => {
    let requests = 0
    const server = (): Answer => {
      requests += 1
      if (requests > 9) throw new Error('it does not end')
      return { status: 407, headers: { 'Proxy-Authenticate': strictDigest('p').challenge() } }
    }
    expect(await run(name, server)).toMatchObject({ _tag: 'Left' })
    expect(requests).toBe(2)
  })
})

/** Programs with common mistakes, and a correct one. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import type { Integration } from '../../../laws/Integration.js'
import { type IntegrationLaw, integration } from '../../../laws/rules/integration.js'
import * as Http from '../../../src/Http.js'
import * as Response from '../../../src/Response.js'
import * as Request from '../../../src/session/Request.js'
import * as Session from '../../../src/session/Session.js'
import * as Headers from '../../../src/values/Headers.js'
import type { Case, Lawbreaker } from './Lawbreaker.js'

const HOME = 'https://api.test'
const TOKEN = 's3cr3t-token'

/** Logs in, then reads two lists at once. */
const program: Integration['program'] = pipe(
  Http.post('login', Request.withForm({ user: 'me', pass: TOKEN })),
  SRTE.flatMapEither(Response.ok),
  SRTE.flatMap(() => Http.parallel()([Http.get('items'), Http.get('users')])),
  SRTE.map((responses) => responses.map(Response.text)),
)

export const good: Integration = {
  program,
  session: pipe(
    Session.empty,
    Session.withBaseUrl(HOME),
    Session.withBearer(TOKEN),
    Session.withRedirectPolicy(({ previous, next }) =>
      next.url.origin === previous.at(-1)?.origin ? { _tag: 'Follow' } : { _tag: 'Stop' },
    ),
    Session.withMaxRedirects(3),
  ),
  server: {
    'POST /login': { status: 204, headers: { 'set-cookie': 'sid=1; Secure; HttpOnly' } },
    'GET /items': { status: 200, body: 'items' },
    'GET /users': { status: 200, body: 'users' },
  },
  home: [HOME],
  requests: 12,
  patience: 500,
}

const wrong = (mistake: string, history: string, law: IntegrationLaw, change: Partial<Integration>): Lawbreaker => ({
  mistake,
  history,
  breaks: [law],
  rules: integration({ ...good, ...change }),
  runs: 1000,
})

const SECRET: IntegrationLaw = 'it never sends a secret to another origin'
const ENDS: IntegrationLaw = 'it ends within its requests'

/** Follows redirects itself, and sends the token to each target. */
const byHand = (url: string, hops: number): Http.Http<unknown, string> =>
  pipe(
    Http.get(url, Request.withoutRedirects, Request.withoutAuth, Request.withHeader('X-Token', TOKEN)),
    SRTE.flatMap((response) => {
      const location = Headers.lookup('Location')(response.headers)
      const target = O.isSome(location) && hops > 0 ? new URL(location.value, response.url).href : undefined
      return target === undefined ? SRTE.of(Response.text(response)) : byHand(target, hops - 1)
    }),
  )

const until = (url: string): Http.Http<unknown, string> =>
  pipe(
    Http.get(url),
    SRTE.flatMap((response) => (response.status === 200 ? SRTE.of(Response.text(response)) : until(url))),
  )

let calls = 0

const racing: Integration['program'] = (jar) => (client) => async () => {
  const arrived: string[] = []
  const noted = (path: string) =>
    pipe(
      Http.get(path),
      SRTE.map((response) => arrived.push(Response.text(response))),
    )
  const both = await Http.parallel()([noted('items'), noted('users')])(jar)(client)()
  return E.isLeft(both) ? both : E.right([arrived, both.right[1]])
}

export const integrations: Case = {
  set: 'integration',
  lawful: integration(good),
  breakers: [
    wrong('redirects followed by hand, with the token', 'every "fetch in a loop"; got #1090', SECRET, {
      program: byHand('items', 3),
      secrets: [TOKEN],
    }),
    wrong('a password in a body that a 307 sends on', 'RFC 9110 15.4.8 and any client that follows', SECRET, {
      session: pipe(Session.empty, Session.withBaseUrl(HOME), Session.withBearer(TOKEN), Session.withMaxRedirects(3)),
    }),
    wrong('a request that is retried until it succeeds', 'ky #587: a refresh that loops', ENDS, {
      program: until('items'),
    }),
    wrong('thirty redirects for each of three requests', 'the default of requests', ENDS, {
      session: pipe(Session.empty, Session.withBaseUrl(HOME)),
    }),
    wrong(
      'a new key for every run',
      'gocardless-pro-python #12: the idempotency key differed per attempt',
      'it has the same outcome when replayed',
      {
        program: (jar) => (client) => async () => {
          calls += 1
          return Http.post('login', Request.withHeader('Idempotency-Key', `${calls}`))(jar)(client)()
        },
      },
    ),
    wrong(
      'results in the order in which they arrived',
      'push in a callback; Promise.race',
      'it does not depend on the order of replies',
      {
        program: racing,
      },
    ),
  ],
}

// Checks the laws of a program against servers with injected faults: no leak, no loop, no dependence on the order.
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Http, Request, Response, Session } from 'requests-ts'
import { integration, RuleSet } from 'requests-ts/laws'
import { describe, expect, test } from 'vitest'
import * as Users from './users.js'

const session = pipe(
  Session.empty,
  Session.withBaseUrl('https://api.test/v1'),
  Session.withBearer('t0k'),
  Session.withMaxRedirects(2),
)
const home = ['https://api.test']

const renaming = integration({
  program: pipe(
    Users.create('Ada'),
    Http.flatMap(({ id }) => Users.rename(id, 'Eve')),
  ),
  session,
  home,
  server: {
    'POST /v1/users': { status: 201, body: '{"id":7,"name":"Ada"}' },
    'PATCH /v1/users/7': { status: 204 },
  },
  requests: 12,
})
RuleSet.suite({ describe, test }, { numRuns: 100 })('users', renaming)

const server = { 'GET /v1/me': { status: 200, body: '{}' } }
const leaking = integration({
  program: pipe(Http.get('me', Request.withHeader('X-Api-Token', 'hunter2')), Http.flatMapEither(Response.ok)),
  session,
  home,
  server,
  secrets: ['hunter2'],
  requests: 12,
})
const looping = integration({
  program: pipe(
    'me',
    Http.unfold((url) =>
      pipe(
        Http.get(url),
        Http.map(({ status }) => [status, status === 200 ? O.none : O.some(url)]),
      ),
    ),
  ),
  session,
  home,
  server,
  requests: 3,
  patience: 500,
})

test('finds a program that sends a token to other origins', async () => {
  const found = await RuleSet.refutations({ numRuns: 100 })(leaking)
  expect([...found.keys()]).toEqual(['it never sends a secret to another origin'])
})
test('finds a program that does not end', async () => {
  const found = await RuleSet.refutations({ numRuns: 50 })(looping)
  expect([...found.keys()]).toContain('it ends within its requests')
})

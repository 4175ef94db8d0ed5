// Checks the laws of a program against servers with injected faults: no leak, no loop, no dependence on the order.
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Http, Request, Session } from 'requests-ts'
import { integration, RuleSet } from 'requests-ts/laws'
import { describe, expect, test } from 'vitest'
import * as Users from './users.js'

const session = pipe(Session.at('https://api.test/v1'), Session.withBearer('t0k'), Session.withMaxRedirects(2))
const server = {
  'POST /v1/users': { status: 201, json: { id: 7, name: 'Ada' } },
  'PATCH /v1/users/7': { status: 204 },
  'GET /v1/me': { status: 200, json: {} },
}
const options = { session, server, home: ['https://api.test'], requests: 12 }

const renaming = pipe(
  Users.create('Ada'),
  Http.flatMap(({ id }) => Users.rename(id, 'Eve')),
)
RuleSet.suite({ describe, test }, { numRuns: 100 })('users', integration({ ...options, program: renaming }))

const leak = pipe(Http.get('me', Request.withHeader('X-Api-Token', 'hunter2')), Http.ok)
const leaking = integration({ ...options, program: leak, secrets: ['hunter2'] })
const again = (url: string) =>
  pipe(
    Http.get(url),
    Http.map(({ status }) => [status, O.some(url)] as const),
  )
const loop = pipe('me', Http.unfold(again))
const looping = integration({ ...options, program: loop, patience: 500 })

test('finds a program that sends a token to other origins', async () => {
  const found = await RuleSet.refutations({ numRuns: 1_000 })(leaking)
  expect([...found.keys()]).toEqual(['it never sends a secret to another origin'])
})
test('finds a program that does not end', async () => {
  const found = await RuleSet.refutations({ numRuns: 50 })(looping)
  expect([...found.keys()]).toContain('it ends within its requests')
})

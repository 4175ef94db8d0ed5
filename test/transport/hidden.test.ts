import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Send from '../../src/stages/Send.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import * as Clock from '../../src/wire/Clock.js'
import { transport, web } from './servers.js'

// Replies of this library's own transport are not checked again, but what the plan makes sensitive must be hidden in them.

const REPLY = {
  'x-plain': 'public',
  'x-named': 'by-name',
  'x-token': 'by-secret-header',
  'x-echo': 'see ?key=s3cret-value',
  'set-cookie': 'sid=always',
}

const hiddenFor = async (configure: (request: Request.Request) => Request.Request): Promise<ReadonlyArray<string>> => {
  const { url } = await web((_, response) => response.writeHead(200, REPLY).end())
  const session = Session.empty
  const plan = Plan.plan({ session })(configure(Request.get(url)))
  if (E.isLeft(plan)) return expect.unreachable(plan.left.message)
  const sent = await Send.send({ session, transport: transport(), clock: Clock.system })(plan.right)()
  if (E.isLeft(sent)) return expect.unreachable(sent.left.message)
  await sent.right.body.discard()
  const { fields } = sent.right.headers
  expect(Headers.find(sent.right.headers, 'x-plain')).toBe('public')
  return fields.filter(([, value]) => Secret.is(value)).map(([name]) => name)
}

describe('a reply over the network hides', () => {
  test('what is always sensitive', async () => {
    expect(await hiddenFor((request) => request)).toEqual(['set-cookie'])
  })
  test('the headers that the settings name', async () => {
    expect(await hiddenFor(Request.withSensitiveHeaders('X-Named'))).toEqual(['x-named', 'set-cookie'])
  })
  test('a header that is secret in the request', async () => {
    expect(await hiddenFor(Request.withSecretHeader('X-Token', 'other'))).toEqual(['x-token', 'set-cookie'])
  })
  test('a header that repeats a secret of the query', async () => {
    expect(await hiddenFor(Request.withSecretQuery('key', 's3cret-value'))).toEqual(['x-echo', 'set-cookie'])
  })
})

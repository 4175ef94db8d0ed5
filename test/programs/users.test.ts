// Tests a service without a network: what it sends, what it returns, and how it fails.
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Plan, Request, Session, Transport } from 'requests-ts'
import { expect, test } from 'vitest'
import * as Users from './users.js'

const session = pipe(Session.empty, Session.withBaseUrl('https://api.test/v1'), Session.withBearer('t0k'))
const runWith = (transport: Transport.Transport) => Client.runWith({ session, transport })
const created = { 'POST /v1/users': { status: 201, json: { id: 7, name: 'Ada' } } }

test('create posts the name with an idempotency key', async () => {
  const { transport, sent } = Transport.mock(created)
  expect(await runWith(transport)(Users.create('Ada'))()).toEqual(E.right({ id: 7, name: 'Ada' }))
  expect(sent().map(Plan.show)).toEqual(['POST https://api.test/v1/users (14 bytes)'])
  const [message] = sent().map(Plan.toHttp({ reveal: true }))
  expect(message).toMatch('Authorization: Bearer t0k')
  expect(message).toMatch('Idempotency-Key: k-Ada')
  expect(message).toMatch(/\r\n{"name":"Ada"}$/)
})
test('rename fails with the status of an unknown user', async () => {
  const outcome = await runWith(Transport.memory({}))(Users.rename(1, 'x'))()
  expect(outcome).toMatchObject({ left: { _tag: 'StatusError', response: { status: 404 } } })
})
test('rename fails if the server cannot be reached', async () => {
  const transport: Transport.Transport = (plan) => async () => E.left(Transport.failed('ConnectFailed', plan)('boom'))
  const outcome = await runWith(transport)(Users.rename(1, 'x'))()
  expect(outcome).toMatchObject({ left: { _tag: 'ConnectFailed' } })
})
test('the plan of a request is stable', async () => {
  const plan = pipe(Request.post('users'), Request.withJson({ a: 1 }), Plan.plan({ session }))
  expect(pipe(plan, E.map(Plan.canonical()))).toMatchInlineSnapshot(`
    {
      "_tag": "Right",
      "right": "{
      "method": "POST",
      "url": "https://api.test/v1/users",
      "headers": [
        "content-length: 7",
        "content-type: application/json",
        "authorization: ‹secret›"
      ],
      "body": "7 bytes",
      "route": {
        "proxy": "none",
        "tls": {
          "verify": true,
          "ca": "the built-in roots",
          "certificate": "none"
        },
        "timeouts": {},
        "limits": {
          "body": 268435456
        }
      },
      "cause": "Start"
    }",
    }
  `)
})
test('recorded plans print no secret', async () => {
  const { transport, sent } = Transport.mock(created)
  await runWith(transport)(Users.create('Ada'))()
  expect(JSON.stringify(sent())).not.toContain('t0k')
})

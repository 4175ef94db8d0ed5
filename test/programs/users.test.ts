// Tests a service without a network: what it sends, what it returns, and how it fails.
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Environment, Http, Plan, Reply, Request, Session, Transport } from 'requests-ts'
import { expect, test } from 'vitest'
import * as Users from './users.js'

const session = pipe(Session.empty, Session.withBaseUrl('https://api.test/v1'), Session.withBearer('t0k'))
const environment = Environment.empty

/** A server that records the plans that it gets. */
const recording = (server: Reply.Server) => {
  const sent: Plan.Plan[] = []
  const transport = Transport.memory((plan) => {
    sent.push(plan)
    return Reply.answer(server)(plan)
  })
  return { sent, run: Client.runWith({ session, transport, environment }) }
}
const created = { 'POST /v1/users': { status: 201, body: '{"id":7,"name":"Ada"}' } }

test('create posts the name with an idempotency key', async () => {
  const { sent, run } = recording(created)
  expect(await run(Users.create('Ada'))()).toEqual(E.right({ id: 7, name: 'Ada' }))
  expect(sent.map(Plan.show)).toEqual(['POST https://api.test/v1/users (14 bytes)'])
  const [message] = sent.map(Plan.toHttp({ reveal: true }))
  expect(message).toMatch('Authorization: Bearer t0k')
  expect(message).toMatch('Idempotency-Key: k-Ada')
  expect(message).toMatch(/\r\n{"name":"Ada"}$/)
})
test('rename fails with the status of an unknown user', async () => {
  const { run } = recording({})
  const outcome = await run(Users.rename(1, 'x'))()
  expect(outcome).toMatchObject({ left: { _tag: 'StatusError', response: { status: 404 } } })
})
test('rename fails if there is no connection', async () => {
  const transport: Transport.Transport = (plan) => async () => E.left(Transport.failed('ConnectFailed', plan)('boom'))
  const outcome = await pipe(Users.rename(1, 'x'), Client.runWith({ session, transport, environment }))()
  expect(outcome).toMatchObject({ left: { _tag: 'ConnectFailed' } })
})
test('the plan of a request is stable', async () => {
  const plan = Http.plan(pipe(Request.post('users'), Request.withJson({ a: 1 })))
  const outcome = await pipe(plan, Client.runWith({ session, environment }))()
  expect(pipe(outcome, E.map(Plan.canonical()))).toMatchInlineSnapshot(`
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
  const { sent, run } = recording(created)
  await run(Users.create('Ada'))()
  expect(JSON.stringify(sent)).not.toContain('t0k')
})

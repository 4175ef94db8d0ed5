// Simulates two redirects of a signed upload without a network, and tells their story.
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Auth, Exchange, Plan, Request, Session, Story } from 'requests-ts'

/** Counts its signatures. */
const counting = () => {
  let count = 0
  return Auth.signer('sig', (plan) => {
    count += 1
    return Plan.withHeaders({ Authorization: `sig ${count} of ${plan.method} ${plan.url.pathname}` })(plan)
  })
}

export const run = (status: number) => {
  const trace = pipe(
    Request.put('http://h.test/a'),
    Request.withText('x'),
    Exchange.simulate({ session: pipe(Session.defaults, Session.withAuth(counting())) })({
      'PUT /a': { status, headers: { location: '/b' } },
      'PUT /b': { status: 200, body: 'ok' },
      'GET /b': { status: 200, body: 'ok' },
    }),
  )
  return {
    requests: trace.hops.map(({ plan }) => [plan.url.pathname, Plan.wire(plan).headers]),
    story: Story.render()(Story.ofTrace(trace)),
    succeeded: E.isRight(trace.outcome),
  }
}

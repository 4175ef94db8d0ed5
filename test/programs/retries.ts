// Retries requests, respects Retry-After, and gives up after three seconds in total.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Http, HttpError, Request, Retry, Session, Transport } from 'requests-ts'

const policy = Retry.Monoid.concat(Retry.standard, { attempts: 5, base: 100, jitter: 0 })
export const schedule = Retry.show(policy)

const programs = {
  flaky: Http.get('flaky'),
  down: Http.get('down'),
  hang: Http.get('hang'),
  post: Http.post('flaky'),
  impatient: Http.get('hang', Request.withTimeouts({ read: 300 })),
  keyed: Http.post('flaky', Request.withHeader('Idempotency-Key', 'k')),
}

export const run = (base: string, name: keyof typeof programs) =>
  pipe(
    programs[name],
    Http.ok,
    Client.runWith({
      session: pipe(Session.at(base), Session.withTimeouts({ total: 3_000 })),
      wrapTransport: Transport.withRetry(policy),
    }),
    TE.match(HttpError.show, ({ status }) => `${status}`),
  )

// A web server that aborts its requests to other servers when its own client goes away.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipe } from 'fp-ts/lib/function.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as T from 'fp-ts/lib/Task.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Http, HttpError, Retry, Session, Transport } from 'requests-ts'

const signalOf = (response: ServerResponse) => {
  const controller = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client went away'))
  })
  return controller.signal
}

export const open = (base: string, policy: Retry.Retry = Retry.standard) =>
  Client.open({ session: Session.at(base), wrapTransport: Transport.withRetry(policy) })

/** Returns a handler of requests. `report` gets the outcome of each. */
export const run =
  (client: Client.Client, report: (outcome: string) => void) => (request: IncomingMessage, response: ServerResponse) =>
    pipe(
      request.url === '/retry' ? ['503', '503'] : ['a', 'b'],
      RA.map((path) => Http.get(path)),
      Http.parallel(),
      Http.withSignal(signalOf(response)),
      Client.runIn(client),
      TE.match(HttpError.show, () => 'done'),
      T.flatMapIO((outcome) => () => {
        report(outcome)
        response.end(outcome)
      }),
    )()

export const withSignal = (client: Client.Client, signal: AbortSignal) =>
  pipe(Http.get('a'), Http.withSignal(signal), Client.runIn(client))

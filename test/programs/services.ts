// Requests in an application of ReaderTaskEither with its own environment and errors.
import { flow, pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as t from 'io-ts'
import { Client, Http, HttpError, Session } from 'requests-ts'

interface Env {
  readonly log: (line: string) => IO<void>
  readonly http: Client.Client
}
interface AppError {
  readonly kind: 'Upstream' | 'NotFound'
  readonly message: string
}

const toAppError = (error: HttpError.HttpError): AppError =>
  HttpError.is('StatusError')(error) && error.response.status === 404
    ? { kind: 'NotFound', message: error.response.url }
    : { kind: 'Upstream', message: HttpError.show(error) }

const http = flow(Http.mapError(toAppError), Http.toReaderTaskEither)

const login = pipe(Http.post('login'), Http.ok, http)

const User = t.type({ id: t.number, name: t.string })

const getUser = (id: number) =>
  pipe(
    RTE.ask<Env>(),
    RTE.tapIO(({ log }) => log(`get ${id}`)),
    RTE.flatMap(() => pipe(Http.get(`users/${id}`), Http.json(User.decode), http)),
  )

const main = pipe(
  login,
  RTE.flatMap(() => RTE.sequenceArray([getUser(1), getUser(1)])),
  RTE.flatMap(() =>
    pipe(
      getUser(2),
      RTE.orElse(({ message }) =>
        pipe(
          RTE.ask<Env>(),
          RTE.tapIO(({ log }) => log(message)),
          RTE.flatMap(() => getUser(3)),
        ),
      ),
    ),
  ),
)

export const run = (base: string, log: Env['log']) =>
  Client.scoped({ session: Session.at(base) })((http) => main({ http, log }))

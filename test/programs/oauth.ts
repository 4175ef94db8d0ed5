// Ten requests at the same time share one OAuth 2.0 token, and one new token after it was revoked.
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Client, Http, type HttpError, Request, Session } from 'requests-ts'

const obtain = pipe(
  Http.post('token', Request.withForm({ grant_type: 'client_credentials' }), Request.withBasicAuth('id', 'sec')),
  Http.json(t.type({ access_token: t.string }).decode),
  Http.map(({ access_token }) => access_token),
)

/** Returns a task that runs once: later calls wait for the first, and get its result. */
const once = <E, A>(task: TaskEither<E, A>) => {
  let running: ReturnType<typeof task> | undefined
  return () => (running ??= task())
}

/** Runs programs with a token that all of them share, and once more with a new token after a 401. */
const withToken = (obtainToken: TaskEither<HttpError.HttpError, string>) => {
  let current = once(obtainToken)
  const renew = (rejected: typeof current) => () => {
    if (current === rejected) current = once(obtainToken)
    return current
  }

  return <A>(program: Http.Http<HttpError.HttpError, A>) => {
    const runWith = (token: typeof current) =>
      pipe(
        Http.fromTaskEither(token),
        Http.flatMap((value) => pipe(program, Http.locally(Session.withBearer(value)))),
      )
    return pipe(
      Http.fromIO(() => current),
      Http.flatMap((token) =>
        pipe(
          runWith(token),
          Http.orElse((error) =>
            error._tag === 'StatusError' && error.response.status === 401
              ? pipe(Http.fromIO(renew(token)), Http.flatMap(runWith))
              : Http.left(error),
          ),
        ),
      ),
    )
  }
}

const item = (i: number) =>
  pipe(
    Http.get(`item/${i}`),
    Http.ok,
    Http.map(({ status }) => status),
  )

export const run = (base: string, revoke: IO<void>) =>
  Client.scoped({ session: Session.at(base) })((client) => {
    const authorized = withToken(pipe(obtain, Client.runIn(client)))
    const ten = pipe(
      RA.makeBy(10, item),
      RA.map((program) => authorized(program)),
      Http.parallel(),
    )
    return pipe(
      ten,
      Http.tap(() => Http.fromIO(revoke)),
      Http.flatMap(() => ten),
      Client.runIn(client),
    )
  })

// Gets a user as typed JSON, and describes every way in which this can fail.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Client, Http, HttpError, Response } from 'requests-ts'

const User = t.type({ id: t.number, name: t.string })

const getUser = (base: string, id: string) => pipe(Http.get(`${base}/users/${id}`), Http.json(User.decode), Client.run)

export const run = (base: string, id: string) =>
  pipe(
    getUser(base, id),
    TE.match(HttpError.show, ({ name }) => `user ${name}`),
  )

export const explain = (base: string, id: string) =>
  pipe(
    getUser(base, id),
    TE.match(
      HttpError.matchOr(
        {
          StatusError: ({ response }) => `${response.status}: ${Response.text(response)}`,
          InvalidPayload: ({ paths }) => paths.join(),
          NotJson: ({ message }) => message,
        },
        HttpError.show,
      ),
      ({ name }) => name,
    ),
  )

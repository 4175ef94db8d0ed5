// Gets a user as typed JSON, and describes every way in which this can fail.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Client, Http, HttpError, Response } from 'requests-ts'

const User = t.type({ id: t.number, name: t.string })

const getUser = (base: string, id: string) =>
  pipe(
    Http.get(`${base}/users/${id}`),
    Http.flatMapEither(Response.ok),
    Http.flatMapEither(Response.json(User.decode)),
    Client.run,
  )

export const run = (base: string, id: string) =>
  pipe(
    getUser(base, id),
    TE.match(HttpError.show, ({ name }) => `user ${name}`),
  )

export const explain = (base: string, id: string) =>
  pipe(
    getUser(base, id),
    TE.match(
      (error) => {
        switch (error._tag) {
          case 'StatusError':
            return `${error.response.status}: ${Response.text(error.response)}`
          case 'InvalidPayload':
            return error.errors.map(({ context }) => context.map(({ key }) => key).join('.')).join()
          case 'NotJson':
            return error.message
          default:
            return HttpError.show(error)
        }
      },
      ({ name }) => name,
    ),
  )

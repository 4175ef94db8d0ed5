// A service that creates and renames users.
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Http, Request, Response } from 'requests-ts'

const User = t.type({ id: t.number, name: t.string })

export const create = (name: string) =>
  pipe(
    Http.post('users', Request.withJson({ name }), Request.withHeader('Idempotency-Key', `k-${name}`)),
    Http.flatMapEither(Response.ok),
    Http.flatMapEither(Response.json(User.decode)),
  )

export const rename = (id: number, name: string) =>
  pipe(
    Http.patch(`users/${id}`, Request.withJson({ name })),
    Http.flatMapEither(Response.ok),
    Http.map(() => undefined),
  )

// A service that creates and renames users.
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Http, Request } from 'requests-ts'

const User = t.type({ id: t.number, name: t.string })

export const create = (name: string) =>
  pipe(
    Http.post('users', Request.withJson({ name }), Request.withHeader('Idempotency-Key', `k-${name}`)),
    Http.json(User.decode),
  )

export const rename = (id: number, name: string) =>
  pipe(
    Http.patch(`users/${id}`, Request.withJson({ name })),
    Http.ok,
    Http.map(() => undefined),
  )

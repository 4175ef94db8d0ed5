// Logs in, and reads a page that requires the cookie of the login.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Http, HttpError, Jar, Request, Response, Session } from 'requests-ts'

export const run = (base: string, pass: string) =>
  pipe(
    Http.post('login', Request.withForm({ user: 'me', pass })),
    Http.ok,
    Http.flatMap(() => Http.get('account')),
    Http.ok,
    Http.map(Response.text),
    Client.use({ session: Session.at(base) }),
    TE.bimap(HttpError.show, ([text, jar]) => ({ text, cookies: Jar.toArray(jar).map(({ name }) => name) })),
  )

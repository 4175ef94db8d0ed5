// Logs in and saves the session with its cookies in a file, so that another process can continue with it.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Auth, Client, Http, Jar, Response, Session, Store, Transport } from 'requests-ts'

const page = pipe(Http.get('me'), Http.ok, Http.map(Response.text))

const sessionOf = (base: string) => pipe(Session.at(base), Session.withHeader('X-App', '1'), Session.withBearer('tok'))

export const run = (base: string, path: string) => {
  const session = sessionOf(base)
  return pipe(
    Http.post('login'),
    Http.ok,
    Http.flatMap(() => page),
    Client.use({ session }),
    TE.tap(([, jar]) => Store.save(path)({ session, jar })),
    TE.map(([text]) => text),
  )
}

export const resume = (path: string) =>
  pipe(
    Store.load(path),
    TE.flatMap((stored) => pipe(page, Client.runWith(stored))),
  )

/** Functions cannot be saved. The error lists them. */
export const saveFunctions = (path: string) =>
  Store.save(path)({
    jar: Jar.empty,
    session: pipe(
      sessionOf('http://h.test'),
      Session.withHook((head) => TE.right(head)),
      Session.mount('https://x', Transport.memory({})),
      Session.withAuth(Auth.signer('aws', (plan) => plan)),
    ),
  })

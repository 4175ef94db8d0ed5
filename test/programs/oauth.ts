// Ten requests at the same time share one OAuth 2.0 token, and one new token after it was revoked.
import { pipe } from 'fp-ts/lib/function.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import { Auth, Client, Http, OAuth2, Session } from 'requests-ts'

const auth = (base: string) =>
  Auth.oauth2({
    name: 'api',
    tokenUrl: `${base}/token`,
    clientId: 'id',
    clientSecret: 'sec',
    grant: OAuth2.clientCredentials,
  })

const item = (i: number) =>
  pipe(
    Http.get(`item/${i}`),
    Http.ok,
    Http.map(({ status }) => status),
  )
const ten = pipe(RA.makeBy(10, item), Http.parallel())

export const run = (base: string, revoke: IO<void>) =>
  pipe(
    ten,
    Http.tap(() => Http.fromIO(revoke)),
    Http.flatMap(() => ten),
    Client.runWith({ session: pipe(Session.at(base), Session.withAuth(auth(base))) }),
  )

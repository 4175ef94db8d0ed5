/** Runs one program against two independent servers. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as t from 'io-ts'
import { Http, HttpError, Jar, Request, Response, Session } from 'requests-ts'
import { expect, test } from 'vitest'
import { http, run, session } from './rig.js'

interface Site {
  readonly origin: string
  /** Accepts the form, sets `sid`, and redirects. */
  readonly login: string
  /** Returns the cookies of the request if there are any. */
  readonly page: string
}

const Page = t.type({ cookies: t.type({ sid: t.string }) })

/** Logs in, follows the redirect, and gets and decodes the page that requires the cookie. */
const logIn = ({ origin, login, page }: Site) => {
  const here = Http.locally(Session.withBaseUrl(origin))
  return pipe(
    Http.post(login, Request.withForm({ user: 'ada', pass: 'analytical' })),
    SRTE.flatMapEither(Response.ok),
    SRTE.flatMap((landed) =>
      pipe(
        Http.get(page),
        SRTE.flatMapEither(Response.ok),
        SRTE.flatMapEither(Response.json(Page.decode)),
        SRTE.map(({ cookies }) => ({ sid: cookies.sid, hops: landed.history.length, method: landed.plan.method })),
      ),
    ),
    here,
  )
}

test.each<readonly [string, Site, number]>([
  ['nginx', { origin: http('nginx'), login: 'login', page: 'account' }, 1],
  [
    'httpbin',
    { origin: http('httpbin'), login: 'redirect-to?url=%2Fcookies%2Fset%2Fsid%2Fs3ss10n', page: 'cookies' },
    2,
  ],
])('the login program gets the page with the cookie of %s', async (_, place, hops) => {
  const outcome = await run(logIn(place), { session })
  if (E.isLeft(outcome)) throw new Error(HttpError.show(outcome.left))
  const [found, jar] = outcome.right
  expect(found).toEqual({ sid: 's3ss10n', hops, method: 'GET' })
  expect(Jar.toArray(jar).map(({ name, domain }) => [name, domain])).toEqual([['sid', '127.0.0.1']])
})

test('nginx rejects a client that has not logged in', async () => {
  const outcome = await run(pipe(Http.get(`${http('nginx')}/account`), SRTE.flatMapEither(Response.ok)))
  expect(outcome).toMatchObject({ left: { _tag: 'StatusError' } })
})

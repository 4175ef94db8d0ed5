// Reads all pages of a list as GitHub paginates it, and then the details of each item, four at a time.
import { pipe } from 'fp-ts/lib/function.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as t from 'io-ts'
import { Client, Http, Response, Session } from 'requests-ts'

const Repos = t.array(t.type({ id: t.number }))
const Detail = t.type({ id: t.number, stars: t.number })

const repos = Http.pages({ request: 'repos?per_page=5', items: Response.json(Repos.decode) })

const detail = (id: number) => pipe(Http.get(`repos/${id}`), Http.json(Detail.decode))

export const run = (base: string) =>
  pipe(
    repos,
    Http.map(RA.map(({ id }) => detail(id))),
    Http.flatMap(Http.parallel({ concurrency: 4 })),
    Client.runWith({
      session: pipe(Session.at(base), Session.withHeader('Accept', 'application/vnd.github+json')),
    }),
  )

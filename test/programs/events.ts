// Reads the first three server-sent events of a language model's API, and lines of JSON.
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Client, Http, Request, Session, Stream } from 'requests-ts'

export const run = (base: string, path: string) =>
  pipe(
    Request.post(path),
    Request.withJson({ model: 'x', stream: true }),
    Request.withHeader('Accept', 'text/event-stream'),
    Http.stream(Stream.ok((_, body) => pipe(body, Stream.events(), Stream.take(3), Stream.toArray))),
    Client.runWith({ session: Session.at(base) }),
  )

const Row = t.type({ n: t.number })

export const rows = (base: string) =>
  pipe(
    Request.get('rows'),
    Http.stream((_, body) => pipe(body, Stream.jsonLines(Row.decode), Stream.toArray)),
    Client.runWith({ session: Session.at(base) }),
  )

// Reads the first three events of a language model's API, its whole answer, and lines of JSON.
import * as E from 'fp-ts/lib/Either.js'
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

const Delta = t.type({ text: t.string })

/** The text of an answer that ends with `[DONE]`. The first event of another shape is an error. */
export const answer = (base: string) =>
  pipe(
    Request.post('answer'),
    Request.withJson({ model: 'x', stream: true }),
    Http.stream(Stream.ok((_, body) => pipe(body, Stream.events(Delta.decode, { until: '[DONE]' }), Stream.toArray))),
    Http.flatMapEither(E.sequenceArray),
    Http.map((deltas) => deltas.map(({ data }) => data.text).join('')),
    Client.runWith({ session: Session.at(base) }),
  )

const Row = t.type({ n: t.number })

export const rows = (base: string) =>
  pipe(
    Request.get('rows'),
    Http.stream((_, body) => pipe(body, Stream.jsonLines(Row.decode), Stream.toArray)),
    Client.runWith({ session: Session.at(base) }),
  )

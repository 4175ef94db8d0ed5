// Reads the first three server-sent events of a language model's API, and lines of JSON.
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Client, Http, Request, Session, Stream } from 'requests-ts'

const eventOf = (lines: ReadonlyArray<string>) => {
  const values = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ''))
  return { event: values('event').at(-1) ?? 'message', id: values('id').at(-1), data: values('data').join('\n') }
}

async function* events(body: AsyncIterable<Uint8Array>) {
  let lines = ['']
  for await (const line of Stream.lines()(body)) {
    if (line !== '') lines.push(line)
    else {
      const event = eventOf(lines)
      if (event.data !== '') yield event
      lines = []
    }
  }
}

const take = async <A>(count: number, items: AsyncIterable<A>) => {
  const taken = []
  for await (const item of items) if (taken.push(item) >= count) break
  return taken
}

const Row = t.type({ n: t.number })
const options = (base: string) => ({ session: pipe(Session.defaults, Session.withBaseUrl(base)) })

export const run = (base: string, path: string) =>
  pipe(
    Request.post(path),
    Request.withJson({ model: 'x', stream: true }),
    Request.withHeader('Accept', 'text/event-stream'),
    Http.stream(({ status }, body) =>
      status < 400
        ? TE.tryCatch(() => take(3, events(body)), E.toError)
        : pipe(
            body.gather(1e6),
            TE.flatMap((bytes) => TE.left(new Error(`${status}: ${new TextDecoder().decode(bytes)}`))),
          ),
    ),
    Client.runWith(options(base)),
  )

export const rows = (base: string) =>
  pipe(
    Request.get('rows'),
    Http.stream((_, body) =>
      TE.tryCatch(() => take(Number.POSITIVE_INFINITY, Stream.jsonLines(Row.decode)(body)), E.toError),
    ),
    Client.runWith(options(base)),
  )

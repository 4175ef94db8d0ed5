// Reads and decodes five events of a feed, over as many connections as it takes.
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Client, Http, Request, Session, Stream } from 'requests-ts'

export const run = (base: string) =>
  pipe(
    Http.eventStream(Request.get('feed'), { retry: { attempts: 100, base: 10, cap: 5_000 } })((events) =>
      pipe(events, Stream.decodeEvents(t.type({ price: t.number }).decode), Stream.take(5), Stream.toArray),
    ),
    Client.runWith({ session: Session.at(base) }),
  )

// Reads five events of a feed, over as many connections as it takes.
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Http, Request, Session, Stream } from 'requests-ts'

export const run = (base: string) =>
  pipe(
    Http.eventStream(Request.get('feed'), { retry: { attempts: 10, base: 10 } })((events) =>
      pipe(events, Stream.take(5), Stream.toArray),
    ),
    Client.runWith({ session: Session.at(base) }),
  )

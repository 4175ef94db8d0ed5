// Uploads a large file in a multipart form with a progress bar.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Http, HttpError, Multipart, Request, Transport } from 'requests-ts'

const bar = (percent: number) => `[${'#'.repeat(percent / 5).padEnd(20)}] ${percent}%`

export const run = (url: string, path: string, print: (line: string) => void) =>
  pipe(
    Http.fromTaskEither(Multipart.statFile(path)),
    Http.flatMap((file) =>
      Http.post(
        url,
        Request.withMultipart({ title: 'holiday', file }),
        Request.withProgress(
          Transport.byPercent(20, ({ direction, percent }) => () => {
            if (direction === 'up') print(bar(percent))
          }),
        ),
      ),
    ),
    Http.ok,
    Http.map(({ status }) => status),
    Client.run,
    TE.mapLeft(HttpError.show),
  )

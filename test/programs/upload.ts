// Uploads a large file in a multipart form with a progress bar.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Http, HttpError, Multipart, Request, type Transport } from 'requests-ts'

/** Prints a bar whenever another fifth of the body has been sent. */
const progressBar = (print: (line: string) => void) => {
  let last = 0
  return ({ direction, bytes, total }: Transport.Progress) =>
    () => {
      if (direction === 'down' || total === undefined) return
      const percent = Math.floor((bytes / total) * 5) * 20
      if (percent === last) return
      last = percent
      print(`[${'#'.repeat(percent / 5).padEnd(20)}] ${percent}%`)
    }
}

export const run = (url: string, path: string, print: (line: string) => void) =>
  pipe(
    Http.fromTaskEither(Multipart.statFile(path)),
    Http.flatMap((file) =>
      Http.post(url, Request.withMultipart({ title: 'holiday', file }), Request.withProgress(progressBar(print))),
    ),
    Http.ok,
    Http.map(({ status }) => status),
    Client.run,
    TE.mapLeft(HttpError.show),
  )

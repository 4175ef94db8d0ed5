// Downloads a large file with a progress display, and resumes a download that was interrupted.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Request, Stream, Transport } from 'requests-ts'

export const run = (url: string, path: string, print: (line: string) => void) =>
  pipe(
    Request.get(url),
    Request.withProgress(
      Transport.byPercent(20, ({ direction, percent, bytes, total }) => () => {
        if (direction === 'down') print(`${percent}% ${bytes}/${total}`)
      }),
    ),
    Stream.toFile(path, { existing: 'Resume' }),
    Client.run,
    TE.map(({ size, resumedAt, head }) => ({ size, resumedAt, status: head.status })),
  )

// Downloads a large file with a progress display, and resumes a download that was interrupted.
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Request, Stream, type Transport } from 'requests-ts'

/** Prints a line whenever another fifth of the file has arrived. */
const progressLines = (print: (line: string) => void) => {
  let last = -1
  return ({ direction, bytes, total }: Transport.Progress) =>
    () => {
      if (direction === 'up' || total === undefined) return
      const percent = Math.floor((bytes / total) * 5) * 20
      if (percent === last) return
      last = percent
      print(`${percent}% ${bytes}/${total}`)
    }
}

export const run = (url: string, path: string, print: (line: string) => void) =>
  pipe(
    Request.get(url),
    Request.withProgress(progressLines(print)),
    Stream.toFile(path, { existing: 'Resume' }),
    Client.run,
    TE.map(({ size, resumedAt, head }) => ({ size, resumedAt, status: head.status })),
  )

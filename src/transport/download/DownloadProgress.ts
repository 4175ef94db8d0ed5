/** Progress of a file whose download may resume: counts the bytes that were there before. */
import * as O from 'fp-ts/lib/Option.js'
import { notifyProgress, type OnProgress, type Progress } from '../../wire/Transport.js'

/** Sets the position of the response body in the file, and the length of the body, both in bytes. */
export type SetOffset = (offset: number, length: O.Option<number>) => void

export interface FileProgress {
  readonly onProgress: OnProgress
  readonly setOffset: SetOffset
}

/**
 * Adds the offset of the body to the progress of a transport. The transport may report the first chunk before it returns the
 * head, so that report is held until the offset is known. Reports of earlier hops are dropped.
 */
export const fileProgress = (inner: OnProgress): FileProgress => {
  let offset: number | undefined
  let held: Progress | undefined
  const shifted = (progress: Progress, by: number): Progress => {
    const total = progress.total === undefined ? {} : { total: by + progress.total }
    return { ...progress, bytes: by + progress.bytes, ...total }
  }
  return {
    onProgress: (progress) => () => {
      if (progress.direction === 'up') inner(progress)()
      else if (offset === undefined) held = progress
      else inner(shifted(progress, offset))()
    },
    setOffset: (by, length) => {
      offset = by
      if (held !== undefined && held.total === O.toUndefined(length)) notifyProgress(inner, shifted(held, by))
      held = undefined
    },
  }
}

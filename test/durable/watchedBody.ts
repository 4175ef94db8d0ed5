/** A request body that can be read once, and that tells whether it was closed. */
import { Body } from 'requests-ts'

export const watchedBody = (): { readonly body: Body.Once; readonly isClosed: () => boolean } => {
  let isClosed = false
  const source: AsyncIterableIterator<Uint8Array> = {
    next: async () => ({ done: true, value: undefined }),
    return: async () => {
      isClosed = true
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => source,
  }
  return { body: Body.once(source), isClosed: () => isClosed }
}

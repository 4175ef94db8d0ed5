/** The error of a file that holds a session and its jar (`Store`). */

/** A file system operation failed, or the lock of the file could not be taken. */
export interface StoreFailed {
  readonly _tag: 'StoreFailed'
  readonly path: string
  readonly message: string
}

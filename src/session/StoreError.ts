/** The error of a file that holds a session and its jar (`Store`). */

/** A file system operation failed, or the lock of the file could not be taken. */
export interface StoreFailed {
  readonly _tag: 'StoreFailed'
  /** The path that was given. */
  readonly path: string
  /** The operation of the file system that failed, and why. */
  readonly message: string
}

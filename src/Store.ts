/**
 * Saves a session and its jar in a file, so that a later process can continue with the same login. The file holds secrets
 * in clear text: only its owner may read it (mode 0600). A new file replaces the old one atomically.
 *
 * For the jar alone, use `JarStore.file`.
 *
 * | function  | writes                                                                                        |
 * |-----------|-----------------------------------------------------------------------------------------------|
 * | `save`    | the given session; the given jar, joined with the jar in the file (`Jar.join`)                |
 * | `update`  | the result of a function of the stored session; no other process writes in between            |
 * | `replace` | the given session and jar, whatever the file holds                                            |
 *
 * Each function holds `PATH.lock` while it reads and writes, so that no process overwrites the changes of another. `save`
 * keeps cookies that are only in the file. To remove one, use `Jar.remove` or `Jar.clear`, whose deletions are saved too.
 *
 * @example
 * import { mkdtempSync, statSync } from 'node:fs'
 * import { tmpdir } from 'node:os'
 * import { join } from 'node:path'
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Jar, Session, Store } from 'requests-ts'
 *
 * const path = join(mkdtempSync(join(tmpdir(), 'store-')), 'session.json')
 * await Store.save(path)({ session: Session.withBearer('token')(Session.defaults), jar: Jar.empty })()
 * assert.equal(statSync(path).mode & 0o777, 0o600)
 * const loaded = await Store.load(path)()
 * assert.equal(E.isRight(loaded) && loaded.right.session.settings.auth._tag, 'Set')
 */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Jar from './cookies/Jar.js'
import type { StoreFailed } from './session/StoreError.js'
import * as StoredSession from './store/StoredSession.js'
import * as TextFile from './store/TextFile.js'
import { readFile } from './transport/download/NodeFiles.js'
import type * as Serialization from './values/Serialization.js'

export type { StoreFailed } from './session/StoreError.js'
export { decode, type Stored } from './store/StoredSession.js'

type Stored = StoredSession.Stored

/**
 * Replaces the content of the file with the result of `change`, as one transaction. `old` is undefined if the file does not
 * exist. Errors: `EncodeError` (tag `Unwritable`) if a setting is a function, `DecodeError` (tag `Unreadable`) if the file is
 * not a saved session, `StoreFailed`. The file is unchanged after an error.
 */
export const update =
  (path: string) =>
  (
    change: (old: Stored | undefined) => Stored,
  ): TaskEither<Serialization.EncodeError | Serialization.DecodeError | StoreFailed, void> =>
  () =>
    TextFile.change<Serialization.EncodeError | Serialization.DecodeError>(path, (text) => {
      const old = text === undefined ? E.right(undefined) : StoredSession.decode(text)
      return E.isLeft(old) ? old : StoredSession.encode(change(old.right))
    })

/**
 * Saves a session and a jar with their secrets. Keeps cookies in the file, except those deleted in the jar. Errors: as `update`.
 * @deprecated Use `JarStore.file`, which a client loads and saves by itself. `Session.encode` saves settings.
 */
export const save =
  (path: string) =>
  (stored: Stored): TaskEither<Serialization.EncodeError | Serialization.DecodeError | StoreFailed, void> =>
    update(path)((old) => (old === undefined ? stored : { ...stored, jar: Jar.join(old.jar, stored.jar) }))

/** Saves a session and a jar, and ignores the old content of the file. Errors: `EncodeError`, `StoreFailed`. */
export const replace =
  (path: string) =>
  (stored: Stored): TaskEither<Serialization.EncodeError | StoreFailed, void> =>
  () =>
    TextFile.change(path, () => StoredSession.encode(stored))

/**
 * Loads a saved session and jar. Errors: `StoreFailed` (for example if the file is missing), `Unreadable`.
 * @deprecated Use `JarStore.file`, which a client loads and saves by itself. `Session.decode` reads settings.
 */
export const load =
  (path: string): TaskEither<StoreFailed | Serialization.DecodeError, Stored> =>
  async () => {
    try {
      return StoredSession.decode(await readFile(path, 'utf8'))
    } catch (cause) {
      return E.left(TextFile.failed(path, cause))
    }
  }

/**
 * A logged-in session in a file: save it today, go on tomorrow. The file holds secrets in the clear, so only its owner
 * may read it (mode 0600), and it is never half written: it is made beside the old one and takes its place.
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
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import * as Jar from './Jar.js'
import * as Session from './Session.js'
import * as JsonText from './values/JsonText.js'
import * as Saved from './values/Saved.js'

/** What is kept. */
export interface Stored {
  readonly session: Session.Session
  readonly jar: Jar.Jar
}

/** The file system said no. */
export interface StoreFailed {
  readonly _tag: 'StoreFailed'
  readonly path: string
  readonly message: string
}

const FORMAT = 'requests-ts/store'
const VERSION = 1

const failed = (path: string, cause: unknown): StoreFailed => ({
  _tag: 'StoreFailed',
  path,
  message: cause instanceof Error ? cause.message : String(cause),
})

const textOf = ({ session, jar }: Stored): E.Either<Saved.Unwritable, string> => {
  const ours = Session.encode({ reveal: true })(session)
  if (E.isLeft(ours)) return ours
  const kept = Jar.encode({ reveal: true })(jar)
  if (E.isLeft(kept)) return kept
  return E.right(
    `${JSON.stringify({ format: FORMAT, version: VERSION, session: ours.right, jar: kept.right }, null, 2)}\n`,
  )
}

const replace = async (path: string, text: string): Promise<void> => {
  const fresh = `${path}.${randomUUID()}`
  try {
    const file = await open(fresh, 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (cause) {
    await rm(fresh, { force: true })
    throw cause // to `save`, which makes a Left of it
  }
}

/** Saves, secrets and all. Errors: `Unwritable` for functions, `StoreFailed`; the old file stays as it was. */
export const save =
  (path: string) =>
  (stored: Stored): TaskEither<Saved.Unwritable | StoreFailed, void> =>
  async () => {
    const text = textOf(stored)
    if (E.isLeft(text)) return text
    try {
      return E.right(await replace(path, text.right))
    } catch (cause) {
      return E.left(failed(path, cause))
    }
  }

const parse = (text: string): E.Either<Saved.Unreadable, unknown> =>
  E.mapLeft((problem: string) => Saved.unreadable([problem]))(JsonText.parse(text))

const isStore = (u: unknown): u is { readonly session?: unknown; readonly jar?: unknown } =>
  typeof u === 'object' && u !== null

/** The text of a saved file to what was saved. Error: `Unreadable`. */
export const decode = (text: string): E.Either<Saved.Unreadable, Stored> => {
  const json = parse(text)
  if (E.isLeft(json)) return json
  const known = Saved.checkEnvelope(FORMAT, VERSION, json.right)
  if (E.isLeft(known)) return known
  if (!isStore(known.right)) return E.left(Saved.unreadable(['it is no object']))
  const session = Session.decode(known.right.session)
  if (E.isLeft(session)) return session
  const jar = Jar.decode(known.right.jar)
  return E.isLeft(jar) ? jar : E.right({ session: session.right, jar: jar.right })
}

/** Loads what was saved. Errors: `StoreFailed`, `Unreadable`. */
export const load =
  (path: string): TaskEither<StoreFailed | Saved.Unreadable, Stored> =>
  async () => {
    try {
      return decode(await readFile(path, 'utf8'))
    } catch (cause) {
      return E.left(failed(path, cause))
    }
  }

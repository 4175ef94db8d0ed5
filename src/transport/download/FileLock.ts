/**
 * Lock files between the processes of one machine, created with O_EXCL. A lock names its process.
 *
 * | owner of a lock                                 | its state                                                         |
 * |-------------------------------------------------|-------------------------------------------------------------------|
 * | a process on this host                          | `Running` if the operating system knows the process, else `Ended` |
 * | this process id, but older than this process    | `Ended`: containers often reuse process ids                       |
 * | on another host, or unreadable                  | `Unknown`                                                         |
 *
 * | function   | if the lock is held      | removes a lock                                                                |
 * |------------|--------------------------|-------------------------------------------------------------------------------|
 * | `withLock` | waits, at most `WAIT_MS` | whose owner has ended; of any owner, older than `STALE_MS`, because a critical |
 * |            |                          | section lasts milliseconds; without an owner, older than `UNWRITTEN_MS`       |
 * | `tryLock`  | returns undefined        | whose owner has ended; of an unknown owner, if nothing changed for `IDLE_MS`  |
 *
 * A stale lock is removed while holding a second lock, `LOCK.steal`. So only one of two processes removes it, and none
 * removes the next lock. A lock is released on every path; a process that is killed leaves a stale lock.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Printable from '../../values/Printable.js'
import { codeOf, createExclusive, orMissing, withFile } from './FileSystem.js'
import { constants, delay, hostname, open, randomUUID, rm } from './NodeFiles.js'

const WAIT_MS = 30_000
const POLL_MS = 15
const STALE_MS = 60_000
const UNWRITTEN_MS = 5_000
const IDLE_MS = 600_000
const MAX_BYTES = 4096
const MAX_ATTEMPTS = 3

// --- owners --------------------------------------------------------------------------------------------------------

const Owner = t.readonly(t.type({ pid: t.number, host: t.string, token: t.string }))
type Owner = t.TypeOf<typeof Owner>

interface LockFile {
  readonly text: string
  /** Undefined if the text is invalid. */
  readonly owner: Owner | undefined
  readonly mtimeMs: number
}

/** Random tokens of the locks that this thread holds. They distinguish the locks of one process. */
const held = new Set<string>()

const MAX_PID = 2 ** 31 - 1
const isPid = (pid: number): boolean => Number.isInteger(pid) && pid > 0 && pid <= MAX_PID

const ownerOf = (text: string): Owner | undefined => {
  const owner = E.flatMap(Owner.decode)(Printable.parseJson(text))
  return E.isRight(owner) && isPid(owner.right.pid) ? owner.right : undefined
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return codeOf(cause) !== 'ESRCH'
  }
}

/** Allows one second of difference, because file systems round times. */
const isOlderThanProcess = (mtimeMs: number): boolean => mtimeMs < Date.now() - process.uptime() * 1000 - 1000

const stateOf = ({ owner, mtimeMs }: LockFile): 'Running' | 'Ended' | 'Unknown' => {
  if (owner === undefined || owner.host !== hostname()) return 'Unknown'
  if (held.has(owner.token)) return 'Running'
  if (owner.pid === process.pid) return isOlderThanProcess(mtimeMs) ? 'Ended' : 'Running'
  return isRunning(owner.pid) ? 'Running' : 'Ended'
}

// --- lock files ----------------------------------------------------------------------------------------------------

/** Reads a lock; undefined if it does not exist. Throws if it is not a regular file, such as a link of another user. */
const readLock = async (path: string): Promise<LockFile | undefined> => {
  const file = await orMissing(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
  if (file === undefined) return undefined
  return withFile(file, async () => {
    const stats = await file.stat()
    if (!stats.isFile() || stats.size > MAX_BYTES) throw new Error(`"${path}" is not a lock file; remove it`)
    const text = await file.readFile('utf8')
    return { text, owner: ownerOf(text), mtimeMs: stats.mtimeMs }
  })
}

const ageOf = ({ mtimeMs }: LockFile): number => Date.now() - mtimeMs

/** Removes a stale lock, unless another process has replaced it. */
const removeStale = async (path: string, found: LockFile, isStale: (lock: LockFile) => boolean): Promise<void> => {
  const steal = `${path}.steal`
  if (!(await createExclusive(steal, ''))) {
    const other = await readLock(steal)
    if (other !== undefined && ageOf(other) > UNWRITTEN_MS) await rm(steal, { force: true })
    return
  }
  try {
    const again = await readLock(path)
    if (again !== undefined && again.text === found.text && isStale(again)) await rm(path, { force: true })
  } finally {
    await rm(steal, { force: true })
  }
}

/** Returns a lock of this process, which is not taken yet. Its owner counts as running until the lock is released. */
const ownLock = (path: string) => {
  const token = randomUUID()
  held.add(token)
  return { path, token, text: JSON.stringify({ pid: process.pid, host: hostname(), token }) }
}

type OwnLock = ReturnType<typeof ownLock>
const isHeld = async ({ path, text }: OwnLock): Promise<boolean> => (await readLock(path))?.text === text

const release = async (lock: OwnLock): Promise<void> => {
  held.delete(lock.token)
  try {
    if (await isHeld(lock)) await rm(lock.path, { force: true })
  } catch {
    // A lock that cannot be removed becomes stale.
  }
}

// --- waiting for a lock --------------------------------------------------------------------------------------------

export interface LockHandle {
  /** Whether this process still holds the lock. Check it immediately before you change the guarded file. */
  readonly isHeld: () => Promise<boolean>
}

const isStaleSection = (lock: LockFile): boolean =>
  ageOf(lock) > STALE_MS || (lock.owner === undefined ? ageOf(lock) > UNWRITTEN_MS : stateOf(lock) === 'Ended')

const acquire = async ({ path, text }: OwnLock): Promise<E.Either<string, void>> => {
  const end = performance.now() + WAIT_MS
  for (;;) {
    if (await createExclusive(path, text)) return E.right(undefined)
    const found = await readLock(path)
    if (found !== undefined && isStaleSection(found)) await removeStale(path, found, isStaleSection)
    else if (performance.now() >= end) {
      const owner = found?.owner
      const holder = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`
      const time = `for more than ${WAIT_MS / 1000} s`
      return E.left(`${path} has been held by ${holder} ${time}; end that process or remove the lock`)
    }
    // Random, because the waiting processes often started at the same time.
    await delay(POLL_MS * (0.5 + Math.random()))
  }
}

/** Runs a critical section while holding `PATH.lock`. Returns a message if the lock could not be taken. */
export const withLock =
  (path: string) =>
  async <A>(section: (lock: LockHandle) => Promise<A>): Promise<E.Either<string, A>> => {
    const lock = ownLock(`${path}.lock`)
    try {
      const taken = await acquire(lock)
      return E.isLeft(taken) ? taken : E.right(await section({ isHeld: () => isHeld(lock) }))
    } finally {
      await release(lock)
    }
  }

// --- trying a lock -------------------------------------------------------------------------------------------------

export type Release = () => Promise<void>

/** Returns undefined if another download holds the lock. `lastWrite`: of the guarded file, in ms since the epoch. */
export const tryLock = async (path: string, lastWrite: number): Promise<Release | undefined> => {
  const isStale = (lock: LockFile): boolean => {
    const state = stateOf(lock)
    return state === 'Unknown' ? Date.now() - Math.max(lock.mtimeMs, lastWrite) > IDLE_MS : state === 'Ended'
  }
  const lock = ownLock(path)
  let isTaken = false
  try {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      isTaken = await createExclusive(path, lock.text)
      if (isTaken) return () => release(lock)
      const other = await readLock(path).catch(() => undefined)
      if (other === undefined || !isStale(other)) return undefined
      // In a shared folder, the lock of another user cannot be removed. It is then respected.
      await removeStale(path, other, isStale).catch(() => undefined)
    }
    return undefined
  } finally {
    if (!isTaken) held.delete(lock.token)
  }
}

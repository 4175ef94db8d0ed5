/**
 * A lock on a file between the processes of one machine: `PATH.lock`, created with O_EXCL, which names its owner.
 *
 * | existing lock                                       | result                                                     |
 * |-----------------------------------------------------|------------------------------------------------------------|
 * | its process is running on this host                 | wait, at most `WAIT_MS`                                    |
 * | its process on this host has ended (see `LockOwner`) | stale: taken over at once                                 |
 * | older than `STALE_MS`, any owner                    | stale: a critical section lasts milliseconds               |
 * | without a readable owner, older than `UNWRITTEN_MS` | stale: its process died before it wrote the owner          |
 *
 * A stale lock is removed while holding a second lock, `PATH.lock.steal`. So only one of two processes removes it, and none
 * removes the next lock. The lock is released on every path; a process that is killed leaves a stale lock.
 */
import { randomUUID } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { createExclusive, orMissing } from './FileSystem.js'
import * as LockOwner from './LockOwner.js'

const WAIT_MS = 30_000
const STALE_MS = 60_000
const UNWRITTEN_MS = 5_000
const POLL_MS = 15

interface LockFile {
  readonly text: string
  readonly owner: LockOwner.Owner | undefined
  readonly mtimeMs: number
}

/** Reads a lock; undefined if it does not exist. */
const readLock = async (path: string): Promise<LockFile | undefined> => {
  const stats = await orMissing(stat(path))
  const text = stats === undefined ? undefined : await orMissing(readFile(path, 'utf8'))
  if (stats === undefined || text === undefined) return undefined
  return { text, owner: LockOwner.read(text), mtimeMs: stats.mtimeMs }
}

const ageOf = ({ mtimeMs }: LockFile): number => Date.now() - mtimeMs

const isStale = (found: LockFile): boolean => {
  if (ageOf(found) > STALE_MS) return true
  if (found.owner === undefined) return ageOf(found) > UNWRITTEN_MS
  return LockOwner.stateOf(found.owner, found.mtimeMs) === 'Ended'
}

/** Removes a stale lock, unless another process has replaced it. */
const removeStale = async (lock: string, found: LockFile): Promise<void> => {
  const steal = `${lock}.steal`
  if (!(await createExclusive(steal, ''))) {
    const other = await readLock(steal)
    if (other !== undefined && ageOf(other) > UNWRITTEN_MS) await rm(steal, { force: true })
    return
  }
  try {
    const again = await readLock(lock)
    if (again !== undefined && again.text === found.text && isStale(again)) await rm(lock, { force: true })
  } finally {
    await rm(steal, { force: true })
  }
}

const acquire = async (lock: string, text: string): Promise<E.Either<string, void>> => {
  const end = performance.now() + WAIT_MS
  for (;;) {
    if (await createExclusive(lock, text)) return E.right(undefined)
    const found = await readLock(lock)
    if (found !== undefined && isStale(found)) await removeStale(lock, found)
    else if (performance.now() >= end) {
      const holder =
        found?.owner === undefined ? 'another process' : `process ${found.owner.pid} on ${found.owner.host}`
      return E.left(
        `${lock} has been held by ${holder} for more than ${WAIT_MS / 1000} s; end that process or remove the lock`,
      )
    }
    // Random, because the waiting processes often started at the same time.
    await delay(POLL_MS * (0.5 + Math.random()))
  }
}

const releaseLock = async (lock: string, isHeld: LockHandle['isHeld']): Promise<void> => {
  if (await isHeld()) await rm(lock, { force: true })
}

/** Passed to a critical section. */
export interface LockHandle {
  /** Whether this process still holds the lock. Check it immediately before you change the guarded file. */
  readonly isHeld: () => Promise<boolean>
}

/** Runs a critical section while holding the lock of a path. Returns a message if the lock could not be taken. */
export const withLock =
  (path: string) =>
  async <A>(section: (lock: LockHandle) => Promise<A>): Promise<E.Either<string, A>> => {
    const lock = `${path}.lock`
    const token = randomUUID()
    const text = LockOwner.write(token)
    const isHeld = async (): Promise<boolean> => (await readLock(lock))?.text === text
    try {
      const taken = await acquire(lock, text)
      if (E.isLeft(taken)) return taken
      return E.right(await section({ isHeld }))
    } finally {
      LockOwner.release(token)
      // The section has ended. A lock that cannot be removed becomes stale.
      await releaseLock(lock, isHeld).catch(() => undefined)
    }
  }

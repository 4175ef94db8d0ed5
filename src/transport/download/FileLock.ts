/**
 * A lock on a file for the processes of one machine: `PATH.lock`, made with O_EXCL, that names its owner.
 *
 * | the lock that is found                                      | means                                    |
 * |-------------------------------------------------------------|------------------------------------------|
 * | its process runs on this host                               | wait, at most `WAIT_MS`                  |
 * | its process on this host has ended (see `LockOwner`)        | stale: taken over at once                |
 * | older than `STALE_MS`, whoever owns it                      | stale: a section lasts milliseconds      |
 * | without a legible owner, older than `UNWRITTEN_MS`          | stale: its maker died before it wrote    |
 *
 * A stale lock is removed under a second lock, `PATH.lock.steal`, so that of two who find it only one removes it and
 * none removes the lock that follows. The lock is released on every path; a process that is killed leaves a stale one.
 */
import { randomUUID } from 'node:crypto'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import * as E from 'fp-ts/lib/Either.js'
import { codeOf, orMissing } from './FileSystem.js'
import * as LockOwner from './LockOwner.js'

const WAIT_MS = 30_000
const STALE_MS = 60_000
const UNWRITTEN_MS = 5_000
const POLL_MS = 15

interface Found {
  readonly text: string
  readonly owner: LockOwner.Owner | undefined
  readonly mtimeMs: number
}

/** The lock that is there; undefined where it has gone meanwhile. */
const look = async (path: string): Promise<Found | undefined> => {
  const stats = await orMissing(stat(path))
  const text = stats === undefined ? undefined : await orMissing(readFile(path, 'utf8'))
  if (stats === undefined || text === undefined) return undefined
  return { text, owner: LockOwner.read(text), mtimeMs: stats.mtimeMs }
}

const ageOf = ({ mtimeMs }: Found): number => Date.now() - mtimeMs

const isStale = (found: Found): boolean => {
  if (ageOf(found) > STALE_MS) return true
  if (found.owner === undefined) return ageOf(found) > UNWRITTEN_MS
  return LockOwner.stateOf(found.owner, found.mtimeMs) === 'Ended'
}

/** Whether the file was made; false where there is one. */
const made = async (path: string, text: string): Promise<boolean> => {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(text)
    } catch (cause) {
      await rm(path, { force: true })
      throw cause // to `withLock`
    } finally {
      await file.close()
    }
    return true
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false
    throw cause // to `withLock`
  }
}

/** Removes a lock that is still the stale one that was found. */
const removeStale = async (lock: string, found: Found): Promise<void> => {
  const steal = `${lock}.steal`
  if (!(await made(steal, ''))) {
    const other = await look(steal)
    if (other !== undefined && ageOf(other) > UNWRITTEN_MS) await rm(steal, { force: true })
    return
  }
  try {
    const again = await look(lock)
    if (again !== undefined && again.text === found.text && isStale(again)) await rm(lock, { force: true })
  } finally {
    await rm(steal, { force: true })
  }
}

const acquired = async (lock: string, text: string): Promise<E.Either<string, void>> => {
  const end = performance.now() + WAIT_MS
  for (;;) {
    if (await made(lock, text)) return E.right(undefined)
    const found = await look(lock)
    if (found !== undefined && isStale(found)) await removeStale(lock, found)
    else if (performance.now() >= end) {
      const who = found?.owner === undefined ? 'another process' : `process ${found.owner.pid} on ${found.owner.host}`
      return E.left(
        `${lock} has been held by ${who} for more than ${WAIT_MS / 1000} s; end that process or remove the lock`,
      )
    }
    // Not all at once: the waiters of one lock came together.
    await delay(POLL_MS * (0.5 + Math.random()))
  }
}

const released = async (lock: string, isHeld: Held['isHeld']): Promise<void> => {
  if (await isHeld()) await rm(lock, { force: true })
}

/** What a section is given. */
export interface Held {
  /** Whether the lock is still ours: to be asked last before what it guards is changed. */
  readonly isHeld: () => Promise<boolean>
}

/** Runs a section that no other process runs for the same path. The left is why the lock was not to be had. */
export const withLock =
  (path: string) =>
  async <A>(section: (held: Held) => Promise<A>): Promise<E.Either<string, A>> => {
    const lock = `${path}.lock`
    const token = randomUUID()
    const text = LockOwner.write(token)
    const isHeld = async (): Promise<boolean> => (await look(lock))?.text === text
    try {
      const got = await acquired(lock, text)
      if (E.isLeft(got)) return got
      return E.right(await section({ isHeld }))
    } finally {
      LockOwner.release(token)
      // The section is done: a lock that cannot be removed is found stale later.
      await released(lock, isHeld).catch(() => undefined)
    }
  }

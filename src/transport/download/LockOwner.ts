/**
 * The process that a lock file names, and whether it is still running.
 *
 * | lock                                              | its owner                                             |
 * |---------------------------------------------------|-------------------------------------------------------|
 * | of a process on this host                         | is running if the operating system knows the process  |
 * | of this process id, but older than this process   | has ended (containers often reuse process ids)        |
 * | of another host, or unreadable                    | is unknown; the caller decides by the age of the lock |
 */
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Printable from '../../values/Printable.js'
import { codeOf } from './FileSystem.js'

const Owner = t.readonly(t.type({ pid: t.number, host: t.string, token: t.string }))

/** The owner of a lock. The token is random and distinguishes the locks of one process. */
export type Owner = t.TypeOf<typeof Owner>

/** Tokens of the locks that this thread holds. */
const held = new Set<string>()

/** Returns the content of a new lock of this process. Its owner counts as running until the token is released. */
export const write = (token: string): string => {
  held.add(token)
  return JSON.stringify({ pid: process.pid, host: hostname(), token })
}

/** Forgets the token of a released lock. */
export const release = (token: string): void => {
  held.delete(token)
}

const MAX_PID = 2 ** 31 - 1
const isPid = (pid: number): boolean => Number.isInteger(pid) && pid > 0 && pid <= MAX_PID

/** Parses the content of a lock; undefined if it is invalid. */
export const read = (text: string): Owner | undefined => {
  const json = Printable.parseJson(text)
  if (E.isLeft(json)) return undefined
  const owner = Owner.decode(json.right)
  return E.isLeft(owner) || !isPid(owner.right.pid) ? undefined : owner.right
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

/** Returns the state of the owner of a lock. `mtimeMs` is when the lock was written, in milliseconds since the epoch. */
export const stateOf = (owner: Owner | undefined, mtimeMs: number): 'Running' | 'Ended' | 'Unknown' => {
  if (owner === undefined || owner.host !== hostname()) return 'Unknown'
  if (held.has(owner.token)) return 'Running'
  if (owner.pid === process.pid) return isOlderThanProcess(mtimeMs) ? 'Ended' : 'Running'
  return isRunning(owner.pid) ? 'Running' : 'Ended'
}

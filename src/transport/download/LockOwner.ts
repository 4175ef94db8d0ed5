/**
 * The process that a lock file names, and whether it still runs.
 *
 * | a lock                                       | its owner                                  |
 * |----------------------------------------------|--------------------------------------------|
 * | of a process of this host                    | runs if the system knows the process       |
 * | of this process id, older than this process  | has ended (containers start with one id)   |
 * | of another host, or illegible                | is unknown; only the age of the lock helps  |
 */
import { hostname } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as JsonText from '../../values/JsonText.js'
import { codeOf } from './FileSystem.js'

const Owner = t.readonly(t.type({ pid: t.number, host: t.string, token: t.string }))

/** The token is random, and tells the locks of one process apart. */
export type Owner = t.TypeOf<typeof Owner>

/** Tokens of the locks that this thread holds. */
const held = new Set<string>()

/** The content of a lock of this process. It counts as running until its token is released. */
export const write = (token: string): string => {
  held.add(token)
  return JSON.stringify({ pid: process.pid, host: hostname(), token })
}

export const release = (token: string): void => {
  held.delete(token)
}

const MAX_PID = 2 ** 31 - 1
const isPid = (pid: number): boolean => Number.isInteger(pid) && pid > 0 && pid <= MAX_PID

/** Reads the content of a lock. */
export const read = (text: string): Owner | undefined => {
  const json = JsonText.parse(text)
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

/** A second of slack, since file systems round times. */
const isOlderThanProcess = (mtimeMs: number): boolean => mtimeMs < Date.now() - process.uptime() * 1000 - 1000

/** What is known of the owner of a lock that was written at that time, in milliseconds since the epoch. */
export const stateOf = (owner: Owner | undefined, mtimeMs: number): 'Running' | 'Ended' | 'Unknown' => {
  if (owner === undefined || owner.host !== hostname()) return 'Unknown'
  if (held.has(owner.token)) return 'Running'
  if (owner.pid === process.pid) return isOlderThanProcess(mtimeMs) ? 'Ended' : 'Running'
  return isRunning(owner.pid) ? 'Running' : 'Ended'
}

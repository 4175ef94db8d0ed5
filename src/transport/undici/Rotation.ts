/**
 * Reads certificate files again when they change, so that a process needs no restart when its certificate is renewed.
 *
 * | what happens                                      | result                                                              |
 * |---------------------------------------------------|---------------------------------------------------------------------|
 * | a file changes                                    | the next connection uses the new content                            |
 * | a connection with the old content serves a request | the request goes on; the connection is closed after it             |
 * | an idle connection with the old content           | is not used again                                                   |
 * | the new content cannot be read, or is not valid   | the old one stays in use until the files change again: a certificate and its key are often replaced one after the other |
 * | a text instead of a path                          | never changes                                                       |
 *
 * Files are compared by their status before each connection, and once a second while requests use existing connections. A
 * folder of CAs is compared once a second, because it may have hundreds of files.
 */
import { createHash } from 'node:crypto'
import { type BigIntStats, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type * as Fault from '../../wire/Fault.js'
import type * as Plan from '../../wire/Plan.js'
import * as Tls from './Tls.js'

/** The context that the next connection uses. */
export interface SecuritySource {
  readonly current: Tls.Security
  /** The number of changes so far. */
  readonly generation: number
  /** Whether the context can change. */
  readonly rotates: boolean
  /** Reads the files again if they have changed. */
  refresh(): void
}

/** A file system may record two changes within so many milliseconds with the same time. */
const TIME_RESOLUTION_MS = 2000
const FOLDER_CHECK_MS = 1000

/** The state of files, to notice a change without reading them. */
interface Fingerprint {
  readonly text: string
  /** Whether a file was changed so recently that a later change may have the same fingerprint. */
  readonly isRecent: boolean
}

const statusOf = (path: string): BigIntStats | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })

/** The files of a folder, or the file itself. */
const filesOf = (path: string, status: BigIntStats | undefined): ReadonlyArray<string> =>
  status?.isDirectory() === true ? [path, ...readdirSync(path).map((name) => join(path, name))] : [path]

const fingerprintOf = (paths: ReadonlyArray<string>): Fingerprint => {
  const parts: string[] = []
  let newest = 0
  for (const path of paths) {
    for (const file of filesOf(path, statusOf(path))) {
      const status = statusOf(file)
      if (status === undefined) continue
      parts.push(`${file} ${status.dev} ${status.ino} ${status.size} ${status.mtimeNs} ${status.ctimeNs}`)
      newest = Math.max(newest, Number(status.ctimeMs))
    }
  }
  return { text: parts.join('\n'), isRecent: Date.now() - newest < TIME_RESOLUTION_MS }
}

const hasFolder = (paths: ReadonlyArray<string>): boolean =>
  paths.some((path) => statusOf(path)?.isDirectory() === true)

/** A hash, because the material contains private keys. */
const digestOf = (material: Tls.Material): string => {
  const { ca, cert, key, pfx } = material
  const hash = createHash('sha256')
  for (const part of [...(ca ?? []), cert, key, pfx])
    hash.update(Buffer.isBuffer(part) ? part : String(part)).update('\0')
  return hash.digest('base64')
}

class Rotating implements SecuritySource {
  readonly rotates = true
  generation = 0
  readonly #setting: Plan.Tls
  readonly #paths: ReadonlyArray<string>
  readonly #interval: number
  #fingerprint: Fingerprint
  #digest: string
  #checked = performance.now()

  constructor(
    setting: Plan.Tls,
    paths: ReadonlyArray<string>,
    fingerprint: Fingerprint,
    material: Tls.Material,
    public current: Tls.Security,
  ) {
    this.#setting = setting
    this.#paths = paths
    this.#fingerprint = fingerprint
    this.#digest = digestOf(material)
    this.#interval = hasFolder(paths) ? FOLDER_CHECK_MS : 0
  }

  refresh(): void {
    const now = performance.now()
    if (now - this.#checked < this.#interval) return
    this.#checked = now
    try {
      this.#refresh()
    } catch {
      // A folder that cannot be read: the old content stays in use.
    }
  }

  #refresh(): void {
    const before = this.#fingerprint
    // Before reading, so that a change while the files are read is noticed the next time.
    this.#fingerprint = fingerprintOf(this.#paths)
    if (this.#fingerprint.text === before.text && !before.isRecent) return
    const material = Tls.readMaterial(this.#setting)
    if (E.isLeft(material)) return
    const digest = digestOf(material.right)
    if (digest === this.#digest) return
    const security = Tls.security(this.#setting, material.right)
    if (E.isLeft(security)) return
    this.#digest = digest
    this.current = security.right
    this.generation += 1
  }
}

/** Reads what a setting names. */
export const open = (setting: Plan.Tls): E.Either<Fault.Fault, SecuritySource> => {
  const paths = Tls.pathsOf(setting)
  const fingerprint = safeFingerprint(paths)
  const material = Tls.readMaterial(setting)
  if (E.isLeft(material)) return material
  const security = Tls.security(setting, material.right)
  if (E.isLeft(security)) return security
  if (paths.length > 0) return E.right(new Rotating(setting, paths, fingerprint, material.right, security.right))
  return E.right({ current: security.right, generation: 0, rotates: false, refresh: () => {} })
}

/** Reading the files reports what is wrong with them. */
const safeFingerprint = (paths: ReadonlyArray<string>): Fingerprint => {
  try {
    return fingerprintOf(paths)
  } catch {
    return { text: '', isRecent: true }
  }
}

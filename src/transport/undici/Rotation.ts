/**
 * Reads certificate files again when they change, so that a process needs no restart when its certificate is renewed.
 *
 * | what happens                                      | result                                                              |
 * |---------------------------------------------------|---------------------------------------------------------------------|
 * | a file changes                                    | the next connection uses the new content                            |
 * | a connection with the old content serves a request | the request goes on; the connection is closed after it             |
 * | an idle connection with the old content           | is not used again                                                   |
 * | the new content cannot be read, or is not valid   | the old one stays in use until the files change again: a certificate and its key are often replaced one after the other |
 * | there is a text only, or something else than a file, such as a pipe | nothing changes: it is read once                    |
 *
 * Files are compared by their status before each connection, and once a second while requests use existing connections. The files
 * of a folder of CAs are compared once a second, because there may be hundreds.
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
/** How often files are read that changed so recently. */
const RECENT_CHECK_MS = 100

const statusOf = (path: string): BigIntStats | undefined => statSync(path, { bigint: true, throwIfNoEntry: false })

const isFolder = (path: string): boolean => statusOf(path)?.isDirectory() === true

/** Reading a pipe would wait for its writer, or take what another reader needs. */
const canBeReadAgain = (path: string): boolean => {
  try {
    const status = statusOf(path)
    return status === undefined || status.isFile() || status.isDirectory()
  } catch {
    return true // not a path, or one that cannot be reached: reading it reports this
  }
}

const filesIn = (folder: string): ReadonlyArray<string> => readdirSync(folder).map((name) => join(folder, name))

/** The state of files, and whether one was changed so recently that a later change may have the same times. */
interface Status {
  readonly text: string
  readonly isRecent: boolean
}

const statusOfAll = (files: ReadonlyArray<string>): Status => {
  let newest = 0
  const lines = files.flatMap((file) => {
    const status = statusOf(file)
    if (status === undefined) return []
    newest = Math.max(newest, Number(status.ctimeMs))
    return [`${file} ${status.dev} ${status.ino} ${status.size} ${status.mtimeNs} ${status.ctimeNs}`]
  })
  // A file of the future was written before the clock was set back.
  return { text: lines.join('\n'), isRecent: Math.abs(Date.now() - newest) < TIME_RESOLUTION_MS }
}

/** Notices that a file has changed, without reading it. */
class Fingerprint {
  readonly #paths: ReadonlyArray<string>
  #folders: Status = { text: '', isRecent: false }
  #text = ''
  #isRecent = true
  #foldersChecked = Number.NEGATIVE_INFINITY
  /** When the files were read last. */
  #read = performance.now()

  constructor(paths: ReadonlyArray<string>) {
    this.#paths = paths
  }

  /** Returns whether the files may have changed since the last call. Folders are looked at once a second. */
  hasChanged(): boolean {
    const [before, wasRecent] = [this.#text, this.#isRecent]
    const folders = this.#paths.filter(isFolder)
    const now = performance.now()
    if (folders.length > 0 && now - this.#foldersChecked >= FOLDER_CHECK_MS) {
      this.#foldersChecked = now
      this.#folders = statusOfAll(folders.flatMap(filesIn))
    }
    const files = statusOfAll(this.#paths)
    this.#text = `${this.#folders.text}\n${files.text}`
    this.#isRecent = this.#folders.isRecent || files.isRecent
    if (this.#text === before) {
      if (!wasRecent) return false
      if (now - this.#read < RECENT_CHECK_MS) {
        this.#isRecent = true
        return false
      }
    }
    this.#read = now
    return true
  }

  /** The files could not be read: they are read again the next time. */
  distrust(): void {
    this.#isRecent = true
  }
}

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
  readonly #fingerprint: Fingerprint
  #digest: string

  constructor(
    setting: Plan.Tls,
    fingerprint: Fingerprint,
    material: Tls.Material,
    public current: Tls.Security,
  ) {
    this.#setting = setting
    this.#fingerprint = fingerprint
    this.#digest = digestOf(material)
  }

  refresh(): void {
    // Before reading, so that a change while the files are read is noticed the next time.
    if (!hasChanged(this.#fingerprint)) return
    const material = Tls.readMaterial(this.#setting)
    if (E.isLeft(material)) {
      this.#fingerprint.distrust()
      return
    }
    const digest = digestOf(material.right)
    if (digest === this.#digest) return
    const security = Tls.security(this.#setting, material.right)
    if (E.isLeft(security)) return
    this.#digest = digest
    this.current = security.right
    this.generation += 1
  }
}

/** A file system that fails now is asked again the next time. */
const hasChanged = (fingerprint: Fingerprint): boolean => {
  try {
    return fingerprint.hasChanged()
  } catch {
    fingerprint.distrust()
    return false
  }
}

/** Reads what a setting names. */
export const open = (setting: Plan.Tls): E.Either<Fault.Fault, SecuritySource> => {
  const named = Tls.pathsOf(setting)
  const paths = named.every(canBeReadAgain) ? named : []
  const fingerprint = new Fingerprint(paths)
  if (paths.length > 0) hasChanged(fingerprint)
  const material = Tls.readMaterial(setting)
  if (E.isLeft(material)) return material
  const security = Tls.security(setting, material.right)
  if (E.isLeft(security)) return security
  if (paths.length > 0) return E.right(new Rotating(setting, fingerprint, material.right, security.right))
  return E.right({ current: security.right, generation: 0, rotates: false, refresh: () => {} })
}

/**
 * A file in the making: `PATH.part` holds the octets that have come, `PATH.part.json` says what they are a part of.
 *
 * | file             | while it is written                         | after a failure           | after success                              |
 * |------------------|---------------------------------------------|---------------------------|--------------------------------------------|
 * | `PATH`           | the old one                                 | the old one               | the whole, by an atomic rename after fsync |
 * | `PATH.part`      | octets, for the owner alone                 | kept                      | gone                                       |
 * | `PATH.part.json` | its note, if it can be gone on with         | kept                      | kept by a download that may resume, so that the file is not fetched again |
 * | `PATH.part.lock` | the owner (see `PartLock.ts`)               | gone                      | gone                                       |
 *
 * A second download to the same path writes to `PATH.RANDOM.part`, which a failure removes. The one that ends last wins.
 * Nothing that another user, or a link, may have put there is opened. The note holds a salted digest of the request.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, rename, rm } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as JsonText from '../../values/JsonText.js'
import { messageOf } from '../../values/Printable.js'
import * as Serialization from '../../values/Serialization.js'
import { syncFolder } from './FileSystem.js'
import * as FileTarget from './FileTarget.js'
import * as PartLock from './PartLock.js'
import type { PartialFile } from './Range.js'

/** A file system operation failed. */
export interface FileFailed {
  readonly _tag: 'FileFailed'
  readonly path: string
  readonly message: string
}

type Tried<A> = E.Either<FileFailed, A>

const FORMAT = 'requests-ts/part'
const VERSION = 2
const MAX_NOTE = 65_536
const PRIVATE = 0o600

const orNull = <A>(type: t.Type<A, unknown>) => t.union([type, t.null])

const Note = t.readonly(
  t.type({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    salt: t.string,
    /** Salted digests of the request, and of where its reply came from. */
    of: t.string,
    place: t.string,
    validator: Serialization.Line,
    modified: orNull(Serialization.Line),
    total: orNull(Serialization.Finite),
    /** The finished file, as it was left. */
    whole: orNull(
      t.readonly(t.type({ size: Serialization.Finite, modifiedAt: Serialization.Finite, inode: Serialization.Finite })),
    ),
  }),
)
type Note = t.TypeOf<typeof Note>

/** A path that a download has claimed. */
export interface Claim {
  /** As the user named it. */
  readonly given: string
  readonly target: FileTarget.FileTarget
  readonly part: string
  /** Whether what an earlier attempt left may be used, and what this one leaves is kept. */
  readonly isOwner: boolean
  readonly release: PartLock.Release
}

/** What is there: a part, or the whole. */
export interface Found {
  readonly part: PartialFile
  readonly isWhole: boolean
  /** Whether a reply from that place may go on with it. */
  readonly isFrom: (place: string) => boolean
}

/** What a new part is a part of. */
export interface About {
  readonly resource: string
  readonly place: string
  readonly validator: string
  readonly modified: string | undefined
  readonly total: O.Option<number>
}

const failed = (path: string, cause: unknown): E.Either<FileFailed, never> =>
  E.left({ _tag: 'FileFailed', path, message: messageOf(cause) })

const tried = async <A>(path: string, act: () => Promise<A>): Promise<Tried<A>> => {
  try {
    return E.right(await act())
  } catch (cause) {
    return failed(path, cause)
  }
}

const noteOf = ({ part }: Claim): string => `${part}.json`
const digest = (salt: string, text: string): string => createHmac('sha256', salt).update(text, 'utf8').digest('hex')
const nothing = async (): Promise<void> => {}

const lastWrite = async (path: string): Promise<number> => {
  try {
    return (await lstat(path)).mtimeMs
  } catch {
    return 0
  }
}

// --- claims --------------------------------------------------------------------------------------------------------

/** Claims a path for one download. Whoever claims releases. */
export const claim = (given: string): Promise<Tried<Claim>> =>
  tried(given, async () => {
    const target = await FileTarget.find(given)
    const part = `${target.path}.part`
    if (target._tag === 'Special') return { given, target, part, isOwner: false, release: nothing }
    const release = await PartLock.take(`${part}.lock`, await lastWrite(part))
    if (release !== undefined) return { given, target, part, isOwner: true, release }
    const own = `${target.path}.${randomBytes(6).toString('hex')}.part`
    return { given, target, part: own, isOwner: false, release: nothing }
  })

// --- what is there -------------------------------------------------------------------------------------------------

/** A plain file of this user, with no other name, that nobody else may read or write. */
const isPrivate = (stats: Stats): boolean => {
  // Windows has no modes of this kind.
  const isClosed = process.getuid === undefined || (stats.mode & 0o077) === 0
  return stats.isFile() && stats.nlink === 1 && FileTarget.isOwn(stats) && isClosed
}

const openPrivate = async (path: string, flags: number): Promise<readonly [FileHandle, Stats] | undefined> => {
  const file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const stats = await file.stat().catch(() => undefined)
  if (stats !== undefined && isPrivate(stats)) return [file, stats]
  await file.close()
  return undefined
}

const readNote = async (path: string): Promise<O.Option<Note>> => {
  // Where no note can be read there is none: the download begins anew.
  const opened = await openPrivate(path, constants.O_RDONLY).catch(() => undefined)
  if (opened === undefined) return O.none
  const [file, { size }] = opened
  try {
    const json = size > MAX_NOTE ? E.left('too long') : JsonText.parse(await file.readFile('utf8'))
    return E.isLeft(json) ? O.none : O.getRight(Serialization.read(Note, json.right))
  } finally {
    await file.close()
  }
}

const partSize = async ({ part }: Claim): Promise<number | undefined> => {
  const stats = await lstat(part).catch(() => undefined)
  return stats !== undefined && isPrivate(stats) ? stats.size : undefined
}

/** Whether the finished file is still as this library left it. */
const isUntouched = async ({ target }: Claim, whole: NonNullable<Note['whole']>): Promise<boolean> => {
  const stats = await lstat(target.path).catch(() => undefined)
  if (stats === undefined || !stats.isFile()) return false
  return stats.size === whole.size && stats.mtimeMs === whole.modifiedAt && stats.ino === whole.inode
}

/** What is there of that resource. None where nothing is, where it is of another, or where it cannot be trusted. */
export const look = async (claimed: Claim, resource: string): Promise<O.Option<Found>> => {
  if (!claimed.isOwner) return O.none
  const read = await tried(claimed.given, () => readNote(noteOf(claimed)))
  if (E.isLeft(read) || O.isNone(read.right)) return O.none
  const note = read.right.value
  if (note.of !== digest(note.salt, resource)) return O.none
  const { validator, modified, whole } = note
  const isFrom = (place: string): boolean => note.place === digest(note.salt, place)
  const about = { validator: O.some(validator), ...(modified === null ? {} : { modified }) }
  // A part beside a finished file is of another program: the file took the name of its own.
  const size = whole === null ? await partSize(claimed) : undefined
  if (size !== undefined && size > 0) {
    return O.some({ part: { size, ...about, total: O.fromNullable(note.total) }, isWhole: false, isFrom })
  }
  if (size !== undefined || whole === null || whole.size === 0 || !(await isUntouched(claimed, whole))) return O.none
  return O.some({ part: { size: whole.size, ...about, total: O.some(whole.size) }, isWhole: true, isFrom })
}

// --- notes ---------------------------------------------------------------------------------------------------------

/** Writes a new file: never into one that is there, nor through a link. */
const create = (path: string): Promise<FileHandle> =>
  open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, PRIVATE)

const writeNote = async (path: string, note: Note): Promise<void> => {
  await rm(path, { force: true })
  const file = await create(path)
  try {
    await file.writeFile(JSON.stringify(note))
  } finally {
    await file.close()
  }
}

const noteFor = ({ resource, place, validator, modified, total }: About): Note => {
  const salt = randomBytes(16).toString('hex')
  const [of, where] = [digest(salt, resource), digest(salt, place)]
  const version = { validator, modified: modified ?? null, total: O.toNullable(total) }
  return { format: FORMAT, version: VERSION, salt, of, place: where, ...version, whole: null }
}

// --- writing -------------------------------------------------------------------------------------------------------

/** How a body is written: into a new part that may be gone on with, a new one that may not, or behind a part. */
export type Start =
  | { readonly _tag: 'Begin'; readonly about: O.Option<About> }
  | { readonly _tag: 'Append'; readonly size: number }

/** What a download has received: octets of the whole file, and what they are. */
export interface Transferred {
  readonly _tag: 'Whole' | 'Part' | 'TooLong'
  readonly size: number
}

export interface Writing {
  readonly start: Start
  /** Octets of the whole file, where they are known. */
  readonly expected: O.Option<number>
  /** Octets that this body is to have, where a range says so. */
  readonly length: O.Option<number>
  /** Whether a finished file keeps its note, so that the next download knows it. */
  readonly keepsNote: boolean
  /** Ends a wait for the reader of a FIFO; its reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

const begun = async (claimed: Claim, about: O.Option<About>): Promise<FileHandle> => {
  if (claimed.isOwner) {
    await rm(noteOf(claimed), { force: true })
    await rm(claimed.part, { force: true })
  }
  const file = await create(claimed.part)
  try {
    if (claimed.isOwner && O.isSome(about)) await writeNote(noteOf(claimed), noteFor(about.value))
    return file
  } catch (cause) {
    await file.close()
    throw cause // the caller makes a FileFailed of it
  }
}

const continued = async ({ part }: Claim, size: number): Promise<FileHandle> => {
  const opened = await openPrivate(part, constants.O_WRONLY | constants.O_APPEND)
  if (opened === undefined) throw new Error(`"${part}" is not the part file that an earlier download left`)
  const [file, stats] = opened
  try {
    if (stats.size < size) throw new Error(`"${part}" has become shorter`)
    await file.truncate(size)
    return file
  } catch (cause) {
    await file.close()
    throw cause // the caller makes a FileFailed of it
  }
}

const openFor = (claimed: Claim, start: Start, signal: AbortSignal | undefined): Promise<FileHandle> => {
  if (claimed.target._tag === 'Special') return FileTarget.openSpecial(claimed.target.path, signal)
  return start._tag === 'Begin' ? begun(claimed, start.about) : continued(claimed, start.size)
}

/** Removes what nobody can go on with. */
const forget = async (claimed: Claim): Promise<void> => {
  const path = claimed.isOwner ? noteOf(claimed) : claimed.part
  // It is of no use, and does no harm.
  if (claimed.target._tag === 'Plain') await rm(path, { force: true }).catch(() => undefined)
}

const isSame = (x: Stats, y: Stats): boolean => x.isFile() && x.ino === y.ino && x.dev === y.dev

/** The part becomes the file, once it is on the disk. */
const finish = async (claimed: Claim, file: FileHandle, keepsNote: boolean): Promise<void> => {
  const { part, target } = claimed
  await FileTarget.adoptPermissions(file, target.path)
  await file.sync()
  const own = await file.stat()
  if (!isSame(await lstat(part), own)) throw new Error(`"${part}" was replaced by another program`)
  await rename(part, target.path)
  await syncFolder(target.path)
  if (!claimed.isOwner) return
  const note = keepsNote ? await readNote(noteOf(claimed)) : O.none
  if (O.isNone(note)) return rm(noteOf(claimed), { force: true })
  const whole = { size: own.size, modifiedAt: own.mtimeMs, inode: own.ino }
  await writeNote(noteOf(claimed), { ...note.value, whole })
}

const pump = async (file: FileHandle, path: string, body: AsyncIterable<Uint8Array>, signal?: AbortSignal) => {
  let size = 0
  for await (const chunk of body) {
    const wrote = await tried(path, () => FileTarget.writeAll(file, chunk, signal))
    signal?.throwIfAborted()
    if (E.isLeft(wrote)) return wrote
    size += chunk.length
  }
  return E.right(size)
}

/** What has come of the whole. The end of a range is the end of the file only where its length is known. */
const receivedOf = ({ start, expected, length }: Writing, written: number): Transferred => {
  const size = (start._tag === 'Append' ? start.size : 0) + written
  if (O.isSome(length) && written > length.value) return { _tag: 'TooLong', size }
  if (O.isNone(expected)) return { _tag: start._tag === 'Begin' ? 'Whole' : 'Part', size }
  return { _tag: size === expected.value ? 'Whole' : size < expected.value ? 'Part' : 'TooLong', size }
}

/**
 * Writes a body to its end, and makes it the file if it is as long as expected. Throws what the body throws, and the reason
 * of the signal.
 */
export const receive =
  (claimed: Claim, writing: Writing) =>
  async (body: AsyncIterable<Uint8Array>): Promise<Tried<Transferred>> => {
    const { given, target } = claimed
    const { start, keepsNote, signal } = writing
    const opened = await tried(given, () => openFor(claimed, start, signal))
    if (E.isLeft(opened)) {
      signal?.throwIfAborted()
      return opened
    }
    const file = opened.right
    let isKept = false
    let outcome: Tried<Transferred> = E.right({ _tag: 'Part', size: 0 })
    try {
      const written = await pump(file, given, body, signal)
      if (E.isLeft(written)) {
        outcome = written
        isKept = claimed.isOwner
      } else {
        const received = receivedOf(writing, written.right)
        isKept = received._tag === 'Whole' || (received._tag === 'Part' && claimed.isOwner)
        const done =
          received._tag === 'Whole' && target._tag === 'Plain'
            ? await tried(given, () => finish(claimed, file, keepsNote))
            : E.right(undefined)
        if (E.isLeft(done)) isKept = claimed.isOwner
        outcome = E.isLeft(done) ? done : E.right(received)
      }
    } catch (cause) {
      isKept = claimed.isOwner
      throw cause // the body's own failure is for its reader
    } finally {
      const closed = await tried(given, () => file.close())
      if (E.isRight(outcome) && E.isLeft(closed)) outcome = closed
      if (!isKept) await forget(claimed)
    }
    return outcome
  }

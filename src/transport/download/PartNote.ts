/**
 * The note about a part file, `PATH.part.json`: which resource and version the part belongs to, and which bytes it has.
 *
 * | version | bytes of the part                                                                                      |
 * |---------|--------------------------------------------------------------------------------------------------------|
 * | 2       | all of its bytes, from the first byte of the file on                                                   |
 * | 3       | those in `received`: the part is written at several places. An older release does not read this version |
 *
 * A note of version 3 is replaced as a whole. Before a byte is in `received`, it is on the disk, even if the machine stops.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Printable from '../../values/Printable.js'
import * as Serialization from '../../values/Serialization.js'
import { type ByteRange, ByteRanges } from './ByteRanges.js'
import * as FileDigest from './FileDigest.js'
import { createPrivate, openPrivate, syncFolder, withFile } from './FileSystem.js'
import { constants, createHmac, randomBytes, rename, rm } from './NodeFiles.js'
import * as Range from './Range.js'

const FORMAT = 'requests-ts/part'
const MAX_BYTES = 65_536
const orNull = <A>(type: t.Type<A, unknown>) => t.union([type, t.null])

const FinishedFile = t.readonly(
  t.type({ size: Serialization.Finite, modifiedAt: Serialization.Finite, inode: Serialization.Finite }),
)

/** Which resource and version a part belongs to. The request may hold secrets, so a note stores a salted digest of it. */
const PartVersion = t.type({
  salt: t.string,
  /** Salted digest of the request (see `Resource.ts`). */
  of: t.string,
  /** Salted digest of the location of the final response. */
  place: t.string,
  validator: Serialization.Line,
  modified: orNull(Serialization.Line),
  /** Bytes of the whole file. */
  total: orNull(Serialization.Finite),
})
/** The digest that the server stated for the whole file, as `sha-256=HEX`. Notes of older releases do not have it. */
const StatedDigest = t.partial({ digest: t.string })
const PartIdentity = t.intersection([PartVersion, StatedDigest])
export type PartIdentity = Readonly<t.TypeOf<typeof PartIdentity>>

const SequentialNote = t.readonly(
  t.intersection([
    PartIdentity,
    t.type({
      format: t.literal(FORMAT),
      version: t.literal(2),
      /** Null while the download is incomplete. */
      whole: orNull(FinishedFile),
    }),
  ]),
)
const PartedNote = t.readonly(
  t.intersection([PartIdentity, t.type({ format: t.literal(FORMAT), version: t.literal(3), received: ByteRanges })]),
)
const PartNote = t.union([SequentialNote, PartedNote])
export type PartNote = t.TypeOf<typeof PartNote>

export interface ResourceVersion {
  readonly resource: string
  readonly location: string
  readonly validator: string
  readonly modified: string | undefined
  /** Bytes of the whole file. */
  readonly total: O.Option<number>
  /** The digest that the server stated. */
  readonly digest: O.Option<FileDigest.FileDigest>
}

export const digest = (salt: string, text: string): string =>
  createHmac('sha256', salt).update(text, 'utf8').digest('hex')

const notePath = (part: string): string => `${part}.json`
/** A note of version 3 before it replaces the last one. */
const newNotePath = (part: string): string => `${part}.json.new`

/** Whether requests can be made of a note. A damaged one would otherwise make each of them fail. */
const isUsable = ({ validator, total }: PartNote): boolean =>
  Range.isValidator(validator) && (total === null || (Number.isSafeInteger(total) && total >= 0))

/** Returns none if the note is missing, invalid, or not private; the download then starts from the beginning. */
export const read = async (part: string): Promise<O.Option<PartNote>> => {
  const opened = await openPrivate(notePath(part), constants.O_RDONLY).catch(() => undefined)
  if (opened === undefined) return O.none
  const [file, { size }] = opened
  const json = await withFile(file, async () =>
    size > MAX_BYTES ? E.left('too long') : Printable.parseJson(await file.readFile('utf8')),
  )
  if (E.isLeft(json)) return O.none
  const note = Serialization.read(PartNote, json.right)
  return E.isRight(note) && isUsable(note.right) ? O.some(note.right) : O.none
}

export const remove = async (part: string): Promise<void> => {
  await rm(newNotePath(part), { force: true })
  await rm(notePath(part), { force: true })
}

export const identityOf = (version: ResourceVersion): PartIdentity => {
  const { resource, location, validator, modified, total } = version
  const salt = randomBytes(16).toString('hex')
  const digests = { salt, of: digest(salt, resource), place: digest(salt, location) }
  const stated = O.isSome(version.digest) ? { digest: FileDigest.print(version.digest.value) } : {}
  return { ...digests, validator, modified: modified ?? null, total: O.toNullable(total), ...stated }
}

/** Returns the fields of a note in their order, without others that a value may have. */
const fieldsOf = ({ salt, of, place, validator, modified, total, digest }: PartIdentity): PartIdentity => ({
  salt,
  of,
  place,
  validator,
  modified,
  total,
  ...(digest === undefined ? {} : { digest }),
})

const writeSequential = async (part: string, identity: PartIdentity, whole: PartFinished | null): Promise<void> => {
  await remove(part)
  const text = JSON.stringify({ format: FORMAT, version: 2, ...fieldsOf(identity), whole })
  await withFile(await createPrivate(notePath(part)), (file) => file.writeFile(text))
}

type PartFinished = t.TypeOf<typeof FinishedFile>

/** Writes the note of a part that has all bytes from the first one on. */
export const write = (part: string, version: ResourceVersion): Promise<void> =>
  writeSequential(part, identityOf(version), null)

/** Replaces the note by one of version 3. The ranges must be on the disk. */
export const writeReceived = async (
  part: string,
  identity: PartIdentity,
  received: ReadonlyArray<ByteRange>,
): Promise<void> => {
  const text = JSON.stringify({ format: FORMAT, version: 3, ...fieldsOf(identity), received })
  const path = newNotePath(part)
  await rm(path, { force: true })
  try {
    await withFile(await createPrivate(path), async (file) => {
      await file.writeFile(text)
      await file.sync()
    })
    await rename(path, notePath(part))
  } catch (cause) {
    await rm(path, { force: true })
    throw cause // a full disk: `attempt` turns it into FileFailed
  }
}

/** `writeReceived` that lasts even if the machine stops: before bytes are written at several places. */
export const beginReceived = async (
  part: string,
  identity: PartIdentity,
  received: ReadonlyArray<ByteRange>,
): Promise<void> => {
  await writeReceived(part, identity, received)
  await syncFolder(part)
}

/** The properties of `fs.Stats` that identify a finished file. */
interface FileState {
  readonly size: number
  readonly mtimeMs: number
  readonly ino: number
}

/** Adds the state of the finished file to its note, if there is one. */
export const finish = async (part: string, { size, mtimeMs, ino }: FileState): Promise<void> => {
  const note = await read(part)
  if (O.isNone(note)) return remove(part)
  await writeSequential(part, note.value, { size, modifiedAt: mtimeMs, inode: ino })
}

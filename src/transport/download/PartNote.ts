/**
 * The note of a download, `PATH.part.json`: which resource and version the bytes in `PATH.part` belong to, or how the
 * finished file was left. The request may hold secrets, so the note stores a salted digest of it.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { rm } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as Printable from '../../values/Printable.js'
import * as Serialization from '../../values/Serialization.js'
import { createPrivate, openPrivate } from './PrivateFile.js'

const FORMAT = 'requests-ts/part'
const VERSION = 2
const MAX_BYTES = 65_536

const orNull = <A>(type: t.Type<A, unknown>) => t.union([type, t.null])

const PartNote = t.readonly(
  t.type({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    salt: t.string,
    /** Salted digest of the request (see `Resource.ts`). */
    of: t.string,
    /** Salted digest of the location of the final response. */
    place: t.string,
    validator: Serialization.Line,
    modified: orNull(Serialization.Line),
    total: orNull(Serialization.Finite),
    /** The finished file as this library left it; null while the download is incomplete. */
    whole: orNull(
      t.readonly(t.type({ size: Serialization.Finite, modifiedAt: Serialization.Finite, inode: Serialization.Finite })),
    ),
  }),
)
export type PartNote = t.TypeOf<typeof PartNote>

/** The version of a resource that a part file belongs to. */
export interface ResourceVersion {
  readonly resource: string
  readonly location: string
  readonly validator: string
  readonly modified: string | undefined
  /** Bytes of the whole file. */
  readonly total: O.Option<number>
}

const digest = (salt: string, text: string): string => createHmac('sha256', salt).update(text, 'utf8').digest('hex')

/** Makes the note of a new part file. */
export const make = ({ resource, location, validator, modified, total }: ResourceVersion): PartNote => {
  const salt = randomBytes(16).toString('hex')
  return {
    format: FORMAT,
    version: VERSION,
    salt,
    of: digest(salt, resource),
    place: digest(salt, location),
    validator,
    modified: modified ?? null,
    total: O.toNullable(total),
    whole: null,
  }
}

/** Whether a note belongs to that resource. */
export const isOf = (note: PartNote, resource: string): boolean => note.of === digest(note.salt, resource)

/** Whether the response that a note describes came from that location. */
export const isFrom = (note: PartNote, location: string): boolean => note.place === digest(note.salt, location)

/** Adds the state of the finished file to a note. */
export const finished = (note: PartNote, { size, mtimeMs, ino }: Stats): PartNote => ({
  ...note,
  whole: { size, modifiedAt: mtimeMs, inode: ino },
})

/** Whether a finished file is unchanged since this library wrote it. */
export const isUnchanged = ({ size, modifiedAt, inode }: NonNullable<PartNote['whole']>, stats: Stats): boolean =>
  stats.isFile() && stats.size === size && stats.mtimeMs === modifiedAt && stats.ino === inode

/** Reads a note. Returns none if it is missing, invalid, or not private; the download then starts from the beginning. */
export const read = async (path: string): Promise<O.Option<PartNote>> => {
  const opened = await openPrivate(path, constants.O_RDONLY).catch(() => undefined)
  if (opened === undefined) return O.none
  const [file, { size }] = opened
  try {
    const json = size > MAX_BYTES ? E.left('too long') : Printable.parseJson(await file.readFile('utf8'))
    return E.isLeft(json) ? O.none : O.getRight(Serialization.read(PartNote, json.right))
  } finally {
    await file.close()
  }
}

/** Replaces a note. Throws the error of the file system. */
export const write = async (path: string, note: PartNote): Promise<void> => {
  await rm(path, { force: true })
  const file = await createPrivate(path)
  try {
    await file.writeFile(JSON.stringify(note))
  } finally {
    await file.close()
  }
}

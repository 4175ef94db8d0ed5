/**
 * A file in the making: `PATH.part` holds what has come, `PATH.part.json` what it is a part of. When all of it is there
 * it takes the place of `PATH`. What breaks off stays, so that it can be gone on with.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import * as JsonText from '../values/JsonText.js'
import * as Saved from '../values/Saved.js'
import type { Part } from '../wire/Range.js'

/** The file system said no. */
export interface FileFailed {
  readonly _tag: 'FileFailed'
  readonly path: string
  readonly message: string
}

type Tried<A> = E.Either<FileFailed, A>

const FORMAT = 'requests-ts/part'
const VERSION = 1

const Note = t.readonly(
  t.type({
    format: t.literal(FORMAT),
    version: t.literal(VERSION),
    /** A digest of the URL, which may hold a secret. */
    of: t.string,
    validator: t.union([Saved.Line, t.null]),
    total: t.union([Saved.Finite, t.null]),
  }),
)

const partOf = (path: string): string => `${path}.part`
const noteOf = (path: string): string => `${path}.part.json`
const digest = (url: string): string => createHash('sha256').update(url, 'utf8').digest('hex')

const tried = async <A>(path: string, act: () => Promise<A>): Promise<Tried<A>> => {
  try {
    return E.right(await act())
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    return E.left({ _tag: 'FileFailed', path, message })
  }
}

/** What is there of a download from that URL; none where nothing is, or nobody knows of what. */
export const look = async (path: string, url: string): Promise<O.Option<Part>> => {
  const text = await tried(path, () => readFile(noteOf(path), 'utf8'))
  const data = await tried(path, () => stat(partOf(path)))
  if (E.isLeft(text) || E.isLeft(data) || !data.right.isFile()) return O.none
  const json = JsonText.parse(text.right)
  if (E.isLeft(json)) return O.none
  const note = Saved.read(Note, json.right)
  if (E.isLeft(note) || note.right.of !== digest(url) || data.right.size === 0) return O.none
  const { validator, total } = note.right
  return O.some({ size: data.right.size, validator: O.fromNullable(validator), total: O.fromNullable(total) })
}

/** Forgets what there was, and notes what is to come; without a note it will not be gone on with. */
const begin = async (path: string, url: string, about: O.Option<Omit<Part, 'size'>>): Promise<void> => {
  await rm(noteOf(path), { force: true })
  await writeFile(partOf(path), '')
  if (O.isNone(about)) return
  const { validator, total } = about.value
  const note: t.TypeOf<typeof Note> = {
    format: FORMAT,
    version: VERSION,
    of: digest(url),
    validator: O.toNullable(validator),
    total: O.toNullable(total),
  }
  await writeFile(noteOf(path), JSON.stringify(note), { mode: 0o600 })
}

const writeAll = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at, bytes.length - at, null)).bytesWritten
}

/** Adds what comes to what is there, and gives the octets that came. What the body throws goes on to its reader. */
const add = async (path: string, body: AsyncIterable<Uint8Array>): Promise<Tried<number>> => {
  const opened = await tried(path, () => open(partOf(path), 'a'))
  if (E.isLeft(opened)) return opened
  const file = opened.right
  let size = 0
  let failure: Tried<void> = E.right(undefined)
  try {
    for await (const chunk of body) {
      failure = await tried(path, () => writeAll(file, chunk))
      if (E.isLeft(failure)) break
      size += chunk.length
    }
  } finally {
    const closed = await tried(path, () => file.close())
    if (E.isRight(failure)) failure = closed
  }
  return E.isLeft(failure) ? failure : E.right(size)
}

/** Begins anew, and writes what comes. */
export const write =
  (path: string, url: string, about: O.Option<Omit<Part, 'size'>>) =>
  async (body: AsyncIterable<Uint8Array>): Promise<Tried<number>> => {
    const begun = await tried(path, () => begin(path, url, about))
    return E.isLeft(begun) ? begun : add(path, body)
  }

/** Writes what comes behind what is there. */
export const append =
  (path: string, { size }: Part) =>
  async (body: AsyncIterable<Uint8Array>): Promise<Tried<number>> => {
    const cut = await tried(path, () => truncate(partOf(path), size))
    return E.isLeft(cut) ? cut : add(path, body)
  }

/** All of it is there: it becomes the file. */
export const finish = (path: string): Promise<Tried<void>> =>
  tried(path, async () => {
    await rename(partOf(path), path)
    await rm(noteOf(path), { force: true })
  })

/** What is there is of no use. */
export const forget = (path: string): Promise<Tried<void>> => tried(path, () => rm(noteOf(path), { force: true }))

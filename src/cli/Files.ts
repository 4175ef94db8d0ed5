/**
 * The files that the command line names, opened before anything is sent: a file that is not there is bad input.
 *
 * Bodies and uploads are streamed from the disk, and read again where a redirect needs them again; the standard input
 * and pipes can be read once. Texts and JSON are read at once.
 */
import { createReadStream, type Stats } from 'node:fs'
import { access, constants, readFile, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as FileTarget from '../transport/download/FileTarget.js'
import * as Body from '../values/Body.js'
import { messageOf } from '../values/Printable.js'
import { type UsageError, usageError } from './Arguments.js'
import type { Ready } from './Assemble.js'
import type * as Items from './Items.js'
import { legible } from './Terminal.js'

type Opened<A> = E.Either<UsageError, A>

const readable = async (path: string): Promise<Opened<Stats>> => {
  try {
    const found = await stat(path)
    if (found.isDirectory()) return usageError(`${legible(path)} is a folder, and a file is needed`)
    await access(path, constants.R_OK)
    return E.right(found)
  } catch (cause) {
    return usageError(`${legible(path)} cannot be read: ${legible(messageOf(cause))}`)
  }
}

/** Whether certificates and keys can be read later; a folder of certificates may stand for a file. */
export const trusted = async (paths: ReadonlyArray<string | undefined>): Promise<Opened<void>> => {
  for (const path of paths) {
    try {
      if (path !== undefined) await access(path, constants.R_OK)
    } catch (cause) {
      return usageError(`${legible(path ?? '')} cannot be read: ${legible(messageOf(cause))}`)
    }
  }
  return E.right(undefined)
}

const read = (path: string) => (): AsyncIterable<Uint8Array> => createReadStream(path)

/** The text of a file in UTF-8. */
export const textOf = async (path: string): Promise<Opened<string>> => {
  const found = await readable(path)
  if (E.isLeft(found)) return found
  try {
    return E.right(new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path)))
  } catch (cause) {
    return usageError(`${legible(path)} cannot be read as text: ${legible(messageOf(cause))}`)
  }
}

const bodyOf = async (path: string, input: () => AsyncIterable<Uint8Array>): Promise<Opened<Body.Body>> => {
  if (path === '-') return E.right(Body.once({ [Symbol.asyncIterator]: () => input()[Symbol.asyncIterator]() }))
  const found = await readable(path)
  if (E.isLeft(found)) return found
  return E.right(
    found.right.isFile()
      ? Body.stream(read(path), found.right.size)
      : Body.once({ [Symbol.asyncIterator]: () => read(path)()[Symbol.asyncIterator]() }),
  )
}

const uploadOf = async ({ name, path, contentType }: Items.File): Promise<Opened<Ready>> => {
  const found = await readable(path)
  if (E.isLeft(found)) return found
  if (!found.right.isFile()) return usageError(`${legible(path)} is no plain file, and a form needs one`)
  const content = { open: read(path), length: found.right.size }
  const type = contentType === undefined ? {} : { contentType }
  return E.right({ _tag: 'Upload', part: { name, content, filename: basename(path), ...type } })
}

const ready = async (item: Items.Item, input: () => AsyncIterable<Uint8Array>): Promise<Opened<Ready>> => {
  switch (item._tag) {
    case 'FieldFrom': {
      const text = await textOf(item.path)
      return E.isLeft(text) ? text : E.right({ _tag: 'Field', name: item.name, value: text.right })
    }
    case 'JsonFrom': {
      const text = await textOf(item.path)
      return E.isLeft(text) ? text : E.right({ _tag: 'Json', name: item.name, text: text.right })
    }
    case 'File':
      return uploadOf(item)
    case 'Content': {
      const body = await bodyOf(item.path, input)
      return E.isLeft(body) ? body : E.right({ _tag: 'Whole', body: body.right })
    }
    default:
      return E.right(item)
  }
}

/** Opens what items name, in their order; the first that cannot be opened is what is wrong. */
export const open = async (
  items: ReadonlyArray<Items.Item>,
  input: () => AsyncIterable<Uint8Array>,
): Promise<Opened<ReadonlyArray<Ready>>> => {
  const all: Ready[] = []
  for (const item of items) {
    const opened = await ready(item, input)
    if (E.isLeft(opened)) return opened
    all.push(opened.right)
  }
  return E.right(all)
}

/** Whether a download can be written there later: to a device or pipe, or as a new file in its folder. */
export const writable = async (path: string): Promise<Opened<void>> => {
  try {
    const target = await FileTarget.find(path)
    // A FIFO without a reader may get one.
    if (target._tag === 'Special') await access(target.path, constants.W_OK)
    else await access(dirname(target.path), constants.W_OK | constants.X_OK)
    return E.right(undefined)
  } catch (cause) {
    return usageError(`${legible(path)} cannot be written: ${legible(messageOf(cause))}`)
  }
}

/**
 * The digest of a whole file (RFC 9530): reads the one that a user or a server states, and computes that of a file.
 *
 * | stated by                    | accepted                                                                               |
 * |------------------------------|----------------------------------------------------------------------------------------|
 * | the user                     | `sha-256=:BASE64:` as in a header, `sha-256=BASE64`, `sha-256=HEX`; also with `sha-512` |
 * | the server, in `Repr-Digest` | `sha-512`, or else `sha-256`. A field that is not valid or has another algorithm is ignored |
 *
 * `Content-Digest` is not read: in a 206 it is the digest of the range, not of the file.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Hash from '../../values/Hash.js'
import * as Headers from '../../values/Headers.js'
import * as Octets from '../../values/Octets.js'
import * as Secret from '../../values/Secret.js'
import type { Head } from '../../wire/Reply.js'
import { createHash } from './NodeFiles.js'

/** A hash function whose digests are verified. */
export type DigestAlgorithm = 'sha-256' | 'sha-512'

/** The digest that a file must have. */
export interface FileDigest {
  readonly algorithm: DigestAlgorithm
  /** Lower-case hexadecimal digits. */
  readonly hex: string
}

const BYTES: Readonly<Record<DigestAlgorithm, number>> = { 'sha-256': 32, 'sha-512': 64 }
const isAlgorithm = (name: string): name is DigestAlgorithm => Object.hasOwn(BYTES, name)

// --- reading -------------------------------------------------------------------------------------------------------

const HEX = /^[\da-f]+$/i

/** Returns a digest in hexadecimal; undefined if the text is not the base64 of that many bytes. */
const ofBase64 = (algorithm: DigestAlgorithm, base64: string): string | undefined => {
  if (base64.length !== Math.ceil(BYTES[algorithm] / 3) * 4 || !Octets.isBase64(base64)) return undefined
  const octets = Octets.fromBase64(base64)
  return octets.length === BYTES[algorithm] ? Hash.toHex(octets) : undefined
}

/** The three spellings cannot be confused, because they have different lengths. */
const ofText = (algorithm: DigestAlgorithm, text: string): string | undefined => {
  if (text.length === 2 * BYTES[algorithm] && HEX.test(text)) return text.toLowerCase()
  const isField = text.length > 1 && text.startsWith(':') && text.endsWith(':')
  return ofBase64(algorithm, isField ? text.slice(1, -1) : text)
}

const EXPECTED = 'such as "sha-256=:BASE64:" or "sha-256=HEX"'

/** Parses the digest of a user. The error says what is wrong. */
export const parse = (given: unknown): E.Either<string, FileDigest> => {
  if (typeof given !== 'string') return E.left(`it must be a text, ${EXPECTED}`)
  const end = given.indexOf('=')
  if (end < 0) return E.left(`it must have the name of its algorithm, ${EXPECTED}`)
  const algorithm = given.slice(0, end).trim().toLowerCase()
  if (!isAlgorithm(algorithm)) return E.left('its algorithm must be sha-256 or sha-512')
  const hex = ofText(algorithm, given.slice(end + 1).trim())
  if (hex !== undefined) return E.right({ algorithm, hex })
  return E.left(`a ${algorithm} digest has ${BYTES[algorithm]} bytes, in base64 or hexadecimal: ${EXPECTED}`)
}

/** Returns a text that `parse` reads. */
export const print = ({ algorithm, hex }: FileDigest): string => `${algorithm}=${hex}`

// A dictionary of byte sequences (RFC 8941 3.2), each maybe with parameters. Its separator cannot occur in one.
const MEMBER = /^[ \t]*([a-z*][\w.*-]*)=:([\w+/=]*):[ \t]*(?:;[^,"]*)?$/

/** Returns the strongest digest of the `Repr-Digest` of a response, which is that of the whole file, in a 206 too. */
export const ofHead = (head: Head): O.Option<FileDigest> => {
  const lines = Headers.valuesOf(head.headers, 'Repr-Digest').map(Secret.reveal)
  if (lines.length === 0) return O.none
  const found = new Map<string, string>()
  for (const member of lines.join(',').split(',')) {
    const [, name, value] = MEMBER.exec(member) ?? []
    if (name === undefined || value === undefined) return O.none
    found.set(name, value)
  }
  for (const algorithm of ['sha-512', 'sha-256'] as const) {
    const hex = ofBase64(algorithm, found.get(algorithm) ?? '')
    if (hex !== undefined) return O.some({ algorithm, hex })
  }
  return O.none
}

// --- computing -----------------------------------------------------------------------------------------------------

/** A digest that is computed while bytes arrive. */
export interface RunningDigest {
  readonly update: (bytes: Uint8Array) => void
  /** Returns lower-case hexadecimal digits. Call it once, after the last byte. */
  readonly hex: () => string
}

export const start = ({ algorithm }: FileDigest): RunningDigest => {
  const hash = createHash(algorithm === 'sha-256' ? 'sha256' : 'sha512')
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
}

/** A `FileHandle`, written out so that the published types do not need those of Node. */
export interface ReadableFile {
  readonly read: (
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ) => Promise<{ readonly bytesRead: number }>
}

const READ_BYTES = 1_048_576

/** Adds the first bytes of a file. Throws if the file is shorter, and the reason of the signal. */
export const addFile = async (
  digest: RunningDigest,
  file: ReadableFile,
  size: number,
  signal?: AbortSignal,
): Promise<void> => {
  const buffer = new Uint8Array(Math.min(size, READ_BYTES))
  for (let at = 0; at < size; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, size - at), at)
    if (bytesRead === 0) throw new Error(`The file was shortened to ${at} bytes by another program`)
    digest.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
}

/** A file that has another digest. */
export interface Corrupt {
  readonly _tag: 'Corrupt'
  readonly expected: FileDigest
  /** Lower-case hexadecimal digits. */
  readonly actual: string
  /** Bytes. */
  readonly size: number
}

/** Returns how the digest of a file of that size differs from the expected one. */
export const corruptionOf = (expected: FileDigest, running: RunningDigest, size: number): O.Option<Corrupt> => {
  const actual = running.hex()
  return actual === expected.hex ? O.none : O.some({ _tag: 'Corrupt', expected, actual, size })
}

/** Verifies the digest of an open file by reading it. Throws the reason of the signal. */
export const verify = async (
  expected: O.Option<FileDigest>,
  file: ReadableFile,
  size: number,
  signal?: AbortSignal,
): Promise<O.Option<Corrupt>> => {
  if (O.isNone(expected)) return O.none
  const running = start(expected.value)
  await addFile(running, file, size, signal)
  return corruptionOf(expected.value, running, size)
}

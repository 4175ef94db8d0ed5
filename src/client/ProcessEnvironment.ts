/**
 * Reads the environment of this process. A bundle for a browser has `ProcessEnvironment.browser.ts` instead: see the table in
 * `.build/bundle.mjs`.
 */
import { readFileSync, statSync } from 'node:fs'
import { devNull, homedir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as O from 'fp-ts/lib/Option.js'
import { type Environment, make } from '../session/Environment.js'
import { messageOf } from '../values/Printable.js'

const MAX_NETRC_BYTES = 1_048_576

/** The paths to try, in order, or why they are unknown. */
const netrcPaths = (): E.Either<string, ReadonlyArray<string>> => {
  const path = process.env['NETRC']
  if (path === '' || path === devNull) return E.right([])
  if (path !== undefined && !/^~(?:\/|$)/.test(path)) return E.right([path])
  // `homedir` throws if HOME is not set and the user id has no entry in the user database, as in some containers.
  const folder = O.tryCatch(homedir)
  if (O.isNone(folder)) return E.left('the netrc file was not read: the user has no home folder; set HOME or NETRC')
  if (path !== undefined) return E.right([`${folder.value}${path.slice(1)}`])
  return E.right([join(folder.value, '.netrc'), join(folder.value, '_netrc')])
}

const decodeText = (content: Buffer): string => {
  const text = content.toString('utf8')
  return text.includes('�') ? content.toString('latin1') : text
}

/** `statSync` with `throwIfNoEntry: false` is not used: newer versions of Node also treat ENOTDIR as absent. */
const isAbsent = (cause: unknown): boolean => cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'

interface NetrcFile {
  readonly text: string
  readonly path?: string
  readonly problems: ReadonlyArray<string>
}

const readNetrc = (): NetrcFile => {
  const failed = (problem: string) => ({ text: '', problems: [problem] })
  const paths = netrcPaths()
  if (E.isLeft(paths)) return failed(paths.left)
  for (const path of paths.right) {
    try {
      const stat = statSync(path)
      if (!stat.isFile()) return failed(`netrc ${path} is not a file`)
      if (stat.size > MAX_NETRC_BYTES) return failed(`netrc ${path} is larger than 1 MiB and was not read`)
      return { text: decodeText(readFileSync(path)), path, problems: [] }
    } catch (cause) {
      if (isAbsent(cause)) continue
      return failed(`netrc ${path} cannot be read: ${messageOf(cause)}`)
    }
  }
  return { text: '', problems: [] }
}

/**
 * Reads the environment variables and the netrc file of the process: the file in NETRC, else `~/.netrc` or `~/_netrc`. An
 * empty NETRC reads no file. In Deno without the permission to read variables, the environment is empty.
 */
export const read: IO<Environment> = () => {
  try {
    const { text, path, problems } = readNetrc()
    const environment = make(process.env, text, problems)
    return path === undefined ? environment : { ...environment, netrcPath: path }
  } catch (cause) {
    return make({}, '', [`the environment was not read: ${messageOf(cause)}`])
  }
}

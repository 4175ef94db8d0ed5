/** `NodeFiles` for a runtime without a file system: each function throws, which stores and downloads return as a `Left`. */
import { NO_FILE_SYSTEM } from '../../wire/NodeModules.js'
import type * as Node from './NodeFiles.js'

const missing = (): never => {
  throw new Error(NO_FILE_SYSTEM) // `Store` turns it into StoreFailed, `PartFile.attempt` into FileFailed
}

export const createHash: typeof Node.createHash = missing
export const createHmac: typeof Node.createHmac = missing
export const randomBytes: typeof Node.randomBytes = missing
export const randomUUID: typeof Node.randomUUID = missing
export const lstat: typeof Node.lstat = missing
export const mkdir: typeof Node.mkdir = missing
export const open: typeof Node.open = missing
export const readdir: typeof Node.readdir = missing
export const readFile: typeof Node.readFile = missing
export const readlink: typeof Node.readlink = missing
export const realpath: typeof Node.realpath = missing
export const rename: typeof Node.rename = missing
export const rm: typeof Node.rm = missing
export const stat: typeof Node.stat = missing
export const hostname: typeof Node.hostname = missing
export const basename: typeof Node.basename = missing
export const dirname: typeof Node.dirname = missing
export const join: typeof Node.join = missing
export const resolve: typeof Node.resolve = missing
export const delay: typeof Node.delay = missing

/** The cast: the flags are only used to open a file, which throws. */
export const constants = {} as typeof Node.constants

/**
 * The built-in modules of Node, Deno and Bun for functions that a browser can do without. Each is `undefined` there.
 *
 * They are looked up, because an `import` would stop a bundler for browsers, even a dynamic one that is never reached.
 */
export const zlib = () => globalThis.process?.getBuiltinModule?.('node:zlib')
export const buffer = () => globalThis.process?.getBuiltinModule?.('node:buffer')
export const crypto = () => globalThis.process?.getBuiltinModule?.('node:crypto')
export const fs = () => globalThis.process?.getBuiltinModule?.('node:fs')

const versions = globalThis.process?.versions

/** Bun and Deno have the modules of Node, with differences that are named where they matter. */
export const runtime = versions?.['bun'] !== undefined ? 'Bun' : versions?.['deno'] !== undefined ? 'Deno' : 'Other'

/** The end of a message about a file, in a runtime without `fs`. */
export const NO_FILE_SYSTEM = 'this runtime has no file system'

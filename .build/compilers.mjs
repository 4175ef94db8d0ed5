// The versions of TypeScript that the tests of the package use, in addition to the one in `devDependencies`. They are not
// there too, because npm would link `tsc` to one of them. `node .build/compilers.mjs`, or the first use, installs them
// into `.cache`.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { install } from './runtime.mjs'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(root, '.cache', 'compilers')

/** 5.4 is the oldest that the declarations support; 5.9 has the JavaScript API, which 7 does not. */
const INSTALLED = { '5.4': 'npm:typescript@5.4.5', 5.9: 'npm:typescript@5.9.3' }
const aliases = Object.entries(INSTALLED).map(([version, range]) => [`typescript-${version}`, range])

/** Returns the path of `tsc` of a version: 5.4, 5.9, or 7, which the project itself uses. */
export const tsc = (version) => {
  if (version === '7') return join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  install(folder, Object.fromEntries(aliases))
  return join(folder, 'node_modules', `typescript-${version}`, 'bin', 'tsc')
}

/** Returns the JavaScript API of a version that has one. */
export const compiler = (version) =>
  createRequire(import.meta.url)(join(dirname(dirname(tsc(version))), 'lib', 'typescript.js'))

// Test files run at the same time, so the tests install the compilers before.
if (process.argv[1] === fileURLToPath(import.meta.url)) tsc('5.9')

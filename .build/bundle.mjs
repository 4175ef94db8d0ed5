// Writes the JavaScript of `dist` from the sources: see the table in `build.mjs`.
//
// rolldown is the bundler of Vite, which vitest installs anyway.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { minifySync, parseSync, transformSync } from 'rolldown/utils'
import { namespaces, replaced } from './exports.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

const ENTRY_POINTS = { 'src/index': 'src/index.ts', 'laws/index': 'laws/index.ts' }
const FP_TS = /^fp-ts\/lib\/\w+\.js$/
const TRANSFORM = { target: 'es2022', typescript: { onlyRemoveTypeImports: true } }

// --- CommonJS ----------------------------------------------------------------------------------------------------------

/** The modules that are loaded together, with all that they import. Other modules are where their entries need them. */
const GROUPS = [
  { name: 'core', test: /\/(?:node_modules\/(?:fp-ts|tough-cookie)|src\/(?:values|cookies|wire|session|stages))\// },
  { name: 'inspect', test: /\/src\/inspect\// },
  { name: 'transport', test: /\/src\/transport\// },
  { name: 'programs', test: /\/src\/(?:client|errors|program|store)\// },
]

/** Licenses require that their text is in the package. */
export const INLINED = ['fp-ts', 'tough-cookie']

/**
 * The few functions of fp-ts and of tough-cookie that the library uses cost less than the modules that contain them.
 * The CommonJS file of tough-cookie 6 also fails to load if a program has added a key to `Object.prototype`.
 */
const inlined = {
  name: 'inlined',
  resolveId: {
    filter: { id: FP_TS },
    handler: (id) => join(root, 'node_modules', id.replace('/lib/', '/es6/')),
  },
}

/** Frozen objects for `export * as`: rolldown would write a getter for each name, which a program pays with each use. */
const plainNamespaces = {
  name: 'plain-namespaces',
  transform: {
    filter: { id: /\/(?:src|laws)\/index\.ts$/ },
    handler: (code) =>
      code.replace(
        /^export \* as (\w+) from ('.+')$/gm,
        'import * as $1Module from $2\nexport const $1 = Object.freeze({ ...$1Module })',
      ),
  },
}

/**
 * Removes white space, and shortens the names inside functions. Each statement of a module stays on a line of its own, and the
 * names of the module stay: Node prints the line of an error, and stack traces can be read.
 */
const shortened = (path, source, { module }) => {
  const options = { module, compress: false, mangle: { toplevel: false }, codegen: { removeWhitespace: true } }
  const { code } = minifySync(path, source, options)
  const { program } = parseSync(path, code, { sourceType: module ? 'module' : 'script' })
  const starts = [...program.body.map(({ start }) => start), code.length]
  return starts.slice(1).reduce((text, end, i) => `${text}${code.slice(starts[i], end)}\n`, code.slice(0, starts[0]))
}

/** The same for the names that chunks export to each other. No module exports a variable, and no chunks form a cycle. */
const plainExports = {
  name: 'plain-exports',
  generateBundle(_, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue
      // The function that makes namespaces would fail if a program has added a key to `Object.prototype`.
      const code = file.code.replace('for (var name in all)', 'for (const name of Object.keys(all))')
      const plain = code.replace(
        /^Object\.defineProperty\(exports, "([\w$]+)", \{\s+enumerable: true,\s+get: function\(\) \{\s+return ([\w$.]+);\s+\}\s+\}\);$/gm,
        'exports.$1 = $2;',
      )
      file.code = shortened(file.fileName, plain, { module: false })
    }
  },
}

/** Writes CommonJS in a few files. Returns the names that each entry exports. */
export const writeCommonJs = async (folder) => {
  const entries = namespaces.map(({ name, path }) => [name, `src/${path}.ts`])
  const bundle = await rolldown({
    cwd: root,
    input: { ...ENTRY_POINTS, ...Object.fromEntries(entries), 'src/cli/Process': 'src/cli/Process.ts' },
    plugins: [inlined, plainNamespaces, plainExports],
    external: (id) => /^[a-z@]/.test(id) && !FP_TS.test(id) && !INLINED.includes(id),
    platform: 'node',
    tsconfig: false,
    transform: TRANSFORM,
    treeshake: { moduleSideEffects: false },
  })
  const { output } = await bundle.write({
    dir: folder,
    format: 'cjs',
    strict: true,
    esModule: true,
    comments: { jsdoc: false },
    // Programs whose sandbox has no `import()`, such as tests with jest, can load undici too.
    dynamicImportInCjs: false,
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    codeSplitting: { groups: GROUPS },
  })
  await bundle.close()
  return new Map(output.flatMap((file) => (file.isEntry ? [[file.name, file.exports]] : [])))
}

// --- ES modules --------------------------------------------------------------------------------------------------------

const importsIn = (code) =>
  Array.from(code.matchAll(/(?:\bfrom|\bimport\(|\bimport)"(\.[^"]+)"/g), ([, path]) => path.replace(/\.js$/, '.ts'))

const compact = (path) => {
  // A bundle that uses `fp-ts/Either` as well has these modules only once.
  const source = readFileSync(join(root, path), 'utf8').replace(/'fp-ts\/lib\/(\w+\.js)'/g, `'fp-ts/es6/$1'`)
  const { code } = transformSync(path, source, TRANSFORM)
  return shortened(path, code, { module: true })
}

/**
 * Some modules need Node. Next to each of them is one for browsers and workers, with the same exports. `imports` of package.json
 * maps one name to both, and the conditions of the bundler decide (see `exports.mjs`). This function writes these names.
 *
 * | module               | exports                                  | `.browser.ts`                                        |
 * |----------------------|------------------------------------------|------------------------------------------------------|
 * | `SystemTransport`    | the transport over undici, as the default | it refuses to send; `Transport.fetch` is the default  |
 * | `ProcessEnvironment` | reads variables and netrc                | reads the variables that a worker may have           |
 * | `NodeFiles`          | files of stores and downloads            | each throws, which becomes a `Left`                  |
 * | `Hash`               | the hash functions of Node               | those of `PortableHash`                              |
 */
const byCondition = (path, code) =>
  code.replace(/(?<=\bfrom)"(\.[^"]+)\.js"/g, (found, imported) => {
    const target = relative(root, resolve(root, dirname(path), imported)).replaceAll('\\', '/')
    const other = replaced.find((module) => module.path === target)
    return other === undefined ? found : `"${other.name}"`
  })

/** Writes one ES module for each source, so that bundlers can drop what a program does not use. */
export const writeModules = (folder) => {
  const written = new Set()
  const write = (path) => {
    if (written.has(path)) return
    written.add(path)
    const code = compact(path)
    const file = join(folder, path.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, byCondition(path, code))
    for (const imported of importsIn(code)) write(relative(root, resolve(root, dirname(path), imported)))
  }
  for (const path of Object.values(ENTRY_POINTS)) write(path)
  for (const { path } of replaced) write(`${path}.browser.ts`)
}

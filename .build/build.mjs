// Builds `dist`. Each namespace of `src/index.ts` is an entry.
//
//   cjs       CommonJS in a few files, which `require` and `import` load in Node: a program has one copy of the library,
//             and it starts faster than with many modules. With the declarations of all modules.
//   esm       one file for each entry, which exports the names of the CommonJS file as an ES module
//   modules   one ES module for each source, which bundlers choose by the condition `module`
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { INLINED, writeCommonJs, writeModules } from './bundle.mjs'
import { namespaces } from './exports.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

const write = (path, text) => {
  mkdirSync(dirname(join(dist, path)), { recursive: true })
  writeFileSync(join(dist, path), `${text}\n`)
}

rmSync(dist, { recursive: true, force: true })

// --- declarations ------------------------------------------------------------------------------------------------------

const project = ['-p', join(root, '.build', 'tsconfig.json'), '--outDir', join(dist, 'cjs'), '--emitDeclarationOnly']
const { status } = spawnSync(process.execPath, [tsc, ...project], { stdio: 'inherit' })
if (status !== 0) process.exit(status ?? 1)
write('cjs/package.json', '{ "type": "commonjs" }')

// The declarations exist once. An ES module may refer to those of CommonJS, but not the other way round.
write('esm/src/index.d.ts', `export * from '../../cjs/src/index.js'`)
for (const { name, path } of namespaces) {
  write(`cjs/${name}.d.ts`, `export * from './src/${path}.js'`)
  write(`esm/${name}.d.ts`, `export * from '../cjs/src/${path}.js'`)
}

const declarationsIn = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.d.ts'))

/** Returns a declaration file and all that it mentions. */
const reachable = (file, seen = new Set()) => {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)\.js['"]/g)) {
    reachable(`${resolve(dirname(file), path)}.d.ts`, seen)
  }
  return seen
}

/** Removes the declarations that no entry mentions. Those of the command stay: its examples are checked with them. */
const removeUnused = () => {
  const folder = join(dist, 'cjs')
  const used = new Set()
  const isEntry = (path) => /^(?:\w+|src\/cli\/\w+|\w+\/index)\.d\.ts$/.test(path)
  const files = declarationsIn(folder)
  for (const path of files.filter(isEntry)) reachable(join(folder, path), used)
  for (const path of files) if (!used.has(join(folder, path))) rmSync(join(folder, path))
}
removeUnused()

/** Indents by tabs, and removes what only the reference site needs. */
const shorten = () => {
  const folder = join(dist, 'cjs')
  for (const path of declarationsIn(folder)) {
    const text = readFileSync(join(folder, path), 'utf8')
    const tabs = text.replace(/^(?: {4})+/gm, (spaces) => '\t'.repeat(spaces.length / 4))
    writeFileSync(join(folder, path), tabs.replace(/^\t*\ \* @category .*\n/gm, ''))
  }
}
shorten()

/**
 * The laws that mention fast-check exist twice, because its types do: those of its ES module do not fit those of CommonJS. The
 * others exist once.
 */
const copyLaws = () => {
  const folder = join(dist, 'cjs', 'laws')
  const mentionsFastCheck = (file) => /\bfrom ['"]fast-check['"]/.test(readFileSync(file, 'utf8'))
  for (const path of declarationsIn(folder)) {
    const file = join(folder, path)
    const copy = join(dist, 'esm', 'laws', path)
    const code = relative(dirname(copy), file).replaceAll('\\', '/').replace(/\.d\.ts$/, '.js')
    const text = [...reachable(file)].some(mentionsFastCheck)
      ? readFileSync(file, 'utf8').replace(/(['"](?:\.\.\/)+)(?=src\/)/g, '$1../cjs/')
      : `export * from '${code}'`
    write(join('esm', 'laws', path), text.trimEnd())
  }
}
copyLaws()

// --- JavaScript --------------------------------------------------------------------------------------------------------

const names = await writeCommonJs(join(dist, 'cjs'))
for (const entry of ['src/index', 'laws/index', ...namespaces.map(({ name }) => name)]) {
  const path = relative(dirname(join(dist, 'esm', entry)), join(dist, 'cjs', entry))
  write(`esm/${entry}.js`, `export { ${names.get(entry).join(', ')} } from '${path.replaceAll('\\', '/')}.js'`)
}
writeModules(join(dist, 'modules'))

const licenseOf = (name) => readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')
write('cjs/LICENSES.txt', INLINED.map((name) => `The files contain parts of ${name}:\n\n${licenseOf(name)}`).join('\n'))

// The command is a generated file, because a source file cannot begin with `#!`.
write('cli.js', `#!/usr/bin/env node\nimport { run } from './cjs/src/cli/Process.js'\n\nawait run()`)
chmodSync(join(dist, 'cli.js'), 0o755)

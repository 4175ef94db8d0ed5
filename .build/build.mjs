// Builds `dist`: the same sources as ESM and as CommonJS, one entry for each namespace of `src/index.ts`.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { namespaces } from './exports.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')

const compile = (outDir, ...options) => {
  const project = ['-p', join(root, '.build', 'tsconfig.json'), '--outDir', outDir]
  const { status } = spawnSync(process.execPath, [tsc, ...project, ...options], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

const write = (path, text) => writeFileSync(join(dist, path), `${text}\n`)

const COMMONJS = ['--module', 'commonjs', '--moduleResolution', 'bundler', '--verbatimModuleSyntax', 'false']

rmSync(dist, { recursive: true, force: true })
// The first pass checks the types. Both module kinds have the same declarations, which keep the documentation; the
// JavaScript has no comments, so that the package stays small (`release.mjs` has the limit).
compile(join(dist, 'esm'), '--emitDeclarationOnly')
cpSync(join(dist, 'esm'), join(dist, 'cjs'), { recursive: true })
const javaScript = ['--declaration', 'false', '--removeComments', '--noCheck']
compile(join(dist, 'esm'), ...javaScript)
compile(join(dist, 'cjs'), ...javaScript, ...COMMONJS)
write('cjs/package.json', '{ "type": "commonjs" }')

// `Secret` must be one class even if a program loads the library both ways: ESM re-exports the CommonJS copy.
for (const file of ['Secret.js', 'Secret.d.ts']) {
  write(`esm/src/values/${file}`, `export * from '../../../cjs/src/values/Secret.js'`)
}

for (const { name, path } of namespaces) {
  for (const kind of ['esm', 'cjs']) write(`${kind}/${name}.d.ts`, `export * from './src/${path}.js'`)
  write(`esm/${name}.js`, `export * from './src/${path}.js'`)
  write(`cjs/${name}.js`, `module.exports = require('./src/${path}.js')`)
}

// The command is a generated file, because a source file cannot begin with `#!`.
write('cli.js', `#!/usr/bin/env node\nimport { run } from './esm/src/cli/Process.js'\n\nawait run()`)
chmodSync(join(dist, 'cli.js'), 0o755)

// Installs what only some scripts need from npm into `.cache`: other versions of Node, Bun, Deno, and large tools.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Installs packages into their own folder, unless they are installed already. They find peers in this project. */
export const install = (folder, dependencies, overrides = {}) => {
  const wanted = JSON.stringify({ private: true, dependencies, overrides }, null, 2)
  const manifest = join(folder, 'package.json')
  const done = join(folder, 'node_modules', '.installed')
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(manifest, wanted)
  const options = ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const { status } = spawnSync('npm', options, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (status !== 0) {
    console.error(`Could not install ${Object.keys(dependencies).join(', ')} into ${folder}`)
    process.exit(1)
  }
  writeFileSync(done, wanted)
}

const isWindows = process.platform === 'win32'
const isMusl = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined

/** Installs a package that has a program for this machine, and returns its path. */
const programOf = (name, version, path) => {
  const folder = join(root, '.cache', 'runtimes', `${name.replace('/', '-')}-${version}`)
  install(folder, { [name]: version })
  return join(folder, 'node_modules', name, path)
}

/** Returns the path of a Node of a version, such as `22` or `20.18.1`: this process's, or the newest that npm has. */
export const runtime = (version) => {
  if (`${process.versions.node}.`.startsWith(`${version}.`)) return process.execPath
  const name = `node-${isWindows ? 'win' : process.platform}-${process.arch}`
  return programOf(name, String(version), join('bin', isWindows ? 'node.exe' : 'node'))
}

// The packages `bun` and `deno` install these by a script, which npm may not run.

/** Returns the path of Bun. */
export const bun = () => {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch
  const name = `@oven/bun-${isWindows ? 'windows' : process.platform}-${arch}${isMusl ? '-musl' : ''}`
  return programOf(name, '1', join('bin', isWindows ? 'bun.exe' : 'bun'))
}

/** Returns the path of Deno. */
export const deno = () => {
  const name = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`
  return programOf(name, '2', isWindows ? 'deno.exe' : 'deno')
}

/** Returns the path of workerd. */
export const workerd = () => {
  const arch = process.arch === 'x64' ? '64' : process.arch
  const platform = isWindows ? 'windows' : process.platform
  return programOf(`@cloudflare/workerd-${platform}-${arch}`, '1', join('bin', isWindows ? 'workerd.exe' : 'workerd'))
}

// Installs what only some scripts need from npm into `.cache`: other major versions of Node, and large tools.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Installs packages into their own folder, unless they are installed already. They find peers in this project. */
export const install = (folder, dependencies) => {
  const wanted = JSON.stringify({ private: true, dependencies }, null, 2)
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

/** Returns the path of a Node of a major version: this process's, or the newest that npm has for this machine. */
export const runtime = (major) => {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const folder = join(root, '.cache', 'runtimes', String(major))
  install(folder, { [name]: String(major) })
  return join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

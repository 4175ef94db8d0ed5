// Fetches what only some runs need into `.cache`, from the npm registry: other lines of Node, and tools too large for everyone.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Installs packages into a folder of their own, unless they are there; peers are those of the project around it. */
export const install = (place, dependencies) => {
  const wanted = JSON.stringify({ private: true, dependencies }, null, 2)
  const manifest = join(place, 'package.json')
  const done = join(place, 'node_modules', '.installed')
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return
  mkdirSync(place, { recursive: true })
  writeFileSync(manifest, wanted)
  const options = ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const { status } = spawnSync('npm', options, { cwd: place, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) {
    console.error(`Could not install ${Object.keys(dependencies).join(', ')} into ${place}`)
    process.exit(1)
  }
  writeFileSync(done, wanted)
}

/** The path of the newest Node of a line: this one where it fits, else the one that npm offers for this machine. */
export const runtime = (line) => {
  if (process.versions.node.startsWith(`${line}.`)) return process.execPath
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const place = join(root, '.cache', 'runtimes', String(line))
  install(place, { [name]: String(line) })
  return join(place, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
}

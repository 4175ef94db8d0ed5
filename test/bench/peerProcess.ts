/** Installs the other clients into `.cache/peers`, and runs each client in a process of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

/** The name of a client in `clients.ts` or in `python_clients.py`. */
export type Peer = { readonly kind: 'node'; readonly name: string } | { readonly kind: 'python'; readonly name: string }

const folder = join(process.cwd(), '.cache', 'peers')

/** Installs npm packages, unless they are installed already. */
export const install = (dependencies: Readonly<Record<string, string>>): void => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'load.mjs'), 'export const load = (name) => import(name)\n')
  const wanted = JSON.stringify({ private: true, dependencies })
  const done = join(folder, '.installed')
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return
  writeFileSync(join(folder, 'package.json'), wanted)
  const options = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: 'inherit' })
  writeFileSync(done, wanted)
}

/** Returns the version that `install` installed. */
export const versionInNode = (name: string): string =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version

/** Installs Python packages into an environment of their own. Without network or Python, nothing is installed. */
export const installPython = (packages: ReadonlyArray<string>): void => {
  const environment = join(folder, 'python')
  if (existsSync(environment)) return
  try {
    execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' })
    execFileSync(join(environment, 'bin', 'pip'), ['install', '--quiet', ...packages], { stdio: 'inherit' })
  } catch {
    console.error(`Could not install ${packages.join(' and ')} for Python into ${environment}`)
  }
}

/** Prefers the environment of `installPython`, then Debian's Python, which has `python3-requests` and `python3-httpx`. */
const PYTHONS = [join(folder, 'python', 'bin', 'python3'), '/usr/bin/python3', 'python3']

const inPython = (name: string): { readonly command: string; readonly version: string } | undefined => {
  for (const command of PYTHONS) {
    try {
      const args = ['-c', `import ${name}; print(${name}.__version__)`]
      return { command, version: execFileSync(command, args, { stdio: 'pipe', encoding: 'utf8' }).trim() }
    } catch {
      // This Python does not exist or does not have the package.
    }
  }
  return undefined
}

/** Returns the version of a Python package, if it is installed. */
export const versionInPython = (name: string): string | undefined => inPython(name)?.version

export interface Worker {
  /** Sends some GETs and returns the microseconds of CPU for one. */
  readonly cost: (concurrency: number, times: number) => Promise<number>
  readonly stop: () => void
}

const Answer = t.type({ cpu: t.number })

const worker = (name: string, child: ChildProcess): Worker => {
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error(`${name} has no pipes`)
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return {
    cost: async (concurrency, times) => {
      stdin.write(`${JSON.stringify({ concurrency, times })}\n`)
      const { value } = await lines.next()
      const answer = Answer.decode(JSON.parse(value ?? 'null'))
      if (E.isLeft(answer)) throw new Error(`${name} ended without an answer`)
      return answer.right.cpu
    },
    stop: () => child.kill(),
  }
}

/** Starts the process of a client. */
export const start = ({ kind, name }: Peer, url: string): Worker => {
  const stdio = ['pipe', 'pipe', 'inherit'] as const
  if (kind === 'node') {
    const clients = fileURLToPath(new URL('clients.js', import.meta.url))
    return worker(name, spawn(process.execPath, [clients, name, url], { stdio: [...stdio] }))
  }
  // The build copies only TypeScript, so the Python program is run from the source folder.
  const program = join(process.cwd(), 'test', 'bench', 'python_clients.py')
  return worker(name, spawn(inPython(name)?.command ?? 'python3', [program, name, url], { stdio: [...stdio] }))
}

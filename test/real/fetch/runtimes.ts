/** Bundles the probes for a runtime, and runs them there. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type { Browser } from 'playwright-core'
import { browserModules } from '../browserModules.js'
import type { Findings } from './probes.js'
import type { Servers } from './server.js'
import type { Column, Runtime } from './table.js'

const run = promisify(execFile)
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The programs that `.build/fetch.mjs` has installed. */
interface Programs {
  readonly deno: string
  readonly bun: string
  readonly miniflare: string
}

const programs = (): Programs =>
  JSON.parse(execFileSync(process.execPath, [at('../../../.build/fetch.mjs'), 'programs'], { encoding: 'utf8' }))

/** Bundles a script that imports the probes. It must not import from Node. */
export const bundle = async (contents: string, format: 'esm' | 'iife'): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: at('.'), loader: 'ts' },
    alias: { 'fp-ts/lib': 'fp-ts/es6' },
    bundle: true,
    format,
    ...(format === 'iife' ? { globalName: 'requestsTs' } : {}),
    platform: 'browser',
    plugins: [browserModules],
    target: 'es2022',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

const VERSION = {
  Node: 'process.versions.node',
  Deno: 'Deno.version.deno',
  Bun: 'Bun.version',
} as const

const inProcess = async (
  runtime: keyof typeof VERSION,
  command: ReadonlyArray<string>,
  { origins }: Servers,
): Promise<Column> => {
  const folder = mkdtempSync(join(tmpdir(), 'fetch-probes-'))
  try {
    const script = `
      import { findings } from './probes.js'
      const found = await findings(${JSON.stringify(origins)})
      console.log(JSON.stringify({ version: ${VERSION[runtime]}, found }))`
    const file = join(folder, 'probes.mjs')
    writeFileSync(file, await bundle(script, 'esm'))
    const [program = '', ...args] = [...command, file]
    const { stdout } = await run(program, args, { timeout: 120_000, maxBuffer: 2 ** 24 })
    const { version, found }: { readonly version: string; readonly found: Findings } = JSON.parse(
      stdout.trim().split('\n').at(-1) ?? '',
    )
    return { runtime, version, found }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const inChromium = async (browser: Browser, { origins, page: url }: Servers): Promise<Column> => {
  const page = await browser.newPage()
  try {
    await page.goto(url)
    await page.addScriptTag({ content: await bundle(`export * from './probes.js'`, 'iife') })
    const found: Findings = await page.evaluate(`requestsTs.findings(${JSON.stringify(origins)})`)
    return { runtime: 'Chromium', version: browser.version(), found }
  } finally {
    await page.close()
  }
}

/** Runs a Worker of its own process, through miniflare. */
const inWorkerd = async ({ origins }: Servers): Promise<Column> => {
  const folder = mkdtempSync(join(tmpdir(), 'fetch-probes-'))
  try {
    const script = `
      import { findings } from './probes.js'
      export default { fetch: async () => Response.json(await findings(${JSON.stringify(origins)})) }`
    const worker = join(folder, 'worker.mjs')
    writeFileSync(worker, await bundle(script, 'esm'))
    const runner = [at('../../../.build/fetch.mjs'), 'workerd', worker]
    const { stdout } = await run(process.execPath, runner, { timeout: 120_000, maxBuffer: 2 ** 24 })
    const { version, found }: { readonly version: string; readonly found: Findings } = JSON.parse(
      stdout.trim().split('\n').at(-1) ?? '',
    )
    return { runtime: 'workerd', version, found }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Runs the probes in a runtime. */
export const probe = (runtime: Runtime, servers: Servers, browser: Browser): Promise<Column> => {
  switch (runtime) {
    case 'Node':
      return inProcess('Node', [process.execPath], servers)
    case 'Deno':
      return inProcess('Deno', [programs().deno, 'run', '--allow-net', '--no-config', '--no-lock'], servers)
    case 'Bun':
      return inProcess('Bun', [programs().bun, 'run'], servers)
    case 'Chromium':
      return inChromium(browser, servers)
    case 'workerd':
      return inWorkerd(servers)
  }
}

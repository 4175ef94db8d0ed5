import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { describe, expect, it } from 'vitest'

// What a bundler for browsers makes of the sources. It stops at an import of Node.

const root = fileURLToPath(new URL('..', import.meta.url))

/** The goal is 130 kB. The limit is lower, so that a library that enters the bundle is noticed. */
const MAX_BYTES = 85_000

interface Bundle {
  readonly text: string
  readonly size: number
  /** The modules that contribute to the output. */
  readonly modules: ReadonlyArray<string>
}

const modulesOf = ({ outputs }: Metafile): ReadonlyArray<string> =>
  Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput === 0 ? [] : [path])),
  )

const bundle = async (source: string): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    alias: { 'fp-ts/lib': 'fp-ts/es6' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const [{ text = '', contents = new Uint8Array() } = {}] = outputFiles
  return { text, size: contents.length, modules: modulesOf(metafile) }
}

const PLANNING = `
  import { pipe } from 'fp-ts/lib/function.js'
  import * as Plan from './src/Plan.js'
  import * as Request from './src/Request.js'
  import * as Session from './src/session/Session.js'
  const session = pipe(Session.defaults, Session.withBearer('token'))
  globalThis.planned = pipe(Request.post('https://example.com/'), Request.withJson({ a: 1 }), Plan.plan({ session }))
`

const SENDING = `
  import { fetch } from './src/transport/fetch/FetchTransport.js'
  import { send } from './src/stages/Send.js'
  globalThis.sender = { transport: fetch(), send }
`

/** The public namespaces that `test/layers.test.ts` finds pure, all of each. */
const SYSTEM = new Set(['Client', 'Environment', 'Http', 'Store', 'Stream', 'Transport'])
const EVERYTHING = Array.from(
  readFileSync(`${root}/src/index.ts`, 'utf8').matchAll(/^export \* as (\w+) from '(.+)'$/gm),
  ([, name = '', path = '']) => (SYSTEM.has(name) ? '' : `export * as ${name} from './src/${path.slice(2)}'`),
).join('\n')

describe('a bundle for browsers', () => {
  it('of Plan, Request and Session is small and has no public suffix list', async () => {
    const { text, size, modules } = await bundle(PLANNING)
    expect(text).not.toMatch(/(?:from|import|require)\s*\(?["'`]node:/)
    expect(modules).toContain('src/stages/Prepare.ts')
    expect(modules.filter((path) => /tldts|tough-cookie|io-ts/.test(path))).toEqual([])
    expect(size).toBeLessThan(MAX_BYTES)
  })
  it('of Transport.fetch imports nothing from Node and has no undici', async () => {
    const { text, size, modules } = await bundle(SENDING)
    expect(text).not.toMatch(/(?:from|import|require)\s*\(?["'`]node:|\bBuffer\b/)
    expect(modules).toContain('src/transport/fetch/FetchAttempt.ts')
    expect(modules.filter((path) => /node_modules\/(?:undici|socks)\b/.test(path))).toEqual([])
    expect(size).toBeLessThan(MAX_BYTES)
  })
  it('is possible for every pure namespace', async () => {
    const { modules } = await bundle(EVERYTHING)
    expect(modules).toContain('src/inspect/Har.ts')
  })
})

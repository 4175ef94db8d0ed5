import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile, type Plugin } from 'esbuild'
import { describe, expect, it } from 'vitest'

// What a bundler for browsers makes of the sources. It stops at an import of Node. `test/package.test.ts` bundles the package.

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * The goal is 130 kB. The limit is lower, so that a library that enters the bundle is noticed. Idempotency keys and compression take
 * 4 kB, checking certificates 1 kB.
 */
const MAX_BYTES = 90_000

/**
 * With a client. 134 kB of it is the public suffix list, which the jar needs for the first Set-Cookie. Signers and tokens
 * of `Auth` take 13 kB: a client has to run them for any session. Sharing a jar and recording an exchange take
 * 5 kB, without the stores and logs. Problem details and their redaction take 6 kB: `Http.ok` repeats them.
 */
const MAX_CLIENT_BYTES = 366_000

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

/** Chooses the module for browsers, as `imports` of package.json does in the package. */
const browserModules: Plugin = {
  name: 'browser-modules',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path.replace(/\.js$/, '.browser.ts'))
      return existsSync(file) ? { path: file } : undefined
    })
  },
}

const bundle = async (source: string): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    alias: { 'fp-ts/lib': 'fp-ts/es6' },
    plugins: [browserModules],
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

const FETCHING = `
  import { fetch } from './src/transport/fetch/FetchTransport.js'
  import { send } from './src/stages/Send.js'
  globalThis.sender = { transport: fetch(), send }
`

const SENDING = `
  import * as Client from './src/Client.js'
  import * as Http from './src/Http.js'
  globalThis.page = Client.run(Http.get('https://example.com/'))
`

/** Imports of Node, and a global that only Node has. */
const NODE_ONLY = /(?:from|import|require)\s*\(?["'`]node:|\bBuffer\b/

describe('a bundle for browsers', () => {
  it('of Plan, Request and Session is small and has no public suffix list', async () => {
    const { text, size, modules } = await bundle(PLANNING)
    expect(text).not.toMatch(NODE_ONLY)
    expect(modules).toContain('src/stages/Prepare.ts')
    expect(modules.filter((path) => /tldts|tough-cookie|io-ts/.test(path))).toEqual([])
    expect(size).toBeLessThan(MAX_BYTES)
  })
  it('of Transport.fetch imports nothing from Node and has no undici', async () => {
    const { text, size, modules } = await bundle(FETCHING)
    expect(text).not.toMatch(NODE_ONLY)
    expect(modules).toContain('src/transport/fetch/FetchAttempt.ts')
    expect(modules.filter((path) => /node_modules\/(?:undici|socks)\b/.test(path))).toEqual([])
    expect(size).toBeLessThan(MAX_BYTES)
  })
  it('of Client and Http sends with Transport.fetch', async () => {
    const { text, size, modules } = await bundle(SENDING)
    expect(text).not.toMatch(NODE_ONLY)
    expect(modules).toContain('src/transport/fetch/FetchAttempt.ts')
    expect(modules.filter((path) => /Undici|download|src\/Store|SharedLimit/.test(path))).toEqual([])
    expect(size).toBeLessThan(MAX_CLIENT_BYTES)
  })
  it('is possible for every namespace', async () => {
    const { text, modules } = await bundle(`export * from './src/index.js'`)
    expect(text).not.toMatch(NODE_ONLY)
    expect(modules).toEqual(expect.arrayContaining(['src/inspect/Har.ts', 'src/Store.ts', 'src/Stream.ts']))
  })
})

/**
 * Runs the pure part in Chromium, on a page that is not a secure context, and compares its results with those of Node. Another
 * page sends by `Transport.fetch`.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { browserModules } from '../browserModules.js'
import { launch } from '../chromium.js'
import { openServers, type Servers } from '../fetch/server.js'
import { facts } from './page.js'

/** The script of a page: it defines one global with the functions of a module. */
const script = async (module = 'page.ts'): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(module, import.meta.url))],
    alias: { 'fp-ts/lib': 'fp-ts/es6' },
    bundle: true,
    format: 'iife',
    globalName: 'requestsTs',
    platform: 'browser',
    plugins: [browserModules],
    target: 'es2022',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

/** Results as JSON, because a page returns nothing else. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('Chromium', () => {
  let browser: Browser | undefined
  let page: Page | undefined
  const problems: string[] = []

  const run = async (expression: string): Promise<unknown> =>
    page?.evaluate(`(async () => JSON.parse(JSON.stringify(await requestsTs.${expression})))()`)

  beforeAll(async () => {
    browser = await launch()
    page = await browser.newPage()
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => problems.push(message.text()))
    page.on('request', (request) => problems.push(`sent ${request.url()}`))
    await page.addScriptTag({ content: await script() })
  })
  afterAll(() => browser?.close())

  it('is a page without Node and without a secure context', async () => {
    const missing = 'typeof Buffer + typeof process + typeof crypto.randomUUID + isSecureContext'
    expect(await page?.evaluate(missing)).toBe('undefinedundefinedundefinedfalse')
  })
  it('plans, simulates, keeps cookies and retries as Node does', async () => {
    const found = await run('facts()')
    expect(found).toMatchObject({ simulated: { outcome: { _tag: 'Right', right: [200, 'é€'] }, cookie: 'sid=1' } })
    expect(found).toEqual(asJson(await facts()))
  })
  it('reports what it cannot do', async () => {
    expect(await run('limits()')).toEqual({
      gzip: {
        _tag: 'Left',
        left: ['DecodingFailed', expect.stringContaining('this runtime has no decoder for gzip')],
      },
      file: { _tag: 'Left', left: expect.stringContaining('this runtime has no file system') },
      seed: true,
    })
  })
  it('satisfies the laws', { timeout: 120_000 }, async () => {
    expect(await run('laws(100)')).toEqual({ tested: expect.toSatisfy((n: number) => n > 40), reports: [] })
  })
  it('logs nothing and sends nothing', () => expect(problems).toEqual([]))
})

describe('Chromium, over fetch', () => {
  let browser: Browser | undefined
  let servers: Servers | undefined

  beforeAll(async () => {
    servers = await openServers()
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await servers?.close()
  })

  const runInWorker = (code: string, origin: string): string => {
    const run = `${code}; requestsTs.sending(${JSON.stringify(origin)}).then((found) => postMessage(found))`
    return `new Promise((resolve, reject) => {
      const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(run)}])))
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message))
    })`
  }

  it.each(['page', 'worker'])('sends from a %s to another origin, and refuses what it hides', async (where) => {
    if (servers === undefined) throw new Error('the servers did not start')
    const { echo } = servers.origins
    const code = await script('sending.ts')
    const page = await browser?.newPage()
    await page?.goto(servers.page)
    if (where === 'page') await page?.addScriptTag({ content: code })
    const inPage = `requestsTs.sending(${JSON.stringify(echo)})`
    const found = await page?.evaluate(where === 'page' ? inPage : runInWorker(code, echo))
    const form = /"method":"POST".*Bearer token.*"length":8/
    expect(found).toEqual({
      capabilities: { redirects: 'Hidden', cookies: 'Browser', requestStreams: 'Https' },
      form: { status: 200, body: expect.stringMatching(form), finalUrl: undefined },
      redirect: { _tag: 'Unsupported', unsupported: ['redirect'], unsent: false },
      followed: { status: 200, body: expect.stringMatching(/"method":"GET"/), finalUrl: `${echo}/seen` },
      cookie: { _tag: 'Unsupported', unsupported: ['cookie'], unsent: true },
      refused: true,
      aborted: { _tag: 'Aborted', unsupported: [], unsent: false },
      stream: expect.toSatisfy((size: number) => size > 2_000),
    })
    const ended = ['/silent?aborted', '/endless?stream']
    await vi.waitFor(() => expect(servers?.abandoned).toEqual(expect.arrayContaining(ended)))
  })
})

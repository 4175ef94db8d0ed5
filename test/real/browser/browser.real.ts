/** Runs the pure part in Chromium, on a page that is not a secure context, and compares its results with those of Node. */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { facts } from './page.js'

/** The script of the page: it defines one global with the functions of `page.ts`. */
const script = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    alias: { 'fp-ts/lib': 'fp-ts/es6' },
    bundle: true,
    format: 'iife',
    globalName: 'requestsTs',
    platform: 'browser',
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
    browser = await chromium.launch({
      executablePath: process.env['REAL_BROWSER'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    })
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

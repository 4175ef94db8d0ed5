/** Bundles a program that imports the built package, and runs it in Chromium against a server on loopback. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch } from '../chromium.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const modules = mkdtempSync(join(tmpdir(), 'requests-ts-page-'))

const script = async (): Promise<string> => {
  mkdirSync(modules, { recursive: true })
  symlinkSync(root, join(modules, 'requests-ts'), 'junction')
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('program.ts', import.meta.url))],
    // The package that `npm run build` wrote, not the sources that tsconfig.json names.
    tsconfigRaw: {},
    nodePaths: [modules],
    bundle: true,
    format: 'iife',
    globalName: 'program',
    platform: 'browser',
    target: 'es2022',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

const serve =
  (code: string): RequestListener =>
  async (request, response) => {
    switch (request.url) {
      case '/':
        return response.setHeader('Content-Type', 'text/html').end(`<meta charset="utf-8"><script>${code}</script>`)
      case '/hello':
        return response.end('hello')
      case '/lines':
        return response.end('one\ntwo\n')
      case '/events': {
        // The second connection continues after the last event; the third one is told that there is no more.
        const after = Number(request.headers['last-event-id'] ?? 0)
        if (after === 2) return response.writeHead(204).end()
        response.setHeader('Content-Type', 'text/event-stream')
        return response.end(`id: ${after + 1}\ndata: word ${after + 1}\n\n`)
      }
      case '/list':
        return response.setHeader('Link', '</last>; rel="next"').end('1')
      case '/last':
        return response.end('2')
      case '/problem':
        return response
          .writeHead(409, { 'Content-Type': 'application/problem+json' })
          .end('{"title":"Out of stock","detail":"No more tea"}')
      case '/echo':
        return request.pipe(response)
      case '/silent':
        return
      default:
        return response.writeHead(404).end()
    }
  }

describe('a page that imports requests-ts', () => {
  let browser: Browser | undefined
  let page: Page | undefined
  let server: Server | undefined
  const run = (call: string): Promise<unknown> | undefined => page?.evaluate(`program.${call}`)

  beforeAll(async () => {
    server = createServer(serve((await script()).replaceAll('</script', '<\\/script')))
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', () => resolve()))
    const address = server.address()
    browser = await launch()
    page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`)
  })
  afterAll(async () => {
    await browser?.close()
    server?.closeAllConnections()
    server?.close()
    rmSync(modules, { recursive: true })
  })

  it('sends with the fetch of the browser', async () => {
    expect(await run('sends()')).toEqual({
      get: ['Right', 'hello'],
      post: ['Right', '{"a":"ü"}'],
      status: ['StatusError', expect.stringContaining('404')],
      deadline: ['DeadlineExceeded', expect.stringContaining('100 ms')],
      lines: ['Right', ['one', 'two']],
      shared: ['Right', ['hello', 'hello']],
    })
  })
  it('reads events again after the last one, pages, schemas and problems', async () => {
    expect(await run('reads()')).toEqual({
      events: ['Right', ['1: word 1', '2: word 2']],
      pages: ['Right', [1, 2]],
      template: ['Right', '/echo?q=%C3%BC%26'],
      schema: ['Right', { a: 1 }],
      problem: ['StatusError', expect.stringContaining('Out of stock')],
      compressed: ['InvalidSettings', expect.stringContaining('CompressionStream')],
    })
  })
  it('reports each thing that a page cannot do', async () => {
    const noFiles = expect.stringContaining('this runtime has no file system')
    expect(await run('refuses()')).toEqual({
      undici: ['Unsupported', expect.stringContaining('sockets')],
      planned: ['Unsupported', expect.stringContaining('sockets')],
      download: ['FileFailed', noFiles],
      load: ['StoreFailed', noFiles],
      save: ['StoreFailed', noFiles],
      file: ['FileFailed', noFiles],
      upload: ['Unsupported', expect.any(String)],
    })
  })
  it('reads no environment', async () => expect(await run('environment()')).toEqual([]))
})

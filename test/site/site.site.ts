import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documented, type Project, typesWithUndocumentedFields, undocumented } from './comments.js'
import { SELF_EXPLANATORY } from './selfExplanatory.js'

// The API reference site, as `npm run docs` builds it: its links, its doc comments, and its pages in a browser.

const root = fileURLToPath(new URL('../..', import.meta.url))
const site = join(root, '.cache', 'site')

const read = (path: string): string => readFileSync(join(site, path), 'utf8')

const pages = (): ReadonlyArray<string> =>
  readdirSync(site, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.html'))
    .map((path) => path.split('\\').join('/'))

let output = ''

beforeAll(() => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, '.build/docs/build.mjs')], {
    encoding: 'utf8',
  })
  output = `${status}: ${stdout}${stderr}`
})

describe('the site', () => {
  it('is built without a warning', () => {
    expect(output).toMatch(/^0: /)
    expect(output).not.toMatch(/warning/i)
  })
  it('has a page for each namespace and each guide', () => {
    const index = readFileSync(join(root, 'src', 'index.ts'), 'utf8')
    const names = [...index.matchAll(/(\/\*\*.*@deprecated.*\n)?^export \* as (\w+) /gm)].flatMap(([, old, name]) =>
      old === undefined ? [`requests-ts/${name}.html`] : [],
    )
    expect(names.length).toBeGreaterThan(40)
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const linked = [...readme.matchAll(/\]\(\S*?(\w+)\/README\.md\)/g)].map(([, name]) => name)
    expect(linked.length).toBeGreaterThan(15)
    const guides = [...linked, 'changelog'].map((name) => `guides/${name}.html`)
    expect(pages()).toEqual(expect.arrayContaining([...names, ...guides, 'index.html']))
  })
  it('describes a namespace with the comment at the head of its module', () => {
    const page = read('requests-ts/Lint.html')
    expect(page).toContain('a password is sent unencrypted to a proxy</td>')
    expect(page).toMatch(/<h4[^>]*>Example/)
  })
})

// --- links ---------------------------------------------------------------------------------------------------------

const decodeEntities = (text: string): string => text.replaceAll('&amp;', '&').replaceAll('&quot;', '"')

const linksOf = (html: string): ReadonlyArray<string> =>
  [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, link = '']) => decodeEntities(link))

const idsOf = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id = '']) => decodeEntities(id)))

describe('links', () => {
  it('lead to a page and an element that exist', () => {
    const ids = new Map(pages().map((page) => [page, idsOf(read(page))]))
    const problemOf = (from: string, link: string): string | undefined => {
      const [path = '', anchor = ''] = link.split('#', 2).map(decodeURIComponent)
      const target = path === '' ? from : posix.join(dirname(from), path)
      if (!existsSync(join(site, target))) return `${from}: ${link}`
      return anchor !== '' && ids.get(target)?.has(anchor) === false ? `${from}: ${link}` : undefined
    }
    const internal = pages().flatMap((page) =>
      linksOf(read(page))
        .filter((link) => !/^[a-z]+:/.test(link))
        .map((link) => ({ page, link })),
    )
    expect(internal.length).toBeGreaterThan(2_000)
    expect(new Set(internal.flatMap(({ page, link }) => problemOf(page, link) ?? []))).toEqual(new Set())
  })
  it('to the repository lead to files that exist', () => {
    const paths = pages().flatMap((page) =>
      linksOf(read(page)).flatMap((link) => /\/(?:blob|tree)\/main\/([^#]+)/.exec(link)?.[1] ?? []),
    )
    expect(paths.length).toBeGreaterThan(500)
    expect(new Set(paths.filter((path) => !existsSync(join(root, path))))).toEqual(new Set())
  })
})

// --- doc comments ----------------------------------------------------------------------------------------------------

describe('doc comments', () => {
  const project = (): Project => JSON.parse(readFileSync(join(root, '.cache', 'site.json'), 'utf8'))

  it('exist for every public export', () => {
    const { exports, fields } = documented(project())
    console.log(`doc comments: ${exports.with} of ${exports.all} exports, ${fields.with} of ${fields.all} fields`)
    expect(exports.all).toBeGreaterThan(1_000)
    expect(undocumented(project())).toEqual([])
  })
  it('exist for every field of a type that is not listed', () => {
    expect(typesWithUndocumentedFields(project())).toEqual(SELF_EXPLANATORY)
  })
})

// --- in a browser ----------------------------------------------------------------------------------------------------

const executable = process.env['SITE_BROWSER'] ?? ''
if (executable === '') console.log('SKIPPED: the tests of the site in a browser, because Chromium is not installed')

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

const PAGES = [
  'index.html',
  'modules.html',
  'requests-ts.html',
  'requests-ts/Http.html',
  'requests-ts/Session.html',
  'requests-ts/Plan.html',
  'requests-ts/laws.html',
  'requests-ts/laws/RuleSet.html',
  'guides/src.html',
  'guides/conformance.html',
]

describe.skipIf(executable === '')('in a browser', () => {
  let server: Server
  let browser: Browser
  let origin = ''

  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = join(site, decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname))
      if (!path.startsWith(site) || !existsSync(path)) return response.writeHead(404).end()
      return response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'text/plain' }).end(readFileSync(path))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // `listen` with a port gives an address with a port.
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  it.each([
    ['a desktop', 1280, 800],
    ['a phone', 390, 844],
  ])('ten pages load without an error, and fit on %s', async (_, width, height) => {
    const page = await browser.newPage({ viewport: { width, height } })
    const problems: Array<string> = []
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${page.url()}: ${message.text()}`)
    })
    page.on('pageerror', (error) => problems.push(`${page.url()}: ${error.message}`))
    for (const path of PAGES) {
      const reply = await page.goto(`${origin}/${path}`)
      if (reply?.status() !== 200) problems.push(`${path}: status ${reply?.status()}`)
      const content: number = await page.evaluate('document.documentElement.scrollWidth')
      if (content > width) problems.push(`${path}: ${content} pixels wide`)
    }
    await page.close()
    expect(problems).toEqual([])
  })

  it.each([
    ['withBasicAuth', 'requests-ts/Request.html#withbasicauth'],
    ['fromCurl', 'requests-ts/Request.html#fromcurl'],
    ['TooManyRedirects', 'requests-ts/Redirect.html#toomanyredirects'],
  ])('the search finds %s', async (name, address) => {
    const page = await browser.newPage()
    await page.goto(`${origin}/index.html`)
    await page.click('#tsd-search-trigger')
    await page.fill('#tsd-search-input', name)
    const results = page.locator('#tsd-search-results a')
    await results.first().waitFor()
    const links = await results.evaluateAll((found) => found.map(String))
    await page.close()
    expect(links).toContain(`${origin}/${address}`)
  })
})

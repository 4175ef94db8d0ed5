/** Runs `Transport.fetch` in all runtimes, and compares the tables of the guide with what they do. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch } from '../chromium.js'
import { probe } from './runtimes.js'
import { openServers, type Servers } from './server.js'
import { type Column, RUNTIMES, replace, tables } from './table.js'

const guide = fileURLToPath(new URL('../../../src/transport/fetch/README.md', import.meta.url))

const withoutVersions = (page: string): string => page.replace(/^Found by .*$/m, '')

describe('Transport.fetch', () => {
  let servers: Servers | undefined
  let browser: Browser | undefined
  const columns: Column[] = []

  beforeAll(async () => {
    servers = await openServers()
    browser = await launch()
  })
  afterAll(async () => {
    await browser?.close()
    await servers?.close()
  })

  it.each(RUNTIMES)(
    'in %s refuses what its fetch does not send, and nothing else',
    async (runtime) => {
      if (servers === undefined || browser === undefined) throw new Error('the servers did not start')
      const column = await probe(runtime, servers, browser)
      columns.push(column)
      expect(Object.entries(column.found).filter(([, cell]) => cell.includes('WRONGLY'))).toEqual([])
    },
    180_000,
  )

  it('is described by the tables of the guide', () => {
    const page = readFileSync(guide, 'utf8')
    const written = replace(page, tables(columns))
    if (process.env['FETCH_TABLES'] === 'write') writeFileSync(guide, written)
    else expect(withoutVersions(page)).toBe(withoutVersions(written))
  })
})

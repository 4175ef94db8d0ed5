import { describe, expect, it } from 'vitest'
import type { Measured } from './measure.js'
import * as Table from './peerTable.js'

const exactly = (value: number): Measured => ({
  estimate: { median: value, low: value - 0.1, high: value + 0.1 },
  control: { median: 1, low: 0.98, high: 1.02 },
  costs: { base: 40, candidate: 40 * value, unit: 'us' },
  repeats: 0,
})

const rows: ReadonlyArray<Table.Row> = [
  { title: 'fetch', version: '', figures: [exactly(2), exactly(2.56)] },
  { title: 'got', version: '15.1.0', figures: [exactly(3), { ...exactly(4), repeats: 2 }] },
]
const setting: Table.Setting = { concurrencies: [1, 64], machine: '2 processors', node: '24.1.0', date: '2026-11-29' }

describe('tables of clients', () => {
  it('have one column for each client in the summary', () => {
    expect(Table.summary(rows, setting).split('\n').slice(2)).toEqual([
      '| CPU, requests-ts = 1 | fetch | got 15.1.0 |',
      '|---|---|---|',
      '| 1 at a time | 2.0 | 3.0 |',
      '| 64 at once | 2.6 | 4.0 |',
    ])
  })
  it('name intervals, costs and controls in the details', () => {
    expect(Table.complete(rows, setting).split('\n').at(-1)).toBe(
      '| got 15.1.0 | 3.00 [2.90..3.10] | 120 / 40 µs | 1.00 | 4.00 [3.90..4.10] | 160 / 40 µs | 1.00 (repeated 2×) |',
    )
  })
  it('replace only the text between the mark and the next heading', () => {
    const page = '# A\n\n<!-- npm run bench:peers writes what follows -->\nold\n\n## B\n\nkept\n'
    const once = Table.replace(page, 'new')
    expect(once).toBe('# A\n\n<!-- npm run bench:peers writes what follows -->\nnew\n\n## B\n\nkept\n')
    expect(Table.replace(once, 'new')).toBe(once)
    expect(Table.replace(Table.replace(page.split('## B')[0] ?? '', 'new'), 'newer')).toMatch(/-->\nnewer\n$/)
  })
  it('are not written into a page without the mark', () => {
    expect(() => Table.replace('# A\n', 'new')).toThrow('has no line')
  })
})

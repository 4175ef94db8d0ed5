import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// The public names and types, one file for each namespace in `test/types/surface`. After an intended change, update them
// with `npx vitest run --config test/vitest.config.ts test/surface.test.ts -u` and read the diff.

interface Surface {
  readonly reports: Readonly<Record<string, string>>
  readonly unnamed: ReadonlyArray<string>
  readonly imports: Readonly<Record<string, ReadonlyArray<string>>>
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const { reports, unnamed, imports }: Surface = JSON.parse(
  execFileSync(process.execPath, [at('../.build/surface.mjs')], { encoding: 'utf8', maxBuffer: 2 ** 26 }),
)

describe('the public API', () => {
  it.each(Object.keys(reports))('of %s is the one that was reviewed', async (name) => {
    await expect(reports[name]).toMatchFileSnapshot(at(`types/surface/${name}.txt`))
  })
  it('has no report of a namespace that does not exist', () => {
    const files = readdirSync(at('types/surface')).map((file) => file.replace(/\.txt$/, ''))
    expect(files.sort()).toEqual(Object.keys(reports).sort())
  })
  it('uses only types that a public namespace exports', () => {
    expect(unnamed).toEqual([])
  })
  it.each([
    ['requests-ts', /^(?:fp-ts\/lib\/\w+\.js|io-ts)$/],
    ['requests-ts/laws', /^(?:fp-ts\/lib\/\w+\.js|io-ts|fast-check)$/],
  ])('of %s reaches no types of undici, tough-cookie or Node, which take seconds to check', (entryPoint, allowed) => {
    expect(imports[entryPoint]?.length).toBeGreaterThan(5)
    expect(imports[entryPoint]?.filter((name) => !allowed.test(name))).toEqual([])
  })
})

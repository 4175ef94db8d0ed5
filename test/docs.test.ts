import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'

// Every TypeScript block of the README and every @example compiles against the built package, and runs.

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, '.cache', 'docs')

interface Example {
  readonly name: string
  readonly code: string
}

const readmeBlocks = (): ReadonlyArray<Example> =>
  [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ''], i) => ({
    name: `README-${i + 1}`,
    code,
  }))

const examplesOf = (path: string): ReadonlyArray<Example> => {
  const comments = readFileSync(path, 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? []
  return comments.flatMap((comment, i) => {
    const [, ...examples] = comment.split(/^ *\* *@example *$/m)
    return examples.map((example) => ({
      name: `${relative(root, path).replace(/[/.]/g, '-')}-${i + 1}`,
      code: example
        .replace(/\*\/$/, '')
        .split('\n')
        .map((line) => line.replace(/^ *\* ?/, ''))
        .join('\n'),
    }))
  })
}

const sources = (place: string): ReadonlyArray<string> =>
  readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(root, place, path))

const examples = [...readmeBlocks(), ...[...sources('src'), ...sources('laws')].flatMap(examplesOf)]

/** An @example has `assert` in scope; a block of the README says itself what it imports. */
const whole = (code: string): string =>
  code.includes('import assert')
    ? `${code}\nexport {}\n`
    : `import assert from 'node:assert/strict'\nvoid assert\n${code}\nexport {}\n`

const CONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: { noEmit: false, noUnusedLocals: false, rootDir: '.', outDir: './out', paths: {} },
  include: ['*.ts'],
}

describe('documentation', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG))
    for (const { name, code } of examples) {
      writeFileSync(join(folder, `${name}.ts`), whole(code))
    }
    const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    expect(status === 0 ? '' : stdout).toBe('')
  }, 120_000)

  it('has examples at all', () => {
    expect(examples.length).toBeGreaterThan(20)
    expect(examples.some(({ name }) => name.startsWith('README'))).toBe(true)
  })

  it.each(examples)('$name runs', async ({ name }) => {
    await import(/* @vite-ignore */ join(folder, 'out', `${name}.js`))
  })
})

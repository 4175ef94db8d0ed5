import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { format } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ExampleHosts, openExampleHosts } from './exampleHosts.js'

// Every TypeScript block of a README and every @example compiles against the built package, and runs. A `text` or
// `mermaid` block that follows a TypeScript block is what this block prints. `example.com` is a server of the test.

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, '.cache', 'docs')

interface Example {
  readonly name: string
  readonly code: string
  /** What the example prints, if the document shows it. */
  readonly output?: string
}

const nameOf = (path: string, i: number): string => `${relative(root, path).replace(/[/.]/g, '-')}-${i + 1}`

const blocksOf = (path: string): ReadonlyArray<Example> =>
  [
    ...readFileSync(path, 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$(?:\n\n```(?:text|mermaid)\n([\s\S]*?)^```$)?/gm),
  ].map(([, code = '', output], i) => ({ name: nameOf(path, i), code, ...(output === undefined ? {} : { output }) }))

/** The declarations of internal modules. Their code is in the bundles. */
const DECLARATIONS = join(root, 'dist', 'cjs')

/** Makes a compiled example import internal modules from their sources. */
const useSources = (path: string): void => {
  const code = readFileSync(path, 'utf8')
  const changed = code.replace(/(?<= from ')(\S+)\.js(?=')/g, (name, module: string) =>
    module.startsWith(DECLARATIONS) ? `${join(root, relative(DECLARATIONS, module))}.ts` : name,
  )
  if (changed !== code) writeFileSync(path, changed)
}

const examplesOf = (path: string): ReadonlyArray<Example> => {
  const comments = readFileSync(path, 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? []
  return comments.flatMap((comment, i) => {
    const [, ...examples] = comment.split(/^ *\* *@example *$/m)
    return examples.map((example) => ({
      name: nameOf(path, i),
      code: example
        .replace(/\*\/$/, '')
        .replace(/^ *\* @[a-z][\s\S]*/m, '') // the tags after the example
        .split('\n')
        .map((line) => line.replace(/^ *\* ?/, ''))
        .join('\n')
        // An internal module has no name outside the package: its examples import it from its folder.
        .replace(/(?<= from ')\.\/(?=\w+\.js')/g, `${join(DECLARATIONS, relative(root, dirname(path)))}/`),
    }))
  })
}

const filesIn = (subfolder: string, extension: string): ReadonlyArray<string> =>
  readdirSync(join(root, subfolder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(extension))
    .map((path) => join(root, subfolder, path))

const documents = [
  join(root, 'README.md'),
  ...['src', 'laws', 'test/conformance', 'test/fleet', 'test/programs'].flatMap((subfolder) =>
    filesIn(subfolder, 'README.md'),
  ),
]
const sources = ['src', 'laws'].flatMap((subfolder) => filesIn(subfolder, '.ts'))
/** A test of a program cannot run inside another test. It runs as a file of its own. */
const isTest = ({ code }: Example): boolean => code.includes("from 'vitest'")

const examples = [...documents.flatMap(blocksOf), ...sources.flatMap(examplesOf)].filter((example) => !isTest(example))

/** An @example may use `assert` without an import. */
const complete = (code: string): string =>
  code.includes('import assert')
    ? `${code}\nexport {}\n`
    : `import assert from 'node:assert/strict'\nvoid assert\n${code}\nexport {}\n`

const CONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: { noEmit: false, noUnusedLocals: false, rootDir: '.', outDir: './out', paths: {} },
  include: ['*.ts'],
}

let hosts: ExampleHosts | undefined

describe('documentation', () => {
  afterAll(() => {
    vi.unstubAllEnvs()
    hosts?.close()
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })
  beforeAll(async () => {
    hosts = await openExampleHosts()
    for (const [name, value] of Object.entries(hosts.variables)) vi.stubEnv(name, value)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(CONFIG))
    for (const { name, code } of examples) {
      writeFileSync(join(folder, `${name}.ts`), complete(code))
    }
    const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
    expect(status === 0 ? '' : stdout).toBe('')
    for (const { name } of examples) useSources(join(folder, 'out', `${name}.js`))
  }, 120_000)

  it('has examples in the READMEs and in the sources', () => {
    expect(examples.filter(({ name }) => name.startsWith('src-')).length).toBeGreaterThan(20)
    expect(examples.map(({ name }) => name)).toEqual(expect.arrayContaining(['README-md-1', 'laws-README-md-2']))
  })
  it('has a name for each example', () => {
    expect(new Set(examples.map(({ name }) => name)).size).toBe(examples.length)
  })

  it.each(examples)('$name runs', async ({ name, output }) => {
    const lines: Array<string> = []
    vi.spyOn(console, 'log').mockImplementation((...values: ReadonlyArray<unknown>) => {
      lines.push(format(...values))
    })
    await import(/* @vite-ignore */ join(folder, 'out', `${name}.js`))
    // Node 24 and later also accept zstd.
    const printed = `${lines.join('\n').replaceAll('\r', '')}\n`.replaceAll(
      'gzip, deflate, br, zstd',
      'gzip, deflate, br',
    )
    if (output !== undefined) expect(printed).toBe(output)
  })
})

/** The most lines of a page: the README, the README of a layer, and other guides. */
const maxLines = (path: string): number => {
  if (path === 'README.md') return 160
  return /^src\/(?:values|cookies|wire|session|stages|inspect|transport|cli)\/README\.md$/.test(path) ? 120 : 200
}

/** The names in the report of the public API, by namespace. */
const surface = new Map(
  readdirSync(join(root, 'test/types/surface'), { encoding: 'utf8' }).map((file) => {
    const report = readFileSync(join(root, 'test/types/surface', file), 'utf8')
    const names = Array.from(
      report.matchAll(/^(?:(?:const|interface|type|export|class|function|namespace) )(\w+)/gm),
      ([, name]) => name,
    )
    return [file.replace(/\.txt$/, ''), new Set(names)] as const
  }),
)
const everyName = new Set([...surface.values()].flatMap((names) => [...names]))

/** The names of the public API in the prose of a page: `Session.at`, `withHeaders`. */
const namesIn = (markdown: string): ReadonlyArray<readonly [namespace: string | undefined, name: string]> =>
  Array.from(markdown.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`[^`\n]+`/g), ([code]) => code).flatMap((code) => [
    ...Array.from(
      code.matchAll(/(?<![\w.'])([A-Z]\w+)\.(?!ts\b)(\w+)(?!…|\w)/g),
      ([, space, name]) => [space, name ?? ''] as const,
    ),
    ...Array.from(
      code.matchAll(/(?<![\w.'])(with(?:out)?[A-Z]\w*)(?!…|\w)/g),
      ([, name]) => [undefined, name ?? ''] as const,
    ),
  ])

/** The programs that a guide shows, as a whole or from their start. */
const SHOWN: Readonly<Record<string, string>> = {
  'abort.ts': 'src/client/README.md',
  'errors.ts': 'src/errors/README.md',
  'upload.ts': 'src/session/sending/README.md',
  'download.ts': 'src/transport/download/README.md',
  'feed.ts': 'src/transport/download/README.md',
  'pages.ts': 'src/program/README.md',
  'services.ts': 'src/client/README.md',
  'tracing.ts': 'src/session/observation/README.md',
  'users.test.ts': 'laws/README.md',
}

/** The programs that a guide shows and that its readers run. They are tested as they are. */
const RUN_BY_READERS: ReadonlyArray<readonly [program: string, page: string]> = [
  ['test/fleet/example/worker-redis.mjs', 'test/fleet/README.md'],
  ['test/fleet/example/orders-redis.mjs', 'test/fleet/README.md'],
  ['test/fleet/example/shop.mjs', 'test/fleet/README.md'],
  ['test/fleet/example/decide-redis.mjs', 'test/fleet/README.md'],
]

describe('pages', () => {
  it.each(RUN_BY_READERS)('show the program %s as it is tested', (program, page) => {
    const blocks = readFileSync(join(root, page), 'utf8').matchAll(/^```js\n([\s\S]*?)^```$/gm)
    const code = readFileSync(join(root, program), 'utf8')
    expect(Array.from(blocks, ([, shown]) => shown)).toContain(code)
  })
  it.each(documents.map((path) => relative(root, path)))('%s is short enough to be read', (path) => {
    const lines = readFileSync(join(root, path), 'utf8').split('\n').length - 1
    expect(lines).toBeLessThanOrEqual(maxLines(path))
  })
  it.each(documents.map((path) => relative(root, path)))('%s names only what exists', (path) => {
    const named = namesIn(readFileSync(join(root, path), 'utf8'))
    const unknown = named.filter(([namespace, name]) =>
      namespace === undefined ? !everyName.has(name) : surface.get(namespace)?.has(name) === false,
    )
    expect(unknown).toEqual([])
  })
  it.each(Object.entries(SHOWN))('show the program %s as it is tested', (program, page) => {
    const [, code = ''] = readFileSync(join(root, 'test/programs', program), 'utf8').split(/^(?:\/\/.*\n)+/)
    const shown = blocksOf(join(root, page)).filter((block) => code.startsWith(block.code.trimEnd()))
    expect(shown.length).toBe(1)
  })
})

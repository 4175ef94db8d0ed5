import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { INTEGRATION, PACKAGE } from './vitest.config.js'

// The house: a folder is a floor, a file imports from its own or a lower one, never in a circle; and only the files
// named here may hold what is not pure.

const src = fileURLToPath(new URL('../src', import.meta.url))
const FLOORS = ['values', 'cookies', 'wire', 'session', 'stages', 'inspect', 'transport', '', 'cli']

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const text = (file: string): string => readFileSync(join(src, file), 'utf8')

/** Code without comments and strings, so that words in them do not count; imports are read before. */
const code = (file: string): string =>
  text(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.|\$(?!\{))*`/g, "''")

const floorOf = (file: string): number =>
  FLOORS.indexOf(dirname(file) === '.' ? '' : (dirname(file).split('/')[0] ?? ''))

const importsOf = (file: string): ReadonlyArray<string> =>
  [...text(file).matchAll(/^(?:import|export)\b[^'\n]*(?:\{[^}]*\}[^'\n]*)?from '(\.[^']+)'/gm)].map(([, path = '']) =>
    relative(src, resolve(src, dirname(file), path)).replace(/\.js$/, '.ts'),
  )

const graph = new Map(files.map((file) => [file, importsOf(file)]))

const circleFrom = (file: string, path: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
  if (done.has(file)) return undefined
  for (const next of graph.get(file) ?? []) {
    const circle = circleFrom(next, [...path, file])
    if (circle !== undefined) return circle
  }
  done.add(file)
  return undefined
}
const done = new Set<string>()

describe('floors', () => {
  it('finds the files and their imports', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(graph.get('stages/Exchange.ts')).toContain('stages/Settle.ts')
  })
  it('has no file on no floor', () => {
    expect(files.filter((file) => floorOf(file) < 0)).toEqual([])
  })
  it('has no import upwards', () => {
    const up = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => floorOf(imported) > floorOf(file))
        .map((imported) => `${file} -> ${imported}`),
    )
    expect(up).toEqual([])
  })
  it('has no circle', () => {
    for (const file of files) expect(circleFrom(file, [])).toBeUndefined()
  })
  it('has no room above 400 lines', () => {
    expect(files.filter((file) => text(file).split('\n').length > 401)).toEqual([])
  })
  it.each(['utils', 'helpers', 'common', 'misc'])('has no %s', (name) => {
    expect(files.filter((file) => file.toLowerCase().includes(name))).toEqual([])
  })
  it('begins every file with what it is', () => {
    expect(files.filter((file) => !text(file).startsWith('/**'))).toEqual([])
  })
})

const TRANSPORT = /^transport\//

/** What only these files may hold. */
const IMPURE: ReadonlyArray<readonly [what: string, pattern: RegExp, allowed: ReadonlyArray<string>]> = [
  ['the wall clock', /\bDate\.now\b|\bnew Date\(\)/, ['wire/Clock.ts']],
  ['the monotonic clock', /\bperformance\b/, ['wire/Clock.ts']],
  ['chance', /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, ['Client.ts', 'Store.ts']],
  ['the process', /\bprocess\b/, ['session/Environment.ts']],
  ['the file system', /\bnode:fs\b/, ['session/Environment.ts', 'Store.ts']],
  ['classes', /\bclass\b/, ['values/Secret.ts', 'wire/coding/Inflater.ts']],
  [
    'throw',
    /\bthrow\b/,
    [
      'Http.ts',
      'Store.ts',
      'wire/coding/Gzip.ts',
      'wire/coding/Inflater.ts',
      'wire/BodyReaders.ts',
      'wire/coding/Zstd.ts',
    ],
  ],
  ['any', /: any\b|\bas any\b|<any>/, []],
]

describe('purity', () => {
  it.each(IMPURE)('%s', (_, pattern, allowed) => {
    const found = files.filter((file) => pattern.test(code(file)) && !TRANSPORT.test(file) && !file.startsWith('cli/'))
    expect(found.filter((file) => !allowed.includes(file))).toEqual([])
  })
})

describe('the test projects', () => {
  const test = fileURLToPath(new URL('.', import.meta.url))
  const tests = readdirSync(test, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'))
  /** `**`, `*` and `{a,b}`, which is all that the lists use. */
  const patternOf = (glob: string): RegExp =>
    new RegExp(
      `^${glob
        .replace(/[.]/g, '\\.')
        .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'))
        .replace(/\{([^}]*)\}/g, (_, names: string) => `(?:${names.replaceAll(',', '|')})`)}$`,
    )
  const listed = (globs: ReadonlyArray<string>): ReadonlySet<string> => {
    const patterns = globs.map(patternOf)
    return new Set(tests.filter((path) => patterns.some((pattern) => pattern.test(`test/${path}`))))
  }
  const integration = listed(INTEGRATION)
  const built = listed(PACKAGE)

  it('keep sockets and processes out of the unit tests', () => {
    const unit = tests.filter((path) => !integration.has(path) && !built.has(path))
    const needs = /from '(?:node:(?:net|tls|https?|http2|child_process)|[./]*(?:servers|socks|echo|command)\.js)'/
    expect(unit.length).toBeGreaterThan(50)
    expect(unit.filter((path) => needs.test(readFileSync(join(test, path), 'utf8')))).toEqual([])
  })
  it('keep the build out of all but the package tests', () => {
    const needs = /command\.js'|[/]dist[/]/
    const found = tests.filter((path) => !built.has(path) && path !== 'floors.test.ts')
    expect(found.filter((path) => needs.test(readFileSync(join(test, path), 'utf8')))).toEqual([])
  })
})

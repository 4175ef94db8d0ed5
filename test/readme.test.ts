import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// The tables of the README are complete: every difference that a rule computes, every tag that a program can meet.

const root = fileURLToPath(new URL('..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const readme = text('README.md')

const files = (place: string): ReadonlyArray<string> =>
  readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join(place, path))

const numbers = (source: string, pattern: RegExp): ReadonlySet<string> =>
  new Set([...source.matchAll(pattern)].map(([, number = '']) => number))

const rows = numbers(readme, /^\| (D\d+) \|/gm)
const section = (title: string): string => readme.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

describe('the README', () => {
  it('has a row for every difference, in order and without a gap', () => {
    expect([...rows]).toEqual([...rows].map((_, i) => `D${i + 1}`))
    expect(rows.size).toBeGreaterThanOrEqual(26)
  })
  it.each(files('test/conformance/rules'))('knows the differences of %s', (path) => {
    expect([...numbers(text(path), /'(D\d+)'/g)].filter((number) => !rows.has(number))).toEqual([])
  })
  it('knows the differences that the code names', () => {
    const named = files('src').flatMap((path) => [...numbers(text(path), /\((?:[^()]*\W)?(D\d+)(?:\W[^()]*)?\)/g)])
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((number) => !rows.has(number))).toEqual([])
  })
  it('has a row for every tag of an error', () => {
    const table = /\* \| plan[\s\S]*?\* \| response[^\n]*/.exec(text('src/HttpError.ts'))?.[0] ?? ''
    const tags = [...numbers(table, /`(\w+)`/g)]
    expect(tags.length).toBeGreaterThan(25)
    expect(tags.filter((tag) => !section('Errors').includes(`| \`${tag}\``))).toEqual([])
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// The README has every tag of an error that a program can meet.

const root = fileURLToPath(new URL('..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const readme = text('README.md')

const section = (title: string): string => readme.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

describe('the README', () => {
  it('has a row for every tag of an error', () => {
    const table = /\* \| plan[\s\S]*?\* \| response[^\n]*/.exec(text('src/HttpError.ts'))?.[0] ?? ''
    const tags = [...table.matchAll(/`(\w+)`/g)].map(([, tag = '']) => tag)
    expect(tags.length).toBeGreaterThan(25)
    expect(tags.filter((tag) => !section('Errors').includes(`| \`${tag}\``))).toEqual([])
  })
})

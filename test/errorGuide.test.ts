import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { TAGS } from '../src/HttpError.js'

// The guide about errors has every tag of an error.

const root = fileURLToPath(new URL('..', import.meta.url))
const text = (path: string): string => readFileSync(join(root, path), 'utf8')
const guide = text('src/errors/README.md')

const section = (title: string): string => guide.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

describe('the guide about errors', () => {
  it('has a row for every tag of an error', () => {
    const errors = section('All tags')
    expect(TAGS.filter((tag) => !errors.includes(`\`${tag}\``))).toEqual([])
  })
})

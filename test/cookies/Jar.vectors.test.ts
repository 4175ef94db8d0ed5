import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as Secret from '../../src/values/Secret.js'

// Vectors of other projects' suites: the IETF http-state working group, web-platform-tests. Each is a conversation
// and the Cookie header that is expected at its end, empty for none.

interface Step {
  readonly url: string
  readonly setCookie: ReadonlyArray<string>
}

interface Vector {
  readonly name: string
  readonly now: string
  readonly requestUrl: string
  readonly expected: string
  readonly setCookieUrl?: string
  readonly setCookie?: ReadonlyArray<string>
  readonly steps?: ReadonlyArray<Step>
}

const folder =
  process.env['REQUESTS_TS_VECTORS'] ?? resolve(fileURLToPath(new URL('../..', import.meta.url)), '../shared/vectors')

const stepsOf = ({ steps, setCookieUrl = '', setCookie = [] }: Vector): ReadonlyArray<Step> =>
  steps ?? [{ url: setCookieUrl, setCookie }]

const sent = (vector: Vector, empty: Jar.Jar): string => {
  const now = new Date(vector.now)
  const jar = stepsOf(vector).reduce(
    (held, { url, setCookie }) => Jar.absorb(new URL(url), setCookie, now)(held)[0],
    empty,
  )
  return Secret.reveal(Jar.header(new URL(vector.requestUrl), now)(jar) ?? '')
}

const vectorsOf = (file: string): ReadonlyArray<Vector> | undefined => {
  const path = resolve(folder, file)
  if (!existsSync(path)) return undefined
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** The names of the vectors whose outcome is another, or nothing where the file is absent. */
const missesOf = (file: string, count: number, empty: Jar.Jar): ReadonlyArray<string> | undefined => {
  const vectors = vectorsOf(file)
  if (vectors === undefined) {
    console.log(`SKIPPED ${file}`)
    return undefined
  }
  expect(vectors).toHaveLength(count)
  return vectors.filter((vector) => sent(vector, empty) !== vector.expected).map(({ name }) => name)
}

describe('http-state.json', () => {
  test('221 of 222: paths are compared as they are, and the one miss wants %6F to be o', () => {
    const misses = missesOf('http-state.json', 222, Jar.empty)
    if (misses !== undefined) expect(misses).toEqual(['DISABLED_PATH0029'])
  })
})

describe('http-state-bis.json', () => {
  // An empty Domain after another one is ignored, as in http-state's OPTIONAL_DOMAIN0042.
  const EMPTY_DOMAIN = 'LAST-DOMAIN-EMPTY'

  test('43 of 48 without nameless cookies', () => {
    const misses = missesOf('http-state-bis.json', 48, Jar.empty)
    if (misses === undefined) return
    expect(misses).toEqual(['WPT-VALUE7', 'WPT-VALUE8', 'WPT-VALUE10', 'WPT-SIZE8', EMPTY_DOMAIN])
  })

  test('47 of 48 with them', () => {
    const misses = missesOf('http-state-bis.json', 48, Jar.make({ nameless: true }))
    if (misses !== undefined) expect(misses).toEqual([EMPTY_DOMAIN])
  })
})

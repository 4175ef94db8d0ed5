/** Saved sessions that were edited, truncated, or written by a newer version fail with `Unreadable`, or are valid. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Jar, Request, Session, Store } from 'requests-ts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { planned, right } from '../conformance/upstream/setting.js'

let folder = ''
let path = ''
let text = ''
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
  path = join(folder, 'session.json')
  const session = pipe(
    Session.defaults,
    Session.withBasicAuth('me', 'hunter2'),
    Session.withQuery({ a: '1' }),
    Session.withProxy({ http: 'http://u:hunter2@p:1', https: null }),
    Session.withMaxRedirects(3),
    Session.withoutRedirects,
  )
  const [jar] = Jar.absorb(new URL('https://h.test/'), ['sid=hunter2; Path=/; Max-Age=99'], new Date())(Jar.empty)
  right(await Store.save(path)({ session, jar })())
  text = readFileSync(path, 'utf8')
})
afterEach(() => rmSync(folder, { recursive: true }))

const load = async (content: string) => {
  writeFileSync(path, content)
  return Store.load(path)()
}

/** Returns `read` or the tag of the error. Also plans requests, which must not throw. */
const outcomeOf = (loaded: E.Either<{ readonly _tag: string; readonly message: string }, Store.Stored>): string => {
  if (E.isLeft(loaded)) return loaded.left._tag
  const { session, jar } = loaded.right
  for (const url of ['https://h.test/', 'http://h.test/x']) planned(Request.get(url), { session, jar })
  return 'read'
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Returns every document with one change: a value of another type, or a missing member. */
const edits = (json: Json, into: (edited: Json) => Json): ReadonlyArray<Json> => {
  const here = [null, -1, 'x\r\ny', [], {}, true].map((other) => into(other))
  if (Array.isArray(json)) {
    return [
      ...here,
      ...json.flatMap((item, i) => edits(item, (other) => into(json.map((kept, n) => (n === i ? other : kept))))),
    ]
  }
  if (typeof json !== 'object' || json === null) return here
  return [
    ...here,
    ...Object.entries(json).flatMap(([key, item]) => [
      into(Object.fromEntries(Object.entries(json).filter(([other]) => other !== key))),
      ...edits(item, (other) => into({ ...json, [key]: other })),
    ]),
  ]
}

describe('a saved session', () => {
  it('can be read as it was written', async () => expect(outcomeOf(await load(text))).toBe('read'))

  it('with one edit is valid or Unreadable, and the message shows no secret', async () => {
    const all = edits(JSON.parse(text), (edited) => edited)
    const seen = new Map([
      ['read', 0],
      ['Unreadable', 0],
    ])
    for (const edited of all) {
      const loaded = Store.decode(JSON.stringify(edited))
      const outcome = outcomeOf(loaded)
      if (outcome !== 'read' && outcome !== 'Unreadable') throw new Error(outcome)
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      if (E.isLeft(loaded)) expect(loaded.left.message).not.toContain('hunter2')
    }
    expect(seen.get('Unreadable')).toBeGreaterThan(all.length / 2)
    expect(seen.get('read')).toBeGreaterThan(10)
  })
  it('that is truncated is Unreadable', () => {
    for (let at = 0; at < text.trimEnd().length; at += 7)
      expect(outcomeOf(Store.decode(text.slice(0, at)))).toBe('Unreadable')
  })
  it.each([
    /("requests-ts\/store",\s*"version": )1/,
    /("requests-ts\/session",\s*"version": )1/,
    /("requests-ts\/jar",\s*"version": )1/,
  ])('of a newer version (%s) fails with advice to update the library', async (pattern) => {
    for (const version of ['3', '1e9', '0', '-1', '1.5', '"1"', 'null']) {
      const edited = text.replace(pattern, `$1${version}`)
      expect(edited).not.toBe(text)
      const loaded = await load(edited)
      expect(outcomeOf(loaded)).toBe('Unreadable')
      if (version === '3') expect(E.isLeft(loaded) && loaded.left.message).toContain('update')
    }
  })
  it('that is arbitrary JSON or text is Unreadable', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (content) => {
        expect(outcomeOf(Store.decode(content))).toBe('Unreadable')
      }),
    )
  })
  it('with numbers out of range is Unreadable, or InvalidSettings when it is planned', () => {
    for (const [from, to] of [
      ['10000', '-1'],
      ['60000', '1e400'],
      ['"set": 3', '"set": 1e999'],
    ] as const) {
      const edited = text.replace(from, to)
      expect(edited).not.toBe(text)
      const loaded = Store.decode(edited)
      const made = pipe(
        loaded,
        E.flatMap(({ session }) => planned(Request.get('https://h/'), { session })),
      )
      expect(['Unreadable', 'InvalidSettings']).toContain(E.isLeft(made) && made.left._tag)
    }
  })
  it('with 10,000 levels of nesting is Unreadable', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
    expect(outcomeOf(Store.decode(text.replace('"settings": {', `"settings": {"baseUrl": ${deep},`)))).toBe(
      'Unreadable',
    )
  })
})

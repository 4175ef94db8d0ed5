import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Cookie from '../../src/cookies/Cookie.js'
import type { SiteCookies } from '../../src/cookies/CookieSelection.js'
import * as CookieStore from '../../src/cookies/CookieStore.js'
import { SiteDraft } from '../../src/cookies/SiteDraft.js'
import * as Secret from '../../src/values/Secret.js'

interface Write extends Pick<Cookie.Cookie, 'name' | 'path' | 'domain' | 'hostOnly' | 'secure'> {
  readonly isDeleted: boolean
  /** Whether the creation time of the present cookie is kept, as 5.7 step 23.3 requires for a live one. */
  readonly keepsCreation: boolean
}

const write = (secure: fc.Arbitrary<boolean>): fc.Arbitrary<Write> =>
  fc.record({
    name: fc.constantFrom('', 'a', 'b', 'ab', 'bb', 'c1', 'c2'),
    path: fc.constantFrom('/', '/a', '/long/path'),
    domain: fc.constantFrom('example.com', 'www.example.com'),
    hostOnly: fc.boolean(),
    secure,
    isDeleted: fc.boolean(),
    keepsCreation: fc.boolean(),
  })

const recordOf = (stored: SiteCookies, one: Write, ms: number): Cookie.Cookie => {
  const { name, path, domain, hostOnly, secure, isDeleted, keepsCreation } = one
  const updated = { ms, n: 0 }
  const old = stored.find((other) => Cookie.sameKey(other, one))
  return {
    ...{ name, path, domain, hostOnly, secure, updated, httpOnly: false, sameSite: O.none, setBy: O.none },
    created: old !== undefined && keepsCreation ? old.created : updated,
    value: isDeleted ? Cookie.NOTHING : Secret.make(String(ms)),
    expires: isDeleted ? Cookie.DELETED : O.none,
  }
}

const written = (writes: ReadonlyArray<Write>): SiteCookies =>
  writes.reduce<SiteCookies>((site, one, i) => CookieStore.writeToSite(recordOf(site, one, i + 1), site), [])

describe('a draft of a site (specification)', () => {
  it('has the cookies that writing one after the other gives', () => {
    const kinds = [fc.constant(true), fc.constant(false), fc.boolean()]
    const writes = fc.oneof(...kinds.map((kind) => fc.array(write(kind), { maxLength: 12 })))
    fc.assert(
      fc.property(writes, writes, (before, during) => {
        const stored = written(before)
        const copy = [...stored]
        const draft = new SiteDraft(stored)
        let expected = stored
        for (const [i, one] of during.entries()) {
          const record = recordOf(expected, one, before.length + i + 1)
          const live = expected.find((other) => Cookie.sameKey(other, record) && Cookie.isLive(other, 0))
          expect(draft.find(record, 0)).toBe(live)
          draft.write(record)
          expected = CookieStore.writeToSite(record, expected)
          expect(draft.cookies).toEqual(expected)
        }
        // The jar that was given shares this list.
        expect(stored).toEqual(copy)
      }),
      { numRuns: 1_000 },
    )
  })
  it('finds a cookie without having to write it', () => {
    const stored = written([
      {
        ...{ name: 'a', path: '/', domain: 'h.test' },
        hostOnly: true,
        secure: false,
        isDeleted: false,
        keepsCreation: false,
      },
    ])
    const draft = new SiteDraft(stored)
    const [first] = stored
    if (first === undefined) return expect.unreachable()
    expect([draft.find(first, 0), draft.find({ ...first, name: 'b' }, 0), draft.find(first, 0)]).toEqual([
      first,
      undefined,
      first,
    ])
    expect(draft.cookies).toBe(stored)
  })
  it('keeps the limit of a site', () => {
    const many: Write[] = Array.from({ length: CookieStore.MAX_RECORDS + 20 }, (_, i) => ({
      ...{ name: `name${i}`, path: '/', domain: 'example.com', hostOnly: true, secure: false },
      isDeleted: false,
      keepsCreation: false,
    }))
    const draft = new SiteDraft([])
    for (const [i, one] of many.entries()) draft.write(recordOf([], one, i + 1))
    expect(draft.cookies).toEqual(written(many))
    expect(draft.cookies.length).toBe(CookieStore.MAX_RECORDS)
  })
})

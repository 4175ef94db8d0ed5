import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as AwsSignature from '../../src/values/AwsSignature.js'

// The published cases are in `AwsSignature.vectors.test.ts`, the comparison with other signers in `session/AwsSigV4.test.ts`.

const BASE: AwsSignature.Signable = {
  method: 'GET',
  path: '/',
  query: '',
  headers: [['Host', 'h.test']],
  payloadHash: 'UNSIGNED-PAYLOAD',
  pathForm: { segments: 'unchanged', encoding: 'once' },
}
const lineOf = (n: number, given: Partial<AwsSignature.Signable>): string =>
  AwsSignature.canonicalRequest({ ...BASE, ...given }).split('\n')[n] ?? ''
const pathOf = (path: string, pathForm = BASE.pathForm): string => lineOf(1, { path, pathForm })
const queryOf = (query: string): string => lineOf(2, { query })

describe('a canonical request', () => {
  it('does not depend on the order of the query and of its fields', () => {
    const name = fc.constantFrom('a', 'b', 'A', 'ab', 'a-b', 'x-a')
    const list = fc.uniqueArray(fc.tuple(name, fc.constantFrom('1', '2', '')), {
      selector: ([one]) => one.toLowerCase(),
    })
    const two = list.chain((x) => fc.tuple(fc.constant(x), fc.shuffledSubarray(x, { minLength: x.length })))
    fc.assert(
      fc.property(two, ([x, y]) => {
        const request = (pairs: typeof x) =>
          AwsSignature.canonicalRequest({ ...BASE, query: pairs.map((p) => p.join('=')).join('&'), headers: pairs })
        expect(request(x)).toBe(request(y))
      }),
    )
  })
  it.each([
    ['a name alone', 'b&a=', 'a=&b='],
    ['escapes in lower case', 'a=%c3%a9', 'a=%C3%A9'],
    ['the escape of an unreserved character', 'a=%7e%41', 'a=~A'],
    ['octets that are not UTF-8', 'a=%ff', 'a=%FF'],
    ['characters beyond ASCII', 'é=😀', '%C3%A9=%F0%9F%98%80'],
    ['a lone surrogate, as U+FFFD', 'a=\ud83d', 'a=%EF%BF%BD'],
    ['a plus sign', 'a=+', 'a=%2B'],
    ['a percent sign that begins no escape', 'a=%zz%', 'a=%25zz%25'],
    ['equals signs after the first', 'a=b=c', 'a=b%3Dc'],
    ['empty pieces', '&&a=1&', 'a=1'],
    ['repeated names, sorted by value', 'a=2&a=10&a=1', 'a=1&a=10&a=2'],
    ['names that are the start of another', 'ab=1&a=2', 'a=2&ab=1'],
  ])('writes %s of a query in normal form', (_, query, expected) => expect(queryOf(query)).toBe(expected))
  it('encodes a path once or twice', () => {
    const path = '/a%20b/%2f/(c)'
    expect(pathOf(path)).toBe('/a%20b/%2F/%28c%29')
    expect(pathOf(path, { segments: 'unchanged', encoding: 'twice' })).toBe('/a%2520b/%252f/%28c%29')
  })
  it('removes dot segments and empty ones, or keeps them', () => {
    const normal = (path: string) => pathOf(path, { segments: 'normalized', encoding: 'once' })
    expect(['', '/', '//', '/../..', '/a//b/./../c/'].map(normal)).toEqual(['/', '/', '/', '/', '/a/c/'])
    expect(['', '//', '/a/../b'].map((path) => pathOf(path))).toEqual(['/', '//', '/a/../b'])
  })
  it('folds the blanks of HTTP in a value, and keeps a no-break space', () => {
    expect(lineOf(3, { headers: [['A', '\t x \r\n  y\xa0\xa0z ']] })).toBe('a:x y\xa0\xa0z')
  })
  it('signs the octets of a field value', () => {
    const scope = { date: '20260101T000000Z', region: 'r', service: 's' }
    expect(AwsSignature.stringToSign(scope, 'é')).not.toBe(AwsSignature.stringToSign(scope, 'Ã©'))
  })
  it('takes linear time', () => {
    const [blanks, escapes, slashes] = [' '.repeat(200_000), '%'.repeat(200_000), '/.'.repeat(200_000)]
    const started = performance.now()
    AwsSignature.canonicalRequest({ ...BASE, headers: [['A', `x${blanks}y`]], query: escapes, path: slashes })
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

describe('dateOf', () => {
  it('writes the time in seconds', () => {
    expect(AwsSignature.dateOf(new Date('2015-08-30T12:36:00.999Z'))).toBe('20150830T123600Z')
  })
  it.each([new Date(Number.NaN), new Date(8.64e15), new Date(-8.64e15)])('is undefined for %s', (date) => {
    expect(AwsSignature.dateOf(date)).toBeUndefined()
  })
})

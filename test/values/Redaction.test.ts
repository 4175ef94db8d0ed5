import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Redaction from '../../src/values/Redaction.js'

const redact = (...secrets: ReadonlyArray<string>) => Redaction.redact(new Set(secrets))
const MARK = '‹secret›'

describe('Redaction.isSensitiveInReply', () => {
  it.each(['Set-Cookie', 'set-cookie2', 'AUTHORIZATION', 'Cookie', 'X-Api-Key', 'Proxy-Authentication-Info'])(
    'hides %s',
    (name) => expect(Redaction.isSensitiveInReply(name)).toBe(true),
  )
  it.each(['', 'Server', 'Set-Cookie3', 'Location', 'Content-Length'])('shows %j', (name) =>
    expect(Redaction.isSensitiveInReply(name)).toBe(false),
  )
})

describe('redacting echoed secrets (specification)', () => {
  it.each<readonly [string, string, string]>([
    ['S3CRET', '/x?k=S3CRET', `/x?k=${MARK}`],
    ['S3CRET', '/x?k=S3%43RET&b=1', `/x?k=${MARK}&b=1`],
    ['S3CRET', '/login?next=%2F%3Fk%3DS3CRET', `/login?next=%2F%3Fk%3D${MARK}`],
    ['S3CRET', '?n=%252F%253Fk%253DS3%252543RET%2526', `?n=%252F%253Fk%253D${MARK}%2526`],
    ['S3CRET', 'S3CRETS3CRET', MARK + MARK],
    ['1212', '/t/121212', `/t/${MARK}`],
    ['abab', '/t/ababab?k=abab', `/t/${MARK}?k=${MARK}`],
    ['S3CRET', '?k=S3\tCR\r\nET', `?k=${MARK}`],
    ['S3CRET', '?100%S3CRET', `?100%${MARK}`],
    ['abcdef', '?n=100%25abcdef', `?n=100%25${MARK}`],
    ['S3CRET', '%533CRET', MARK],
    ['S3CRET', '?100%S3CR%45T', `?100%${MARK}`],
    ['3xCRET', '?100%3xCR%45T', `?100%${MARK}`],
    ['abcdef', '?n=100%25%61bcdef', `?n=100%25${MARK}`],
    ['abcdef', '?n=100%2525%2561bcdef', `?n=100%2525${MARK}`],
    ['S3CRET', '?a=S3%43RET&b=S3CRET&c=%53%33CRET', `?a=${MARK}&b=${MARK}&c=${MARK}`],
    ['S3\tCR\r\nET', '?k=S3CRET', `?k=${MARK}`],
    ['a\x01b\x02c', '?k=a\x01b%02c', `?k=${MARK}`],
    ['a b+c', '?k=a+b%2Bc', `?k=${MARK}`],
    ['a b+c', '?k=a%20b%2bc', `?k=${MARK}`],
    ['a/b&c', '?k=a/b&c&d', `?k=${MARK}&${MARK}&d`],
    ['%41bcd', '?k=Abcd', `?k=${MARK}`],
    ['%41bcd', '?k=%2541bcd', `?k=${MARK}`],
    ['%2541bcd', '?k=Abcd', `?k=${MARK}`],
    ['grüße', '?k=gr%C3%BC%c3%9fe', `?k=${MARK}`],
    ['grüße', '?k=grüße', `?k=${MARK}`],
    ['grüße', '?k=gr\xc3\xbc\xc3\x9fe', `?k=${MARK}`],
    ['grüße', `${MARK} grüße`, `${MARK} ${MARK}`],
    ['half\ud800', '?k=half%EF%BF%BD', `?k=${MARK}`],
    ['S3CRET', '/S3CRE/T?k=s3cret', '/S3CRE/T?k=s3cret'],
  ])('redacts %j in %j as %j', (secret, text, shown) => {
    expect(redact(secret)(text)).toBe(shown)
    expect(Redaction.containsAny(new Set([secret]))(text)).toBe(shown !== text)
  })
  it.each<readonly [string, string, string]>([
    ['1', '/v/1/11?page=11&k=1', `/v/1/11?page=11&k=${MARK}`],
    ['1', '/login?next=%2F%3Fk%3D1', `/login?next=%2F%3Fk%3D${MARK}`],
    ['==', '/x?k=%3D%3D', `/x?k=${MARK}`],
    ['abc', '?abc&xabc#abc', `?${MARK}&xabc#${MARK}`],
    ['ab', 'ab&k=ab', `ab&k=${MARK}`],
    ['a', 'Thu, 01 Jan', 'Thu, 01 Jan'],
    ['', '?k=&=', '?k=&='],
  ])('redacts the short value %j in %j only as a whole value', (secret, text, shown) => {
    expect(redact(secret)(text)).toBe(shown)
  })
  it('redacts overlapping values with one mark', () => {
    expect(redact('abcdef', 'defghi')('-abcdefghi-')).toBe(`-${MARK}-`)
    expect(redact('abcdefghi', 'cdef')('-abcdefghi-')).toBe(`-${MARK}-`)
  })
  it('keeps the number of segments of a path', () => {
    const hidden = Redaction.redact(new Set(['ab/cd']), MARK, '/')
    expect(hidden('/t/ab/cd/x')).toBe(`/t/${MARK}/${MARK}/x`)
    expect(hidden('/t/ab%2Fcd/x')).toBe(`/t/${MARK}/x`)
  })
  it('redacts each component of a reference except a valid host', () => {
    const hidden = Redaction.redactReference(new Set(['S3CRET']), 'X')
    expect(hidden('http://S3CRET.test/S3CRET?S3CRET#S3CRET')).toBe('http://S3CRET.test/X?X#X')
    expect(hidden('S3CRET/y')).toBe('X/y')
    expect(hidden('http://[S3CRET/')).toBe('http://[X/')
    expect(hidden('//h:S3CRET/')).toBe('//h:X/')
  })
  it('keeps the segments of a path, but not the slashes of a query', () => {
    const hidden = Redaction.redactReference(new Set(['S3/CRET']), 'X')
    expect(hidden('http://h.test/S3/CRET?S3/CRET#S3/CRET')).toBe('http://h.test/X/X?X#X')
  })
  it('finds a value that is not escaped, whatever its characters', () => {
    const unit = fc.constantFrom('a', '4', '1', '%', '+', ' ', '\x7f', '\x80', 'é', 'п', '☃', '😀')
    const secret = fc.string({ unit, minLength: 4 })
    fc.assert(
      fc.property(secret, fc.constantFrom('', '‹'), (value, before) => {
        expect(redact(value)(`${before}?k=${value}&y`)).toBe(`${before}?k=${MARK}&y`)
      }),
    )
  })
  it('finds a value however its characters are escaped', () => {
    const secret = fc.string({ unit: 'grapheme-ascii', minLength: 4 }).filter((text) => !/[\s+%]/.test(text))
    const depths = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1 })
    const escaped = (octet: number, depth: number): string => {
      let text = depth === 0 ? String.fromCharCode(octet) : `%${octet.toString(16).padStart(2, '0')}`
      for (let i = 1; i < depth; i++) text = text.replaceAll('%', '%25')
      return text
    }
    fc.assert(
      fc.property(secret, depths, (value, chosen) => {
        const text = [...Buffer.from(value)].map((octet, i) => escaped(octet, chosen[i % chosen.length] ?? 0)).join('')
        expect(Redaction.containsAny(new Set([value]))(`/x?next=${text}&y`)).toBe(true)
      }),
    )
  })
  it('keeps the number of pieces of a query', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '&', '=', '%', '2', '6', '+'), maxLength: 30 })
    fc.assert(
      fc.property(piece, fc.array(piece), (text, secrets) => {
        expect(redact(...secrets)(text).split('&')).toHaveLength(text.split('&').length)
      }),
    )
  })
})

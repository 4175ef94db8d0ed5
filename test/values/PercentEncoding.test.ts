import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as PercentEncoding from '../../src/values/PercentEncoding.js'

/** Text as a header field holds it: one character for each octet of its UTF-8 form. */
const octetsOf = (text: string): string => Buffer.from(text).toString('latin1')

describe('PercentEncoding.decodeReference', () => {
  it.each([
    ['', ''],
    ['/a?b#c', '/a?b#c'],
    ['/caf\xc3\xa9', '/café'],
    ['\xef\xbb\xbf/a', '\ufeff/a'],
    ['/caf\xe9', '/caf%E9'],
    ['/\x80\xff', '/%80%FF'],
    ['/caf\xe9%2f%41', '/caf%E9%2f%41'],
    ['/caf\xe9%2f%', '/caf%E9%252F%25'],
    ['/100%25?q=\xe9&p=100%#%c3%', '/100%25?q=%E9&p=100%25#%25C3%25'],
    ['/100%?q=\xe9%2f#%41', '/100%25?q=%E9%2f#%41'],
    ['/100%', '/100%'],
    ['/☃\xe9', '/☃\xe9'],
    [' \t/a\r\n\tb c\n ', '/ab c'],
    ['/\t\xc3\t\xa9', '/é'],
  ])('decodes %j as %j', (value, reference) => expect(PercentEncoding.decodeReference(value)).toBe(reference))
  it('decodes UTF-8, and percent-encodes all other octets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\xff', '\xc3('), (text, invalid) => {
        const decoded = PercentEncoding.decodeOctets(octetsOf(text) + invalid)
        if (invalid === '') expect(decoded).toBe(text)
        else expect(decoded).toMatch(/^[\0-\x7f]*%(?:FF|C3\()$/)
      }),
    )
  })
})

describe('PercentEncoding.decodeComponent', () => {
  it.each([
    ['%C3%a9+%2B', 'é++'],
    ['%', undefined],
    ['%zz', undefined],
    ['%e9', undefined],
  ])('decodes %j as %j', (text, decoded) => expect(PercentEncoding.decodeComponent(text)).toBe(decoded))
})

describe('the quotes of a component', () => {
  it.each([PercentEncoding.quotePath, PercentEncoding.quoteQuery, PercentEncoding.quoteUri])(
    'stay the same when it is quoted again: %o',
    (quote) => {
      const text = fc.string({
        unit: fc.constantFrom('%', '2', 'f', 'F', '4', '1', '/', '?', '#', '[', ' ', 'é', '\ud800'),
      })
      fc.assert(
        fc.property(text, (component) => {
          const quoted = quote(component)
          expect(quoted).toMatch(/^(?:[!#-;=?-Z[\]_a-z~]|%[\da-fA-F]{2})*$/)
          expect(quote(quoted)).toBe(quoted)
        }),
      )
    },
  )
})

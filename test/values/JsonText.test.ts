import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { expect, it } from 'vitest'
import { compact } from '../../src/values/JsonText.js'

it.each([
  ['12345678901234567890', '12345678901234567890'],
  ['{"a": [1.10, -0.0, 1e400]}', '{"a":[1.10,-0.0,1e400]}'],
  ['"a \\" 1.0 \\u0041"', '"a \\" 1.0 A"'],
  [' [ true , null ] ', '[true,null]'],
])('keeps the numbers of %s', (text, expected) => expect(compact(text)).toEqual(E.right(expected)))

it('writes what JSON.stringify writes, where its numbers are in the shortest form', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const plain = JSON.stringify(JSON.parse(text))
      expect(compact(JSON.stringify(JSON.parse(text), null, 2))).toEqual(E.right(plain))
    }),
  )
})

it('refuses what is not JSON', () => expect(E.isLeft(compact('{a:1}'))).toBe(true))

import * as O from 'fp-ts/lib/Option.js'
import { expect, it } from 'vitest'
import * as Digest from '../../src/values/Digest.js'

it.each([
  ['nextnonce="n2", qop=auth', O.some('n2')],
  ['qop=auth, NextNonce=n2', O.some('n2')],
  ['nextnonce="a\\"b"', O.some('a"b')],
  ['nextnonce=""', O.none],
  ['rspauth="x"', O.none],
])('reads the next nonce of %j', (line, expected) => expect(Digest.nextNonce([line])).toEqual(expected))

it('refuses an empty nonce', () => expect(Digest.select(['Digest realm="r", nonce=""'])).toEqual(O.none))

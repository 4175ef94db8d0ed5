import * as fc from 'fast-check'
import { pipe } from 'fp-ts/lib/function.js'
import {
  Auth,
  Body,
  Diff,
  Exchange,
  Fault,
  Jar,
  Multipart,
  Override,
  Plan,
  Query,
  Range,
  Redirect,
  RedirectPolicy,
  Stream,
  Url,
} from 'requests-ts'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as Tagged from '../../src/values/Tagged.js'

interface Member {
  readonly _tag: string
}

/** The `match` of a union, called with handlers that return their own tag and the value that they were called with. */
type Fold = (handlers: Readonly<Record<string, (member: Member) => unknown>>) => (value: Member) => unknown

// The casts: the test calls every `match` in the same way. The types are tested below.
const UNIONS: Readonly<Record<string, readonly [match: unknown, tags: ReadonlyArray<string>]>> = {
  'Auth.match': [Auth.match, ['None', 'Basic', 'Bearer', 'Digest', 'Signer', 'SignerTask', 'Renewable']],
  'Body.match': [Body.match, ['Empty', 'Bytes', 'Text', 'Json', 'Form', 'Multipart', 'Stream', 'Once']],
  'Body.matchPayload': [Body.matchPayload, ['Empty', 'Bytes', 'Stream', 'Once']],
  'Diff.match': [Diff.match, ['Added', 'Removed', 'Changed', 'Moved']],
  'Exchange.match': [Exchange.match, ['Next', 'Done', 'Refuse']],
  'Fault.match': [Fault.match, Fault.TAGS],
  'Jar.matchRejection': [
    Jar.matchRejection,
    [
      'Nameless',
      'ControlCharacter',
      'TooLong',
      'DomainMismatch',
      'PublicSuffix',
      'Insecure',
      'SecureHeld',
      'PrefixBroken',
    ],
  ],
  'Multipart.matchEncoded': [Multipart.matchEncoded, ['Whole', 'Streamed']],
  'Override.match': [Override.match, ['Inherit', 'Set', 'Unset']],
  'Override.matchLayer': [Override.matchLayer, ['Inherit', 'Extend', 'Replace']],
  'Plan.matchError': [
    Plan.matchError,
    [
      'InvalidUrl',
      'MissingScheme',
      'UnsupportedScheme',
      'InvalidHeader',
      'InvalidProxy',
      'InvalidBody',
      'InvalidSettings',
    ],
  ],
  'Query.matchSource': [Query.matchSource, ['Keys', 'Pairs', 'Text']],
  'Range.match': [Range.match, ['Begin', 'Append', 'Complete', 'Again', 'Mismatch', 'Unexpected']],
  'Redirect.matchError': [
    Redirect.matchError,
    ['TooManyRedirects', 'InvalidRedirect', 'RedirectRefused', 'UnrewindableBody'],
  ],
  'RedirectPolicy.match': [RedirectPolicy.match, ['Follow', 'Stop', 'Refuse']],
  'Stream.matchDownloadError': [
    Stream.matchDownloadError,
    ['FileFailed', 'UnexpectedStatus', 'LengthMismatch', 'RangeMismatch'],
  ],
  'Url.matchError': [Url.matchError, ['InvalidUrl', 'MissingScheme']],
}

describe.each(Object.entries(UNIONS))('%s', (_, [match, tags]) => {
  it('passes the value to the handler of its tag, and to no other', () => {
    const fold = match as Fold
    fc.assert(
      fc.property(fc.constantFrom(...tags), (_tag) => {
        const called: string[] = []
        const handlers = tags.map((tag) => [tag, (member: Member) => [called.push(tag), member]] as const)
        const value = { _tag }
        expect(fold(Object.fromEntries(handlers))(value)).toEqual([1, value])
        expect(called).toEqual([_tag])
      }),
    )
  })
})

type Shape =
  | { readonly _tag: 'Square'; readonly side: number }
  | { readonly _tag: 'Line' | 'Point'; readonly at: string }

describe('Tagged.match', () => {
  const match = Tagged.match<Shape>()
  it('returns the union of what the handlers return', () => {
    const fold = match({ Square: ({ side }) => side, Line: ({ at }) => at, Point: () => true as const })
    expectTypeOf(fold).toEqualTypeOf<(value: Shape) => string | number | true>()
    expect(fold({ _tag: 'Square', side: 2 })).toBe(2)
  })
  it('narrows a member with several tags to the tag of its handler', () => {
    match({
      Square: ({ _tag }) => expectTypeOf(_tag).toEqualTypeOf<'Square'>(),
      Line: ({ _tag }) => expectTypeOf(_tag).toEqualTypeOf<'Line'>(),
      Point: (point) => expectTypeOf(point.at).toEqualTypeOf<string>(),
    })
  })
  it('requires exactly one handler for each tag', () => {
    // @ts-expect-error: `Point` is missing.
    match({ Square: () => 1, Line: () => 1 })
    // @ts-expect-error: the union has no `Circle`.
    match({ Square: () => 1, Line: () => 1, Point: () => 1, Circle: () => 1 })
  })
  it('calls no inherited handler for the tag of a foreign value', () => {
    const fold = match({ Square: () => 1, Line: () => 2, Point: () => 3 })
    for (const _tag of ['toString', '__proto__', 'constructor', 'Circle']) {
      const foreign: Shape = JSON.parse(JSON.stringify({ _tag }))
      expect(fold(foreign)).toBeUndefined()
    }
  })
  it('infers the type of a generic union in a pipe', () => {
    const shown = pipe(
      Override.set(1),
      Override.match({ Inherit: () => 0, Set: ({ value }) => value + 1, Unset: () => 'none' }),
    )
    expectTypeOf(shown).toEqualTypeOf<number | string>()
    expect(shown).toBe(2)
  })
})

describe('Exchange.match', () => {
  const refuse = { _tag: 'Refuse', error: 'the error' } as unknown as Exchange.Step
  it('still accepts three functions', () => {
    const fold = Exchange.match(
      () => 'next',
      () => 'done',
      () => 'refuse',
    )
    expect(fold(refuse)).toBe('refuse')
    expect(fold({ ...refuse, _tag: 'Next' } as Exchange.Step)).toBe('next')
    expect(fold({ ...refuse, _tag: 'Done' } as Exchange.Step)).toBe('done')
  })
})

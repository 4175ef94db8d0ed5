import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Secret from '../../src/values/Secret.js'

const printed = (sealed: unknown): ReadonlyArray<unknown> => [
  String(sealed),
  `${sealed}`,
  JSON.parse(JSON.stringify(sealed)),
  inspect(sealed),
]

describe('printing a secret', () => {
  it.each<[string, Secret.Sealed<unknown>, string]>([
    ['a secret', Secret.make('hunter2'), '‹secret›'],
    ['an empty secret', Secret.make(''), '‹secret›'],
    ['bytes', Secret.bytes(new Uint8Array(42)), '‹42 bytes›'],
    ['zero bytes', Secret.bytes(new Uint8Array(0)), '‹0 bytes›'],
    ['a value under a label', Secret.seal({ pass: 'hunter2' }, 'a label'), 'a label'],
  ])('shows %s as its label', (_, sealed, label) => expect(printed(sealed)).toEqual(Array(4).fill(label)))

  it('shows no secret inside another value', () => {
    const secret = Secret.make('hunter2')
    for (const text of [
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: null, showHidden: true }),
      inspect(new Map([[secret, secret]]), { showHidden: true }),
      Object.entries(secret).join(),
    ]) {
      expect(text).not.toContain('hunter2')
    }
  })
  it('shows nothing of a value that only looks like bytes', () => {
    // The cast: plain JavaScript can pass anything.
    const posing = Secret.bytes({ length: 'hunter2' } as unknown as Uint8Array)
    expect(printed(posing)).toEqual(Array(4).fill('‹secret›'))
  })
  it('shows a plain string with Secret.show', () => {
    expect([Secret.show('text'), Secret.show(''), Secret.show(Secret.make('hunter2'))]).toEqual([
      'text',
      '',
      '‹secret›',
    ])
  })
})

describe('opening a secret', () => {
  it('returns the sealed value', () => {
    const content = Uint8Array.of(1, 2)
    expect(Secret.open(Secret.bytes(content))).toBe(content)
    expect(Secret.open(Secret.make('a'))).toBe('a')
    expect(Secret.open(Secret.seal(7, 'a label'))).toBe(7)
    expect(Secret.reveal(Secret.make('hunter2'))).toBe('hunter2')
    expect(Secret.reveal('text')).toBe('text')
  })
  it('recognises only sealed values as secrets', () => {
    expect(
      [Secret.make('a'), Secret.bytes(new Uint8Array(1)), 'a', '‹secret›', null, undefined, {}].map(Secret.is),
    ).toEqual([true, true, false, false, false, false, false])
  })
  it.each<[unknown, string | undefined]>([
    ['text', 'text'],
    ['', ''],
    [Secret.make('hunter2'), 'hunter2'],
    [Secret.make(''), ''],
    [Secret.bytes(new Uint8Array(1)), undefined],
    [Secret.seal(7, 'a label'), undefined],
    [7, undefined],
    [null, undefined],
    [undefined, undefined],
    [{ toString: () => 'text' }, undefined],
  ])('finds in %s the text %j', (value, text) => expect(Secret.textOf(value)).toBe(text))

  it('compares the content with Eq, which toEqual cannot see', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2 }), fc.string({ maxLength: 2 }), (x, y) => {
        for (const one of [x, Secret.make(x)]) {
          for (const other of [y, Secret.make(y)]) expect(Secret.Eq.equals(one, other)).toBe(x === y)
        }
      }),
    )
    expect(Secret.make('a')).toEqual(Secret.make('another'))
    expect(Secret.Eq.equals(Secret.make('a'), Secret.make('another'))).toBe(false)
  })
})

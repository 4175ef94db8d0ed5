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

describe('what is printed', () => {
  it.each<[string, Secret.Sealed<unknown>, string]>([
    ['a secret', Secret.make('hunter2'), '‹secret›'],
    ['an empty secret', Secret.make(''), '‹secret›'],
    ['bytes', Secret.bytes(new Uint8Array(42)), '‹42 bytes›'],
    ['no bytes', Secret.bytes(new Uint8Array(0)), '‹0 bytes›'],
    ['anything under a label of its own', Secret.seal({ pass: 'hunter2' }, 'a label'), 'a label'],
  ])('of %s is its label', (_, sealed, label) => expect(printed(sealed)).toEqual(Array(4).fill(label)))

  it('of a secret within something else is no more', () => {
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
  it('of what poses as bytes is no more than of a secret', () => {
    // The cast: plain JavaScript may give anything.
    const posing = Secret.bytes({ length: 'hunter2' } as unknown as Uint8Array)
    expect(printed(posing)).toEqual(Array(4).fill('‹secret›'))
  })
  it('by show is text, or that it is a secret', () => {
    expect([Secret.show('text'), Secret.show(''), Secret.show(Secret.make('hunter2'))]).toEqual([
      'text',
      '',
      '‹secret›',
    ])
  })
})

describe('what is inside', () => {
  it('is opened as it went in', () => {
    const content = Uint8Array.of(1, 2)
    expect(Secret.open(Secret.bytes(content))).toBe(content)
    expect(Secret.open(Secret.make('a'))).toBe('a')
    expect(Secret.open(Secret.seal(7, 'a label'))).toBe(7)
    expect(Secret.reveal(Secret.make('hunter2'))).toBe('hunter2')
    expect(Secret.reveal('text')).toBe('text')
  })
  it('is known for a secret only where it is sealed', () => {
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
  ])('%s has the text %j', (value, text) => expect(Secret.textOf(value)).toBe(text))

  it('is what Eq compares, sealed or not, for toEqual sees nothing', () => {
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

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Cipher, Secret } from 'requests-ts'
import { describe, expect, it } from 'vitest'

const octets = (n: number, length = 32): Uint8Array => new Uint8Array(length).fill(n)
const base64 = (n: number, length = 32): string => Buffer.from(octets(n, length)).toString('base64')

const cipherOf = (keys: ReadonlyArray<Cipher.AesKey>): Cipher.Cipher =>
  pipe(
    Cipher.aesGcm(keys),
    E.getOrElse(({ message }): Cipher.Cipher => expect.fail(message)),
  )
const one = cipherOf([{ name: 'a', key: octets(1) }])

const sealed = async (cipher: Cipher.Cipher, text: string, context = ''): Promise<string> =>
  pipe(
    await cipher.seal(text, context)(),
    E.getOrElse(({ message }): string => expect.fail(message)),
  )

describe('AES-GCM', () => {
  it('opens each text that it has sealed, in its context', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.string(), async (text, context) => {
        expect(await one.open(await sealed(one, text, context), context)()).toEqual(E.right(text))
      }),
    ))
  it('opens no text that was changed, cut, moved or sealed with another key', async () => {
    const text = await sealed(one, 'secret', 'here')
    const other = cipherOf([{ name: 'a', key: octets(2) }])
    const attempts = [
      one.open(text, 'there'),
      other.open(text, 'here'),
      ...[...text].map((c, i) => one.open(`${text.slice(0, i)}${c === 'A' ? 'B' : 'A'}${text.slice(i + 1)}`, 'here')),
      ...[...text].map((_, i) => one.open(text.slice(0, i), 'here')),
      one.open(`${text}AAAA`, 'here'),
    ]
    for (const attempt of attempts) expect(await attempt()).toMatchObject({ left: { _tag: 'CipherFailed' } })
  })
  it('seals one text differently each time, without its content', async () => {
    const [x, y] = [await sealed(one, 'hunter2'), await sealed(one, 'hunter2')]
    expect(x).not.toBe(y)
    expect(Buffer.from(x.slice(2), 'base64').toString('latin1')).not.toMatch('hunter2')
  })
  it('seals with the first key, and opens with all', async () => {
    const rotated = cipherOf([
      { name: 'b', key: Secret.make(base64(2)) },
      { name: 'a', key: Secret.bytes(octets(1)) },
    ])
    expect(await rotated.open(await sealed(one, 'old'), '')()).toEqual(E.right('old'))
    expect(await one.open(await sealed(rotated, 'new'), '')()).toMatchObject({ left: { _tag: 'CipherFailed' } })
  })
  it.each<[string, unknown]>([
    ['no keys', []],
    ['no list', undefined],
    ['a key without a name', [{ key: octets(1) }]],
    ['a name with a colon', [{ name: 'a:b', key: octets(1) }]],
    ['31 octets', [{ name: 'a', key: octets(1, 31) }]],
    ['base64 of 33 octets', [{ name: 'a', key: Secret.make(base64(1, 33)) }]],
    ['a plain text', [{ name: 'a', key: base64(1) }]],
    ['a missing key', [{ name: 'a' }]],
    ['null', [null]],
    [
      'one name twice',
      [
        { name: 'a', key: octets(1) },
        { name: 'a', key: octets(2) },
      ],
    ],
  ])('refuses %s, and does not repeat the key', (_, keys) => {
    // The cast: what plain JavaScript may pass.
    const made = Cipher.aesGcm(keys as ReadonlyArray<Cipher.AesKey>)
    expect(made).toMatchObject({ left: { _tag: 'CipherFailed' } })
    expect(JSON.stringify(made)).not.toMatch(base64(1).slice(0, 8))
  })
})

import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Multipart from '../../src/values/Multipart.js'

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

/** A value that plain JavaScript can pass. The cast: the type does not allow it. */
const foreign = (part: unknown): Multipart.Part => part as Multipart.Part

const CONTENT = E.left(expect.stringContaining('content of the part "a" must be'))

const whole = (...parts: ReadonlyArray<Multipart.Part>) =>
  pipe(
    Multipart.encode('XX')(parts),
    E.map((made) => (made._tag === 'Whole' ? Buffer.from(made.bytes).toString() : made._tag)),
  )

describe('Multipart.fromInput', () => {
  it('returns a list of parts as it is', () => {
    const parts: ReadonlyArray<Multipart.Part> = [{ name: 'a', content: '1' }]
    expect(Multipart.fromInput(parts)).toBe(parts)
  })
  it('names the contents and parts of a record by their keys', () => {
    const content = bytes('b')
    const stream = { open: async function* () {} }
    expect(
      Multipart.fromInput({
        a: '1',
        b: content,
        c: stream,
        d: { content: '4', filename: 'd.txt' },
        e: { content: '' },
      }),
    ).toEqual([
      { name: 'a', content: '1' },
      { name: 'b', content },
      { name: 'c', content: stream },
      { name: 'd', content: '4', filename: 'd.txt' },
      { name: 'e', content: '' },
    ])
    expect(Multipart.fromInput({})).toEqual([])
  })
  it('prefers the key of a record to the name of the part', () => {
    const misnamed = { name: 'other', content: '1' }
    expect(Multipart.fromInput({ a: misnamed })).toEqual([{ name: 'a', content: '1' }])
  })
  it('ignores inherited contents, and omits null and undefined, as requests does', () => {
    const inherited = Object.create({ content: 'x' })
    expect(whole(...Multipart.fromInput({ a: inherited }))).toEqual(CONTENT)
    expect(Multipart.fromInput({ a: null, b: '1', c: undefined })).toEqual([{ name: 'b', content: '1' }])
  })
})

describe('Multipart.encode', () => {
  it.each<[string, ReadonlyArray<Multipart.Part>, string]>([
    ['no part', [], '--XX--\r\n'],
    [
      'a field',
      [{ name: 'a', content: 'é' }],
      '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\né\r\n--XX--\r\n',
    ],
    [
      'a file',
      [{ name: 'a', content: bytes('1'), filename: 'a.txt', contentType: 'text/plain' }],
      '--XX\r\nContent-Disposition: form-data; name="a"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n1\r\n--XX--\r\n',
    ],
    [
      'a file with an empty name, which is still a file',
      [{ name: '', content: '', filename: '', contentType: '' }],
      '--XX\r\nContent-Disposition: form-data; name=""; filename=""\r\n\r\n\r\n--XX--\r\n',
    ],
    [
      'the headers of a part after its type',
      [
        {
          name: 'a',
          content: '1',
          contentType: 'x/y',
          headers: [
            ['X-A', '1'],
            ['X-A', ''],
          ],
        },
      ],
      '--XX\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: x/y\r\nX-A: 1\r\nX-A: \r\n\r\n1\r\n--XX--\r\n',
    ],
    [
      'two parts in order',
      [
        { name: 'b', content: '2' },
        { name: 'a', content: '1' },
      ],
      '--XX\r\nContent-Disposition: form-data; name="b"\r\n\r\n2\r\n--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--XX--\r\n',
    ],
    [
      'names escaped as in HTML',
      [{ name: 'a"b\r\nc', content: '', filename: '"\r\n"é%;' }],
      '--XX\r\nContent-Disposition: form-data; name="a%22b%0D%0Ac"; filename="%22%0D%0A%22é%;"\r\n\r\n\r\n--XX--\r\n',
    ],
  ])('writes %s', (_, parts, text) => expect(whole(...parts)).toEqual(E.right(text)))

  it('writes octets that are not text', () => {
    const made = Multipart.encode('XX')([{ name: 'a', content: Uint8Array.of(0xff, 0, 0x80) }])
    expect(E.isRight(made) && made.right._tag === 'Whole' && Buffer.from(made.right.bytes).toString('latin1')).toBe(
      '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\0\x80\r\n--XX--\r\n',
    )
  })
  it('ignores inherited properties of a part', () => {
    const polluted = { filename: 'evil', contentType: 'evil/evil', headers: [['X-Evil', '1']] }
    const part = Object.assign(Object.create(polluted), { name: 'a', content: '1' })
    expect(whole(part)).toEqual(whole({ name: 'a', content: '1' }))
    const odd = Object.assign(Object.create({ filename: 7, contentType: 7 }), { name: 'a', content: '1' })
    expect(whole(odd)).toEqual(whole({ name: 'a', content: '1' }))
  })
})

describe('Multipart.encode refuses', () => {
  const content = '1'
  it.each<[unknown, string]>([
    [null, 'name'],
    [undefined, 'name'],
    ['text', 'name'],
    [{ content }, 'name'],
    [{ name: 7, content }, 'name'],
    [{ name: 'a', content, filename: 7 }, 'filename'],
    [{ name: 'a', content, contentType: null }, 'filename'],
    [{ name: 'a' }, 'content'],
    [{ name: 'a', content: null }, 'content'],
    [{ name: 'a', content: 7 }, 'content'],
    [{ name: 'a', content: {} }, 'content'],
    [{ name: 'a', content: Object.assign(() => 1, { open: () => 1 }) }, 'content'],
    [{ name: 'a', content: { open: 7 } }, 'content'],
    [{ name: 'a', content, headers: [['X Y', '1']] }, 'header "X Y"'],
    [{ name: 'a', content, headers: [['', '1']] }, 'header ""'],
    [{ name: 'a', content, headers: [['X', 'a\rb']] }, 'header "X"'],
    [{ name: 'a', content, headers: [['X', '\n']] }, 'header "X"'],
    [{ name: 'a', content, headers: [['X', 'a\0']] }, 'header "X"'],
    [{ name: 'a', content, contentType: 'a\r\nB: c' }, 'header "Content-Type"'],
    [{ name: '"\n', content, contentType: '\0' }, 'header "Content-Type" of the part "\\"\\n"'],
  ])('the part %j and names its %s', (part, problem) => {
    const refused = E.left(expect.stringContaining(problem))
    expect(whole(foreign(part))).toEqual(refused)
    expect(whole({ name: 'good', content }, foreign(part))).toEqual(refused)
  })
  it.each([undefined, null, 5, 'text', {}])('the parts %j, which are not an array', (parts) =>
    // The cast: plain JavaScript can pass anything.
    expect(Multipart.encode('XX')(parts as never)).toEqual(E.left(expect.stringContaining('array'))),
  )
  it('a part without showing its content', () => {
    expect(JSON.stringify(whole(foreign({ name: 'a', content: ['hunter2'] })))).not.toContain('hunter2')
    expect(JSON.stringify(whole({ name: 'a', content, headers: [['X', 'hunter2\n']] }))).not.toContain('hunter2')
  })
})

describe('a streamed part', () => {
  const pieces = (...texts: ReadonlyArray<string>) =>
    async function* () {
      for (const text of texts) yield bytes(text)
    }
  const streamed = (...parts: ReadonlyArray<Multipart.Part>) => {
    const made = Multipart.encode('XX')(parts)
    return E.isRight(made) && made.right._tag === 'Streamed' ? made.right : expect.fail('not streamed')
  }
  const read = async ({ open }: ReturnType<typeof streamed>): Promise<ReadonlyArray<string>> => {
    const texts: string[] = []
    for await (const piece of open()) texts.push(Buffer.from(piece).toString())
    return texts
  }
  const TEXT =
    '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n12\r\n--XX\r\nContent-Disposition: form-data; name="b"\r\n\r\n3\r\n--XX--\r\n'

  it('is not buffered, and is opened again for each read', async () => {
    const made = streamed({ name: 'a', content: { open: pieces('1', '2') } }, { name: 'b', content: '3' })
    const first = await read(made)
    expect(first).toContain('1')
    expect(first).not.toContain('12')
    expect(first.join('')).toBe(TEXT)
    expect((await read(made)).join('')).toBe(TEXT)
  })
  it.each<[string, number | undefined, number | undefined, number | undefined]>([
    ['both lengths are known', 2, 1, TEXT.length],
    ['the first is empty', 0, 3, TEXT.length],
    ['the first length is unknown', undefined, 1, undefined],
    ['the last length is unknown', 2, undefined, undefined],
  ])('gives the body a length if it is known: %s', (_, a, b, length) => {
    const of = (name: string, known: number | undefined): Multipart.Part => ({
      name,
      content: { open: pieces(), ...(known === undefined ? {} : { length: known }) },
    })
    expect(streamed(of('a', a), of('b', b)).length).toBe(length)
  })
  it('declares the length that is sent', async () => {
    const made = streamed({ name: 'a', content: { open: pieces('1', '2'), length: 2 } }, { name: 'b', content: '3' })
    expect(made.length).toBe((await read(made)).join('').length)
  })
})

describe('Multipart.boundaryOf', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data;boundary=abc; charset=x', 'abc'],
    ['multipart/form-data; charset=x;  BOUNDARY=abc;x', 'abc'],
    ['multipart/form-data;\tboundary=abc def', 'abc'],
    ['multipart/form-data; boundary="a b;c"', 'a b;c'],
    ['multipart/form-data; boundary=""', undefined],
    ['multipart/form-data; boundary="abc', undefined],
    ['multipart/form-data; boundary=', undefined],
    ['multipart/form-data; xboundary=abc', undefined],
    ['boundary=abc', undefined],
    ['multipart/form-data', undefined],
    ['', undefined],
  ])('finds in %j the boundary %j', (contentType, boundary) => expect(Multipart.boundaryOf(contentType)).toBe(boundary))
})

describe('Multipart.withBoundary', () => {
  it.each([
    ['multipart/form-data', 'multipart/form-data; boundary=XX'],
    ['multipart/mixed; charset=x; boundary="a b"', 'multipart/mixed; charset=x; boundary="a b"'],
    ['Multipart/Mixed; Charset=x; type="a b\\"', 'multipart/mixed; charset=x; boundary=XX'],
    ['multipart/related;type="a \\"b"; start=x', 'multipart/related; type="a \\"b"; start=x; boundary=XX'],
    ['multipart/mixed; boundary=""; charset=x; boundary=b', 'multipart/mixed; charset=x; boundary=XX'],
  ])('adds a boundary to %j only if it has none', (contentType, expected) =>
    expect(Multipart.withBoundary('XX')(contentType)).toBe(expected),
  )
})

import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Multipart from '../../src/values/Multipart.js'

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))

/** What types would not let through, and JavaScript does. The cast: that is the point of it. */
const foreign = (part: unknown): Multipart.Part => part as Multipart.Part

const whole = (...parts: ReadonlyArray<Multipart.Part>) =>
  pipe(
    Multipart.encode('XX')(parts),
    E.map((made) => (made._tag === 'Whole' ? Buffer.from(made.bytes).toString() : made._tag)),
  )

describe('parts from what a user writes', () => {
  it('are themselves where they are a list', () => {
    const parts: ReadonlyArray<Multipart.Part> = [{ name: 'a', content: '1' }]
    expect(Multipart.fromInput(parts)).toBe(parts)
  })
  it('take their names from a record, of contents and of parts', () => {
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
  it('are called what the key says', () => {
    const misnamed = { name: 'other', content: '1' }
    expect(Multipart.fromInput({ a: misnamed })).toEqual([{ name: 'a', content: '1' }])
  })
  it('see no content that a record does not hold itself, and take nothing for a content that is none', () => {
    const inherited = Object.create({ content: 'x' })
    expect(whole(...Multipart.fromInput({ a: inherited }))).toEqual(
      E.left('the content of the part "a" is neither text nor bytes nor a stream'),
    )
    // The cast: plain JavaScript may give anything.
    for (const nothing of [null, undefined]) {
      expect(whole(...Multipart.fromInput({ a: nothing as never }))).toEqual(
        E.left('the content of the part "a" is neither text nor bytes nor a stream'),
      )
    }
  })
})

describe('what is written', () => {
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
      'a file without a name, which is a file still',
      [{ name: '', content: '', filename: '', contentType: '' }],
      '--XX\r\nContent-Disposition: form-data; name=""; filename=""\r\n\r\n\r\n--XX--\r\n',
    ],
    [
      'headers of its own behind the type',
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
      'names escaped as HTML does it',
      [{ name: 'a"b\r\nc', content: '', filename: '"\r\n"é%;' }],
      '--XX\r\nContent-Disposition: form-data; name="a%22b%0D%0Ac"; filename="%22%0D%0A%22é%;"\r\n\r\n\r\n--XX--\r\n',
    ],
  ])('for %s', (_, parts, text) => expect(whole(...parts)).toEqual(E.right(text)))

  it('holds octets that are no text', () => {
    const made = Multipart.encode('XX')([{ name: 'a', content: Uint8Array.of(0xff, 0, 0x80) }])
    expect(E.isRight(made) && made.right._tag === 'Whole' && Buffer.from(made.right.bytes).toString('latin1')).toBe(
      '--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\0\x80\r\n--XX--\r\n',
    )
  })
  it('is only what a part says itself, whatever its prototype says', () => {
    const polluted = { filename: 'evil', contentType: 'evil/evil', headers: [['X-Evil', '1']] }
    const part = Object.assign(Object.create(polluted), { name: 'a', content: '1' })
    expect(whole(part)).toEqual(whole({ name: 'a', content: '1' }))
    const odd = Object.assign(Object.create({ filename: 7, contentType: 7 }), { name: 'a', content: '1' })
    expect(whole(odd)).toEqual(whole({ name: 'a', content: '1' }))
  })
})

describe('a part that cannot be written', () => {
  const content = '1'
  it.each<[unknown, string]>([
    [null, 'a part has no name that is text'],
    [undefined, 'a part has no name that is text'],
    ['text', 'a part has no name that is text'],
    [{ content }, 'a part has no name that is text'],
    [{ name: 7, content }, 'a part has no name that is text'],
    [{ name: 'a', content, filename: 7 }, 'the part "a" has a filename or content type that is not text'],
    [{ name: 'a', content, contentType: null }, 'the part "a" has a filename or content type that is not text'],
    [{ name: 'a' }, 'the content of the part "a" is neither text nor bytes nor a stream'],
    [{ name: 'a', content: null }, 'the content of the part "a" is neither text nor bytes nor a stream'],
    [{ name: 'a', content: 7 }, 'the content of the part "a" is neither text nor bytes nor a stream'],
    [{ name: 'a', content: {} }, 'the content of the part "a" is neither text nor bytes nor a stream'],
    [
      { name: 'a', content: Object.assign(() => 1, { open: () => 1 }) },
      'the content of the part "a" is neither text nor bytes nor a stream',
    ],
    [{ name: 'a', content: { open: 7 } }, 'the content of the part "a" is neither text nor bytes nor a stream'],
    [{ name: 'a', content, headers: [['X Y', '1']] }, 'the part "a" has a header "X Y" that cannot be written'],
    [{ name: 'a', content, headers: [['', '1']] }, 'the part "a" has a header "" that cannot be written'],
    [{ name: 'a', content, headers: [['X', 'a\rb']] }, 'the part "a" has a header "X" that cannot be written'],
    [{ name: 'a', content, headers: [['X', '\n']] }, 'the part "a" has a header "X" that cannot be written'],
    [{ name: 'a', content, headers: [['X', 'a\0']] }, 'the part "a" has a header "X" that cannot be written'],
    [
      { name: 'a', content, contentType: 'a\r\nB: c' },
      'the part "a" has a header "Content-Type" that cannot be written',
    ],
    [
      { name: '"\n', content, contentType: '\0' },
      'the part "\\"\\n" has a header "Content-Type" that cannot be written',
    ],
  ])('%j is refused, and said', (part, problem) => {
    expect(whole(foreign(part))).toEqual(E.left(problem))
    expect(whole({ name: 'good', content }, foreign(part))).toEqual(E.left(problem))
  })
  it('does not have its content shown', () => {
    expect(JSON.stringify(whole(foreign({ name: 'a', content: ['hunter2'] })))).not.toContain('hunter2')
    expect(JSON.stringify(whole({ name: 'a', content, headers: [['X', 'hunter2\n']] }))).not.toContain('hunter2')
  })
})

describe('a part that is a stream', () => {
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

  it('is not gathered, and is opened anew for each reading', async () => {
    const made = streamed({ name: 'a', content: { open: pieces('1', '2') } }, { name: 'b', content: '3' })
    const first = await read(made)
    expect(first).toContain('1')
    expect(first).not.toContain('12')
    expect(first.join('')).toBe(TEXT)
    expect((await read(made)).join('')).toBe(TEXT)
  })
  it.each<[string, number | undefined, number | undefined, number | undefined]>([
    ['both say theirs', 2, 1, TEXT.length],
    ['the first is empty', 0, 3, TEXT.length],
    ['the first says none', undefined, 1, undefined],
    ['the last says none', 2, undefined, undefined],
  ])('has a length with another where %s', (_, a, b, length) => {
    const of = (name: string, known: number | undefined): Multipart.Part => ({
      name,
      content: { open: pieces(), ...(known === undefined ? {} : { length: known }) },
    })
    expect(streamed(of('a', a), of('b', b)).length).toBe(length)
  })
  it('has the length that it is sent with', async () => {
    const made = streamed({ name: 'a', content: { open: pieces('1', '2'), length: 2 } }, { name: 'b', content: '3' })
    expect(made.length).toBe((await read(made)).join('').length)
  })
})

describe('the boundary that a Content-Type names', () => {
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
  ])('%j is %j', (contentType, boundary) => expect(Multipart.boundaryOf(contentType)).toBe(boundary))
})

/**
 * The format of server-sent events, case by case: the subjects of the web platform tests `eventsource/format-*`, in our own
 * examples. Every case holds for any division into chunks.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { events } from '../../src/wire/ServerSentEvents.js'
import { cutAt } from './chunks.js'

type Expected = ReadonlyArray<string>

/** `type data id retry`, as JSON texts, so that white space shows. */
const read = async (body: AsyncIterable<Uint8Array>): Promise<Expected> => {
  const seen: string[] = []
  for await (const { event, data, id, retry } of events()(body))
    seen.push(
      [event, data, id].map((text) => JSON.stringify(text)).join(' ') + (retry === undefined ? '' : ` ${retry}`),
    )
  return seen
}

const message = (data: string, id = '', retry = ''): string =>
  `"message" ${JSON.stringify(data)} ${JSON.stringify(id)}${retry === '' ? '' : ` ${retry}`}`

const CASES: ReadonlyArray<readonly [subject: string, text: string, expected: Expected]> = [
  // --- the byte order mark
  ['one byte order mark is dropped', '\uFEFFdata: a\n\n', [message('a')]],
  ['a second byte order mark belongs to the field name', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', [message('b')]],
  [
    'a byte order mark in the middle is not dropped',
    'data: a\n\n\uFEFFdata: b\n\ndata: c\n\n',
    [message('a'), message('c')],
  ],
  ['a byte order mark in a value stays', 'data:\uFEFFa\n\n', [message('\uFEFFa')]],
  // --- lines
  ['LF ends a line', 'data: a\n\ndata: b\n\n', [message('a'), message('b')]],
  ['CR ends a line', 'data: a\r\rdata: b\r\r', [message('a'), message('b')]],
  ['CRLF ends one line', 'data: a\r\n\r\ndata: b\r\n\r\n', [message('a'), message('b')]],
  ['all three may be mixed', 'data: a\r\ndata: b\ndata: c\r\ndata: d\r\r\n', [message('a\nb\nc\nd')]],
  ['LF and CR are two ends', 'data: a\n\rdata: b\n\n', [message('a'), message('b')]],
  ['other separators do not end a line', 'data: a\u2028b\u0085c\vd\fe\n\n', [message('a\u2028b\u0085c\vd\fe')]],
  ['empty lines alone are not events', '\n\r\n\r\n\n', []],
  // --- the end of the body
  ['an event without its empty line is dropped', 'data: a\n\ndata: b\n', [message('a')]],
  ['an event without the end of its last line is dropped', 'data: a\n\ndata: b', [message('a')]],
  ['an event that ends with one CR is dropped', 'data: a\r', []],
  ['an event that ends with two CR is not', 'data: a\r\r', [message('a')]],
  // --- comments
  ['comments are ignored, even in an event', ': c\n:\n\ndata: a\n:data: b\n\n:\n\n', [message('a')]],
  ['a long comment is ignored', `:${'c'.repeat(4096)}\ndata: a\n\n`, [message('a')]],
  // --- data
  ['lines of data are joined', 'data: a\ndata\ndata:b\n\n', [message('a\n\nb')]],
  ['data without a value is an event', 'data\n\ndata:\n\n', [message(''), message('')]],
  ['two lines of empty data are one line end', 'data\ndata\n\n', [message('\n')]],
  ['an event without data is not yielded', 'event: a\nid: 1\n\ndata: b\n\n', [message('b', '1')]],
  // --- a space
  ['one space after the colon is dropped', 'data:a\ndata: b\ndata:  c\n\n', [message('a\nb\n c')]],
  ['a tab after the colon stays', 'data:\ta\n\n', [message('\ta')]],
  ['a space before the colon belongs to the name', 'data : a\ndata: b\n\n', [message('b')]],
  ['a space before the name belongs to it', ' data: a\ndata: b\n\n', [message('b')]],
  ['later colons belong to the value', 'data: a:b: c\ndata::\n\n', [message('a:b: c\n:')]],
  // --- names
  ['names are case-sensitive', 'Data: a\nDATA: b\ndata: c\n\n', [message('c')]],
  ['unknown names are ignored', 'datas: a\n data\ndata: b\nmessage: c\nCross: d\n\n', [message('b')]],
  ['U+0000 in a name makes it unknown', 'data\0: a\n\0data: b\ndata: c\n\n', [message('c')]],
  ['U+0000 in data stays', 'data: a\0b\n\n', [message('a\0b')]],
  // --- event
  ['event sets the type of one event', 'event: x\ndata: a\n\ndata: b\n\n', ['"x" "a" ""', message('b')]],
  ['the last event field counts', 'event: x\nevent: y\ndata: a\n\n', ['"y" "a" ""']],
  ['an empty type is message', 'event: x\nevent:\ndata: a\n\nevent\ndata: b\n\n', [message('a'), message('b')]],
  ['the type of a block without data is forgotten', 'event: x\n\ndata: a\n\n', [message('a')]],
  // --- id
  ['an id is that of later events too', 'id: 1\ndata: a\n\ndata: b\n\n', [message('a', '1'), message('b', '1')]],
  ['an id without a value resets it', 'id: 1\ndata: a\n\nid\ndata: b\n\n', [message('a', '1'), message('b')]],
  [
    'an id with a colon and no value resets it',
    'id: 1\ndata: a\n\nid:\ndata: b\n\n',
    [message('a', '1'), message('b')],
  ],
  ['an id with U+0000 is ignored', 'id: 1\ndata: a\n\nid: 2\0\ndata: b\n\n', [message('a', '1'), message('b', '1')]],
  ['an id after the data counts', 'data: a\nid: 1\n\n', [message('a', '1')]],
  ['an id may have any other character', 'id: …é 😀\ndata: a\n\n', [message('a', '…é 😀')]],
  // --- retry
  ['retry sets the time', 'retry: 3000\ndata: a\n\n', [message('a', '', '3000')]],
  ['retry without an event counts', 'retry: 5\n\ndata: a\n\n', [message('a', '', '5')]],
  ['leading zeros are digits', 'retry: 007\ndata: a\n\n', [message('a', '', '7')]],
  ...['1000x', '-1', '1.5', '1e3', ' 5', '0x10', '٣', ''].map(
    (value) =>
      [
        `retry: ${JSON.stringify(value)} is ignored`,
        `retry: 3\nretry: ${value}\ndata: a\n\n`,
        [message('a', '', '3')],
      ] as const,
  ),
  ['retry without a colon is ignored', 'retry: 3\nretry\ndata: a\n\n', [message('a', '', '3')]],
  // --- characters
  ['text is UTF-8', 'data: ok…é😀\n\n', [message('ok…é😀')]],
]

describe('the format', () => {
  it.each(CASES)('%s', async (_, text, expected) => {
    expect(await read(cutAt(text, []))).toEqual(expected)
    expect(
      await read(
        cutAt(
          text,
          Array.from({ length: Buffer.byteLength(text) }, (__, i) => i),
        ),
      ),
    ).toEqual(expected)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 80 }), { maxLength: 4 }), async (at) => {
        expect(await read(cutAt(text, at))).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })
  it('reads bytes that are not UTF-8 as U+FFFD', async () => {
    const body = async function* () {
      yield Buffer.from([0x64, 0x61, 0x74, 0x61, 0x3a, 0xff, 0xc3])
      yield Buffer.from('\n\n')
    }
    expect(await read(body())).toEqual([message('\ufffd\ufffd')])
  })
})

describe('a hostile stream', () => {
  /** Yields the same piece until the reader stops, and counts. */
  const endless = (piece: string) => {
    const seen = { pieces: 0 }
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for (const bytes = Buffer.from(piece); ; seen.pieces += 1) yield bytes
    }
    return { seen, body: body() }
  }
  const tooLarge = async (piece: string): Promise<number> => {
    const { seen, body } = endless(piece)
    const reading = (async () => {
      for await (const _ of events({ maxLength: 10_000 })(body));
    })()
    await expect(reading).rejects.toMatchObject({ _tag: 'BodyTooLarge' })
    return seen.pieces
  }
  it.each([
    ['a line', 'data:xxxxx'],
    ['a comment', ':xxxxxxxxx'],
    ['an unknown field', 'xxxxxxxxxx'],
    ['data in lines', 'data:xxxx\n'],
    ['empty data', 'data\ndata\n'],
  ])('without an end is BodyTooLarge: %s', async (_, piece) => {
    expect(await tooLarge(piece)).toBeLessThan(6_000)
  })
  it('is read in linear time: one long line in small chunks, and empty lines in one chunk', async () => {
    const time = async (chunks: ReadonlyArray<string>): Promise<number> => {
      const start = performance.now()
      await read(
        (async function* () {
          for (const chunk of chunks) yield Buffer.from(chunk)
        })(),
      )
      return performance.now() - start
    }
    // eventsource-parser 3.1.1 needs 6 seconds for the second one.
    expect(await time(['data:', ...Array.from({ length: 200_000 }, () => 'x'), '\n\n'])).toBeLessThan(4_000)
    expect(await time(['\r'.repeat(1_000_000)])).toBeLessThan(4_000)
  })
})

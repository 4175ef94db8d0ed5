/** Server-sent events, for any division into chunks, against a model that reads the whole text at once. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import {
  decodeEvents,
  type EventsOptions,
  events,
  type PositionChange,
  readEvents,
  type ServerSentEvent,
  START,
  type StreamPosition,
} from '../../src/wire/ServerSentEvents.js'
import { untyped } from '../untyped.js'
import { collect, cutAt } from './chunks.js'

/** Returns the items, and what was thrown after them. */
const collectAll = async (items: AsyncIterable<unknown>): Promise<readonly [unknown[], unknown]> => {
  const all: unknown[] = []
  try {
    for await (const item of items) all.push(item)
  } catch (cause) {
    return [all, cause]
  }
  return [all, undefined]
}

/** The grammar of the standard: blocks end with an empty line, and the last block without one is dropped. */
const model = (text: string): ReadonlyArray<ServerSentEvent> => {
  const blocks = `\n${text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n')}`.split(/(?<=\n)\n/).slice(0, -1)
  let before: Pick<ServerSentEvent, 'id' | 'retry'> = { id: '' }
  return blocks.flatMap((block) => {
    const pairs = Array.from(block.matchAll(/^([^:\n]+)(?:: ?(.*))?$/gm), ([, name, value = '']) => ({ name, value }))
    const values = (name: string) => pairs.filter((pair) => pair.name === name).map(({ value }) => value)
    const id = values('id').findLast((value) => !value.includes('\0'))
    const retry = values('retry').findLast((value) => /^\d+$/.test(value))
    before = {
      ...before,
      ...(id === undefined ? {} : { id }),
      ...(retry === undefined ? {} : { retry: Number(retry) }),
    }
    const data = values('data')
    return data.length === 0 ? [] : [{ event: values('event').at(-1) || 'message', data: data.join('\n'), ...before }]
  })
}

const name = fc.constantFrom('data', 'event', 'id', 'retry', 'other', ' data', 'datax', '')
const value = fc.constantFrom('', ' ', 'a', '  b', 'é😀', ':', 'c:d', '12', '1x', 'x\0y', '٣')
const line = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, fc.constantFrom(':', ': '), value).map((parts) => parts.join('')) },
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: name },
)
const stream = fc
  .tuple(
    fc.constantFrom('', '\uFEFF'),
    fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 16 }),
    fc.constantFrom('', 'data: cut'),
  )
  .map(([mark, lines, end]) => mark + lines.map((parts) => parts.join('')).join('') + end)
const offsets = fc.array(fc.nat({ max: 120 }), { maxLength: 12 })

describe('events', () => {
  it('are those of the standard, for any chunks', () =>
    fc.assert(
      fc.asyncProperty(stream, offsets, async (text, at) => {
        expect(await collect(events()(cutAt(text, at)))).toEqual(model(text))
      }),
      { numRuns: 500 },
    ))
  it('are read as in the examples of the standard', async () => {
    const text = ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'
    expect(await collect(events()(cutAt(text, [])))).toEqual([
      { event: 'message', data: 'first event', id: '1' },
      { event: 'message', data: 'second event', id: '' },
      { event: 'message', data: ' third event', id: '' },
    ])
    expect(await collect(events()(cutAt('data\n\ndata\ndata\n\ndata:', [])))).toEqual([
      { event: 'message', data: '', id: '' },
      { event: 'message', data: '\n', id: '' },
    ])
  })
  it('arrive as soon as they are complete', async () => {
    const arriving = events()(
      (async function* () {
        yield Buffer.from('data: a\n\n')
        throw new Error('read too far')
      })(),
    )
    expect(await arriving.next()).toEqual({ done: false, value: { event: 'message', data: 'a', id: '' } })
  })
  it('longer than maxLength are BodyTooLarge, as one line or as many', async () => {
    const failure = (text: string) =>
      collect(events({ maxLength: 12 })(cutAt(text, []))).catch((cause: unknown) => cause)
    expect(await failure('data: 123456\n\n')).toHaveLength(1)
    expect(await failure('data: 1234567\n\n')).toMatchObject({ _tag: 'BodyTooLarge' })
    expect(await failure('data:12345\n'.repeat(2))).toEqual([])
    expect(await failure('data:12345\n'.repeat(3))).toMatchObject({ _tag: 'BodyTooLarge' })
    expect(await failure('data:\n'.repeat(20))).toMatchObject({ _tag: 'BodyTooLarge' })
  })
  it('keep the last reconnection time that is valid', async () => {
    const text = 'retry: 12\ndata: a\n\nretry: 1x\nretry\nretry: -1\ndata: b\n\n'
    expect((await collect(events()(cutAt(text, [])))).map(({ retry }) => retry)).toEqual([12, 12])
    expect(await collect(events()(cutAt(`retry: ${'9'.repeat(400)}\ndata: a\n\n`, [])))).toEqual([
      { event: 'message', data: 'a', id: '' },
    ])
  })
})

describe('the position after a stream', () => {
  const positionAfter = async (text: string, at: ReadonlyArray<number>): Promise<StreamPosition> => {
    let position = START
    const onPosition = (to: StreamPosition): void => {
      position = to
    }
    await collect(readEvents(cutAt(text, at), undefined, START, onPosition))
    return position
  }
  it('has the last id of a complete block, and the last time in a complete line, for any chunks', () =>
    fc.assert(
      fc.asyncProperty(stream, offsets, async (text, at) => {
        const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)
        const complete = lines.slice(0, lines.slice(0, -1).lastIndexOf('') + 1)
        const ids = complete.flatMap((line) => /^id(?::? ?$|: ?([^\0]*)$)/.exec(line)?.slice(1) ?? [])
        const times = lines.slice(0, -1).flatMap((line) => /^retry: ?(\d+)$/.exec(line)?.slice(1) ?? [])
        const position = await positionAfter(text, at)
        expect(position.id).toBe(ids.at(-1) ?? '')
        // A last line without an end may be cut, so its time does not count.
        expect(position.retry).toBe(times.length === 0 ? undefined : Number(times.at(-1)))
      }),
    ))
  it('has the id of a block without data, and not that of a block without an end', async () => {
    expect(await positionAfter('id: 1\n\n', [])).toEqual({ id: '1' })
    expect(await positionAfter('data: a\nid: 1\n\ndata: b\nid: 2\n', [])).toEqual({ id: '1' })
    expect(await positionAfter('retry: 5\n\n', [])).toEqual({ id: '', retry: 5 })
    expect(await positionAfter('retry: 5\n\nretry: 1', [])).toEqual({ id: '', retry: 5 })
    expect(await positionAfter('id: 1\n\nid\n\n', [])).toEqual({ id: '' })
  })
  it('has the time of a last line with its end, also in UTF-16 or before an error', async () => {
    for (const end of ['\n', '\r', '\r\n'])
      expect(await positionAfter(`data: x\n\nretry: 5000${end}`, [])).toEqual({ id: '', retry: 5000 })
    let position = START
    const onPosition = (to: StreamPosition): void => {
      position = to
    }
    const wide = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('\uFEFFretry: 7\n', 'utf16le')
    }
    await collect(readEvents(wide(), undefined, START, onPosition))
    expect(position).toEqual({ id: '', retry: 7 })
    const cut = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('retry: 8\nretry: 9')
      throw new Error('cut')
    }
    await expect(collect(readEvents(cut(), undefined, START, onPosition))).rejects.toThrow('cut')
    expect(position).toEqual({ id: '', retry: 8 })
  })
  it('is told for an id that is set again or empty, because it replaces one of the request', async () => {
    const moves: unknown[] = []
    const onPosition = ({ id }: StreamPosition, moved: PositionChange): void => void moves.push([id, moved])
    await collect(
      readEvents(cutAt('id\n\nretry: 1\nid: 2\n\nid: 2\n\ndata: a\n\nid: 3', []), undefined, START, onPosition),
    )
    expect(moves).toEqual([
      ['', 'Id'],
      ['', 'Retry'],
      ['2', 'Id'],
      ['2', 'Id'],
    ])
  })
  it('is where the next body of the stream continues', async () => {
    const continued = readEvents(cutAt('data: a\n\nid: 8\ndata: b\n\n', []), undefined, { id: '7', retry: 5 }, () => {})
    expect(await collect(continued)).toEqual([
      { event: 'message', data: 'a', id: '7', retry: 5 },
      { event: 'message', data: 'b', id: '8', retry: 5 },
    ])
  })
})

describe('until', () => {
  it('ends before the first event with exactly this data (property)', () =>
    fc.assert(
      fc.asyncProperty(stream, offsets, fc.constantFrom('', 'a', '[DONE]', '12'), async (text, at, until) => {
        const all = model(text)
        const end = all.findIndex(({ data }) => data === until)
        const [read, thrown] = await collectAll(events({ until })(cutAt(text, at)))
        expect(read).toEqual(end < 0 ? all : all.slice(0, end))
        if (end < 0) expect(thrown).toMatchObject({ _tag: 'BodyCut' })
        else expect(thrown).toBeUndefined()
      }),
    ))
  it('closes the body, and does not read what follows', async () => {
    let isClosed = false
    const body = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield Buffer.from('data: a\n\ndata: [DONE]\n\n')
        throw new Error('read too far')
      } finally {
        isClosed = true
      }
    }
    expect(await collect(events({ until: '[DONE]' })(body()))).toHaveLength(1)
    expect(isClosed).toBe(true)
  })
  it('is not found in other data', async () => {
    const text = 'data: [DONE] \n\ndata:  [DONE]\n\nevent: [DONE]\ndata: [DONE\n\n'
    const [read, thrown] = await collectAll(events({ until: '[DONE]' })(cutAt(text, [])))
    expect(read).toHaveLength(3)
    expect(thrown).toMatchObject({ _tag: 'BodyCut', message: expect.stringContaining('"[DONE]"') })
  })
  it('that does not come makes decoded events fail after the last one', async () => {
    const [read, thrown] = await collectAll(
      events(t.number.decode, { until: 'end' })(cutAt('data: 1\n\ndata: 2\n', [])),
    )
    expect(read).toMatchObject([{ right: { data: 1 } }])
    expect(thrown).toMatchObject({ _tag: 'BodyCut' })
  })
  it('does not fail for a reader that stops', async () => {
    for await (const event of events({ until: 'end' })(cutAt('data: 1\n\n', []))) {
      expect(event.data).toBe('1')
      break
    }
  })
})

describe('decoded events', () => {
  const Delta = t.type({ text: t.string })
  const ZodDelta = z.object({ text: z.string() })
  const block = fc.oneof(
    fc.string().map((text) => `id: 1\ndata: ${JSON.stringify({ text })}\n\n`),
    fc.constantFrom('data: {"text":1}\n\n', 'data: no\n\n', ': ping\n\n', 'data: {"text":\ndata: "a"}\n\n'),
  )
  it('are the events, each with the outcome of its data (property)', () =>
    fc.assert(
      fc.asyncProperty(fc.array(block), offsets, async (blocks, at) => {
        const text = blocks.join('')
        const expected = model(text).map((event) => {
          try {
            const decoded = Delta.decode(JSON.parse(event.data))
            return E.isRight(decoded) ? { ...event, data: decoded.right } : 'InvalidPayload'
          } catch {
            return 'NotJson'
          }
        })
        for (const read of [events(Delta.decode), events(ZodDelta)]) {
          const outcomes: unknown[] = []
          for await (const outcome of read(cutAt(text, at)))
            outcomes.push(E.isRight(outcome) ? outcome.right : outcome.left._tag)
          expect(outcomes).toEqual(expected)
        }
      }),
    ))
  it('have the event as it was received in an error, and its position', async () => {
    const text = 'id: 5\nevent: error\ndata: overloaded\n\ndata: {"text":5}\n\n'
    const outcomes = await collect(events(Delta.decode)(cutAt(text, [])))
    expect(outcomes).toMatchObject([
      { left: { _tag: 'NotJson', event: { event: 'error', data: 'overloaded', id: '5' } } },
      { left: { _tag: 'InvalidPayload', paths: ['text'], event: { event: 'message', data: '{"text":5}', id: '5' } } },
    ])
  })
  it('end at until before it is parsed', async () => {
    const body = cutAt('data: {"text":"a"}\n\ndata: [DONE]\n\ndata: no\n\n', [])
    expect(await collect(events(ZodDelta, { until: '[DONE]' })(body))).toMatchObject([
      { right: { data: { text: 'a' } } },
    ])
  })
  it('wait for an asynchronous schema', async () => {
    const later = ZodDelta.refine(async ({ text }) => text !== 'b')
    const body = cutAt('data: {"text":"a"}\n\ndata: {"text":"b"}\n\n', [])
    expect((await collect(events(later)(body))).map(({ _tag }) => _tag)).toEqual(['Right', 'Left'])
  })
  it('can come from any iterable of events', async () => {
    const source = events()(cutAt('data: {"text":"a"}\n\n', []))
    expect(await collect(decodeEvents(Delta.decode)(source))).toMatchObject([{ right: { data: { text: 'a' } } }])
  })
  it('are SchemaFailed, one for each, if the schema throws', async () => {
    const broken = z.unknown().transform(() => {
      throw new Error('hunter2')
    })
    const outcomes = await collect(events(broken)(cutAt('data: 1\n\ndata: 2\n\n', [])))
    expect(outcomes).toMatchObject([{ left: { _tag: 'SchemaFailed' } }, { left: { _tag: 'SchemaFailed' } }])
  })
})

describe('events in untyped code', () => {
  const read = async (first: unknown, options?: unknown): Promise<ReadonlyArray<unknown>> =>
    collect(events(untyped<EventsOptions>(first), ...untyped<[]>([options]))(cutAt('data: 1\n\ndata: 2\n\n', [])))
  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 5],
    ['text', 'x'],
    ['a list', []],
    ['an io-ts codec instead of its decode', t.number],
    ['a schema of another version', { '~standard': { version: 2 } }],
  ])('are SchemaFailed, one for each, for %s', async (_, wrong) => {
    expect(await read(wrong)).toMatchObject([{ left: { _tag: 'SchemaFailed' } }, { left: { _tag: 'SchemaFailed' } }])
  })
  it('are read with options that are missing or null', async () => {
    expect(await read(undefined)).toMatchObject([{ data: '1' }, { data: '2' }])
    expect(await read({ until: 5, maxLength: 'x' })).toMatchObject([{ data: '1' }, { data: '2' }])
    expect(await read(t.number.decode, null)).toMatchObject([{ right: { data: 1 } }, { right: { data: 2 } }])
  })
})

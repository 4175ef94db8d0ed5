/** Server-sent events, for any division into chunks, against a model that reads the whole text at once. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { events, type ServerSentEvent } from '../../src/wire/ServerSentEvents.js'
import { collect, cutAt } from './chunks.js'

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

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Response from '../../src/Response.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import { compactJson, escapeControls, parseJson, quoted, reasonReader } from '../../src/values/Printable.js'
import * as BodyReaders from '../../src/wire/BodyReaders.js'
import * as Fault from '../../src/wire/Fault.js'

const EVIL = '\x1b[2J\x1b]0;pwned\x07\r\nforged\u2028\u202egnirts\u2066\u061c\x85'
const CONTROLS = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

it('escapes every control character, line break and change of direction, and nothing else (specification)', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !CONTROLS.test(escapeControls(text))))
  fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => escapeControls(text) === text))
  expect(escapeControls('é 日本 ‹›')).toBe('é 日本 ‹›')
  expect(escapeControls('\x1b[32m\u202e')).toBe('\\x1b[32m\\u202e')
  expect(escapeControls('\x07\u061c')).toBe('\\x07\\u061c')
})

describe('the reason of a thrown value', () => {
  const unreadable = {
    get message(): string {
      throw new Error('hidden')
    },
  }
  it.each<[string, unknown, string]>([
    ['an error', new Error(' no '), 'no'],
    ['an error without a message', new Error(' '), 'EMPTY'],
    ['a record with a message', { message: 'no' }, 'no'],
    ['a record whose message is not a string', { message: 5 }, 'EMPTY'],
    ['a record without a message', Object.create(null), 'EMPTY'],
    ['a record whose message cannot be read', unreadable, 'UNREADABLE'],
    ['text', ' no ', 'no'],
    ['empty text', '', 'EMPTY'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a symbol', Symbol('no'), 'Symbol(no)'],
    ['errors without a common message', new AggregateError([new Error('a'), unreadable, 'b']), 'a; UNREADABLE; b'],
    ['no errors', new AggregateError([]), 'EMPTY'],
    ['errors with a common message', new AggregateError([new Error('a')], 'all'), 'all'],
  ])('is read from %s', (_, thrown, reason) => expect(reasonReader('EMPTY', 'UNREADABLE')(thrown)).toBe(reason))
})

it('escapes the messages of faults and of their causes', () => {
  const { message, cause } = Fault.make('ProxyFailed', `refused: ${EVIL}`, new Error(EVIL))
  expect(message).not.toMatch(CONTROLS)
  expect(cause?.message).not.toMatch(CONTROLS)
  expect(Fault.messageOf(EVIL)).not.toMatch(CONTROLS)
})

describe('foreign text in a message (specification)', () => {
  it.each([
    ['', '""'],
    ['a"b\n', '"a\\"b\\n"'],
    ['x'.repeat(64), `"${'x'.repeat(64)}"`],
    ['x'.repeat(65), `"${'x'.repeat(64)}…"`],
  ])('%j is quoted and truncated', (text, expected) => expect(quoted(text)).toBe(expected))
})

describe('compactJson (specification)', () => {
  it.each([
    ['12345678901234567890', '12345678901234567890'],
    ['{"a": [1.10, -0.0, 1e400]}', '{"a":[1.10,-0.0,1e400]}'],
    ['"a \\" 1.0 \\u0041"', '"a \\" 1.0 A"'],
    [' [ true , null ] ', '[true,null]'],
  ])('keeps the numbers of %s', (text, expected) => expect(compactJson(text)).toEqual(E.right(expected)))

  it('equals JSON.stringify if the numbers are in their shortest form', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain = JSON.stringify(JSON.parse(text))
        expect(compactJson(JSON.stringify(JSON.parse(text), null, 2))).toEqual(E.right(plain))
      }),
    )
  })

  it('refuses text that is not JSON', () => expect(E.isLeft(compactJson('{a:1}'))).toBe(true))
})

describe('errors of parseJson', () => {
  it.each([
    ['', /: it ends too early$/],
    ['{"a":', /: it ends too early$/],
    ['{a:1}', /, at position 1$/],
    ['hunter2', /JSON$/],
    ['["hunter2" at position 77]', /, at position 11$/],
    ['hunter2 at position 77', /JSON$/],
  ])('describe %j without quoting it: %s (specification)', (text, problem) => {
    expect(parseJson(text)).toEqual(E.left(expect.stringMatching(problem)))
  })

  it.each(['hunter2', '{"token": hunter2}', '{"token":"hunter2"', '{"token":"hunter2",}', '"hunter2" hunter2'])(
    'never quote the text %j',
    async (text) => {
      const trace = Exchange.simulate({ session: Session.empty })(() => ({ status: 200, body: text }))(
        Request.get('http://h.test/'),
      )
      const read = pipe(trace.outcome, E.flatMap(Response.json(E.right)))
      expect(E.isLeft(read) ? read.left.message : read).not.toContain('hunter')
      const lines: Array<unknown> = []
      async function* body() {
        yield Buffer.from(text)
      }
      for await (const line of BodyReaders.jsonLines(E.right)(body())) {
        if (E.isLeft(line) && '_tag' in line.left) lines.push(line.left.message)
      }
      expect(lines).toHaveLength(1)
      expect(String(lines)).not.toContain('hunter')
    },
  )
})

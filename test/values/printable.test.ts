import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { escapeControls, quoted } from '../../src/values/Printable.js'
import * as Fault from '../../src/wire/Fault.js'

const EVIL = '\x1b[2J\x1b]0;pwned\x07\r\nforged\u2028\u202egnirts\u2066\u061c\x85'
const CONTROLS = /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

it('escapes every control character, line break and change of direction, and nothing else (specification)', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !CONTROLS.test(escapeControls(text))))
  fc.assert(fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => escapeControls(text) === text))
  expect(escapeControls('é 日本 ‹›')).toBe('é 日本 ‹›')
  expect(escapeControls('\x1b[32m\u202e')).toBe('\\x1b[32m\\u202e')
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

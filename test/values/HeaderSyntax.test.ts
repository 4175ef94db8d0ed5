import { describe, expect, it } from 'vitest'
import * as HeaderSyntax from '../../src/values/HeaderSyntax.js'

describe('skipping white space (specification)', () => {
  it.each([
    ['  a', 0, 2],
    ['a  ', 0, 0],
    ['a  ', 1, 3],
    ['a \t\r\n b', 1, 6],
    ['   ', 0, 3],
    ['   ', 3, 3],
    ['', 0, 0],
  ])('skips the white space of %j from %i to %i', (text, from, to) =>
    expect(HeaderSyntax.skipWhile(text, from, HeaderSyntax.isWhitespace)).toBe(to),
  )
  it.each([
    [' ', true],
    ['\t', true],
    ['\n', true],
    ['\u00a0', true],
    ['a', false],
    [',', false],
    ['\0', false],
  ])('%j is white space: %s', (character, expected) => expect(HeaderSyntax.isWhitespace(character)).toBe(expected))
})

describe('trimming blanks (specification)', () => {
  it.each([
    ['', ''],
    [' \t', ''],
    ['\t a b \t ', 'a b'],
    ['a', 'a'],
    ['\u00a0a\n', '\u00a0a\n'],
  ])('of %j leaves %j', (text, trimmed) => expect(HeaderSyntax.trimBlanks(text)).toBe(trimmed))
})

describe('quoted strings (specification)', () => {
  it.each([
    ['""', 0, 2],
    ['"a"', 0, 3],
    ['"a" "b"', 0, 3],
    ['"a" "b"', 4, 7],
    ['"a\\"b"', 0, 6],
    ['"\\\\"x"', 0, 4],
    ['"', 0, undefined],
    ['"a', 0, undefined],
    ['"a\\"', 0, undefined],
    ['"a\\', 0, undefined],
  ])('finds the end of the one in %j at %i: %s', (text, at, end) =>
    expect(HeaderSyntax.quotedStringEnd(text, at)).toBe(end),
  )
  it.each([
    ['""', ''],
    ['"a b"', 'a b'],
    ['"a\\"b\\"c"', 'a"b"c'],
    ['"\\\\n"', '\\n'],
    ['"\\\n"', '\n'],
    ['"\\☃"', '☃'],
  ])('reads the content of %j as %j', (quoted, text) => expect(HeaderSyntax.unquote(quoted)).toBe(text))
})

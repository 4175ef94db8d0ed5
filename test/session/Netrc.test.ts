import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Netrc from '../../src/session/Netrc.js'
import * as Secret from '../../src/values/Secret.js'

/** The entry for a host as `user:password`, or what is wrong with the file. */
const entry = (text: string, host = 'h') =>
  pipe(
    Netrc.parse(text),
    E.match(
      (problem) => `unreadable: ${problem}`,
      (entries) =>
        pipe(
          Netrc.lookup(host)(entries),
          O.match(
            () => 'none',
            ({ user, pass }) => `${user}:${Secret.reveal(pass)}`,
          ),
        ),
    ),
  )

const WORD = 'unreadable: a word that is not machine, default or macdef'
const FIELD = 'unreadable: a word that is not login, account or password'
const MACRO = 'unreadable: a macdef is not ended by an empty line'
const NAME = 'unreadable: machine without a host name'

describe('an entry', () => {
  it.each([
    ['machine h login u password p', 'u:p'],
    ['machine h password p login u', 'u:p'],
    ['machine h user u', 'u:'],
    ['machine h login u password', 'u:'],
    ['machine h login', 'none'],
    ['machine h', 'none'],
    ['machine h password p', ':p'],
    ['machine h account a', 'a:'],
    ['machine h account a password p', 'a:p'],
    ['machine h login u account a password p', 'u:p'],
    ['machine h login u login v', 'v:'],
    ['machine h login "" password p', ':p'],
    ['machine h password p "" what', ':p'],
    ['machine h login a password b machine h login c password d', 'c:d'],
    ['machine h login a password b machine h', 'none'],
    ['machine h login u password p default', 'u:p'],
    ['machine h login u password p machine i', 'u:p'],
    ['machine H login u password p', 'none'],
    ['machine __proto__ login u password p', 'none'],
    ['"" machine h login u password p', 'none'],
    [' \n ', 'none'],
    ['', 'none'],
  ])('of %j is %s', (text, expected) => expect(entry(text)).toBe(expected))

  it.each([
    ['machine other login x password y default login d password e', 'd:e'],
    ['default login d password e machine h login u password p', 'u:p'],
    ['machine h default login d password e', 'none'],
    ['machine default login d password e', 'd:e'],
    ['default', 'none'],
  ])('is the default where the host has none of its own: %j gives %s', (text, expected) =>
    expect(entry(text)).toBe(expected),
  )

  it.each([
    ['machine', 'machine machine login u password p'],
    ['a b', 'machine "a b" login u password p'],
    ['#h', 'machine #h login u password p'],
  ])('is that of a machine whatever it is called: %s', (host, text) => expect(entry(text, host)).toBe('u:p'))
})

describe('a word', () => {
  it.each([
    ['ends at any blank', 'machine\th\r\nlogin\nu \t\r\n password\rp', 'u:p'],
    ['may stand in quotes', '"machine" h login "u v" password "p q"', 'u v:p q'],
    ['may hold the end of a line in quotes, whatever it is', 'machine h login "a\r\nb" password "c\rd"', 'a\nb:c\nd'],
    ['holds a quote behind a backslash', 'machine h login "a\\"b" password p\\"q', 'a"b:p"q'],
    ['holds a blank behind a backslash', 'machine h login a\\ b password p', 'a b:p'],
    ['may begin with a backslash, which is no part of it', 'machine h login \\u password \\"p', 'u:"p'],
    ['may hold a quote inside', 'machine h login u password p"q r"', FIELD],
    ['that is quoted ends with the text', 'machine h login u password "p q', 'u:p q'],
    ['loses a backslash at the end of the text', 'machine h login u password p\\', 'u:p'],
    ['loses it in quotes too', 'machine h login u password "p\\', 'u:p'],
  ])('%s', (_, text, expected) => expect(entry(text)).toBe(expected))
})

describe('a comment', () => {
  it.each([
    ['# machine\nmachine h login u password p', 'u:p'],
    ['# machine h login x password y\nmachine h login u password p', 'u:p'],
    ['#\nmachine h login u password p', 'u:p'],
    ['#x\nmachine h login u password p', 'u:p'],
    // Python's reader, too, takes only a lone `#` for the beginning of a line of comment between entries.
    ['#x machine h login u password p', 'u:p'],
    ['machine h login u # password x login y\n password p', 'u:p'],
    ['machine h login u #c password x\n password p', 'u:p'],
    ['machine h login u #\n password p', 'u:p'],
    ['machine h login u #c\n password p', 'u:p'],
    ['machine h login u\n# password x\npassword p', 'u:p'],
    ['machine h login u\r\n# a comment\r\npassword p\r\n# the end\r\n', 'u:p'],
    ['machine h login u\r# a comment\rpassword p', 'u:p'],
    ['machine h login u password p # the end', 'u:p'],
    ['machine h login u password p\n#', 'u:p'],
    ['# only', 'none'],
    ['#', 'none'],
    ['machine h login u password #p', 'u:#p'],
    ['machine h login # password p', '#:p'],
    ['machine h login u password p#x', 'u:p#x'],
  ])('is left out: %j gives %s', (text, expected) => expect(entry(text)).toBe(expected))
})

describe('a macro', () => {
  it.each([
    ['macdef x\ncd /tmp\n\nmachine h login u password p', 'u:p'],
    ['macdef x\n\nmachine h login u password p', 'u:p'],
    ['macdef x\n \n\nmachine h login u password p', 'u:p'],
    ['macdef x\nmachine h login x password y\n\nmachine h login u password p', 'u:p'],
    ['macdef x\ncd /tmp\nget f\n\nmachine h login u password p', 'u:p'],
    ['macdef x y\n\nmachine h login u password p', 'u:p'],
    ['machine h login u password p macdef x\ncd\n\n', 'u:p'],
    ['macdef x\r\ncd /tmp\r\n\r\nmachine h login u password p', 'u:p'],
    ['macdef x\rcd /tmp\r\rmachine h login u password p', 'u:p'],
    ['macdef x\ncd /tmp', MACRO],
    ['macdef x\ncd /tmp\n', MACRO],
    ['macdef x\n', MACRO],
    ['macdef x', MACRO],
    ['macdef\n\nmachine h login u password p', MACRO],
    ['macdef', MACRO],
  ])('goes up to an empty line: %j gives %s', (text, expected) => expect(entry(text)).toBe(expected))
})

describe('a file that cannot be read whole', () => {
  it.each([
    ['MACHINE h', WORD],
    ['login u', WORD],
    ['\ufeffmachine h login u password p', WORD],
    ['machine h login u password p bogus', FIELD],
    ['machine h toString x', FIELD],
    ['machine h login u password p machine', NAME],
    ['machine', NAME],
    ['machine ""', NAME],
    ['machine "" login u password p', NAME],
    ['machine \\', NAME],
  ])('gives no entry, and says why: %j is %s', (text, expected) => expect(entry(text)).toBe(expected))
  it('names no word in its errors, for it may be a password', () => {
    expect(JSON.stringify(Netrc.parse('machine h password p hunter2'))).not.toContain('hunter2')
  })
})

it('reads a large file in good time', () => {
  const started = performance.now()
  expect(entry(`${'machine x login y password z\n'.repeat(40_000)}machine h login u password p`)).toBe('u:p')
  expect(performance.now() - started).toBeLessThan(3_000)
})

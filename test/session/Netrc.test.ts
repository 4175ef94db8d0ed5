import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Netrc from '../../src/session/auth/Netrc.js'
import * as Secret from '../../src/values/Secret.js'

/** Returns the entry for a host as `user:password`, `none`, or `invalid` if the file has no valid entry. */
const entry = (text: string, host = 'h') =>
  pipe(
    Netrc.parse(text),
    E.match(
      () => 'invalid',
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
    ['machine h login a password b machine h login c password d', 'a:b'],
    ['machine h login a password b machine h', 'a:b'],
    ['machine h login u machine h login u password p', 'u:p'],
    ['machine h login a machine h login b', 'a:'],
    ['\ufeffmachine h login u password p', 'u:p'],
    ['machine h login u password p\ufeff', 'u:p\ufeff'],
    ['machine h login u password p default', 'u:p'],
    ['machine h login u password p machine i', 'u:p'],
    ['machine H login u password p', 'u:p'],
    ['machine h. login u password p', 'u:p'],
    ['machine __proto__ login u password p', 'none'],
    ['"" machine h login u password p', 'u:p'],
    [' \n ', 'none'],
    ['', 'none'],
  ])('of %j is %s', (text, expected) => expect(entry(text)).toBe(expected))

  it.each([
    ['machine other login x password y default login d password e', 'd:e'],
    ['default login d password e machine h login u password p', 'u:p'],
    ['machine h default login d password e', 'none'],
    ['machine default login d password e', 'none'],
    ['default', 'none'],
  ])('of default is used for a host without an entry: %j gives %s', (text, expected) =>
    expect(entry(text)).toBe(expected),
  )

  it.each([
    ['machine', 'machine machine login u password p'],
    ['a b', 'machine "a b" login u password p'],
    ['#h', 'machine #h login u password p'],
  ])('is found for a machine called %s', (host, text) => expect(entry(text, host)).toBe('u:p'))

  it.each([
    ['bücher.test', 'xn--bcher-kva.test', true],
    ['[0:0::1]', '::1', true],
    ['0:0::1', '[::1]', true],
    ['[::1]', '[::2]', false],
    ['a.b', 'ab', false],
    ['a[b]', 'ab', false],
    ['[a]b', 'ab', false],
    ['a/b', 'a', false],
    ['a?b', 'a', false],
    ['a#b', 'a', false],
    ['a@b', 'b', false],
    ['a\\\\b', 'a', false],
  ])('of the machine %s is for the host %s: %s', (machine, host, expected) => {
    const text = `machine ${machine} login u password p`
    expect([entry(text, host), entry(text, machine.replace('\\\\', '\\'))]).toEqual([expected ? 'u:p' : 'none', 'u:p'])
  })
})

describe('a word', () => {
  it.each([
    ['ends at white space', 'machine\th\r\nlogin\nu \t\r\n password\rp', 'u:p'],
    ['may be quoted', 'machine h login "u v" password "p q"', 'u v:p q'],
    ['is not a keyword of an entry if it is quoted', 'machine h password p "login" u', ':p'],
    ['does not start an entry if it is quoted', 'machine h login u "machine" i password p', 'u:p'],
    ['does not start a comment if it is quoted', 'machine h login u "#c" x password p', 'u:p'],
    ['must close its quote on its line', 'machine h login "a\r\nb" password "c"', 'invalid'],
    ['may contain the escapes of curl in quotes', 'machine h login u password "\\n\\r\\t\\a"', 'u:\n\r\ta'],
    ['may contain a quote after a backslash', 'machine h login "a\\"b" password p\\"q', 'a"b:p"q'],
    ['may contain a space after a backslash', 'machine h login a\\ b password p', 'a b:p'],
    ['drops a backslash at its start', 'machine h login \\u password \\"p', 'u:"p'],
    ['may contain a quote', 'machine h login u password p"q r"', 'invalid'],
    ['with an unclosed quote invalidates the entry', 'machine h login u password "p q', 'invalid'],
    ['keeps a backslash at the end of its line', 'machine h login u password p\\\nmachine i', 'u:p\\'],
    ['is not closed by an escaped quote', 'machine h login u password "p\\"', 'invalid'],
  ])('%s', (_, text, expected) => expect(entry(text)).toBe(expected))
})

describe('a comment', () => {
  it.each([
    ['# machine\nmachine h login u password p', 'u:p'],
    ['# machine h login x password y\nmachine h login u password p', 'u:p'],
    ['#\nmachine h login u password p', 'u:p'],
    ['#x\nmachine h login u password p', 'u:p'],
    ['#x machine h login u password p', 'none'],
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
  ])('is ignored: %j gives %s', (text, expected) => expect(entry(text)).toBe(expected))
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
    ['macdef x\ncd /tmp', 'invalid'],
    ['macdef x\ncd /tmp\n', 'invalid'],
    ['macdef x\n', 'invalid'],
    ['macdef x', 'invalid'],
    ['macdef\n\nmachine h login u password p', 'u:p'],
    ['machine h login u password p\nmacdef x\ncd', 'u:p'],
    ['macdef', 'invalid'],
  ])('ends at an empty line: %j gives %s', (text, expected) => expect(entry(text)).toBe(expected))
})

describe('a file without a valid entry', () => {
  it.each([
    'MACHINE h',
    'login u',
    'junk',
    'machine h login u password p bogus',
    'machine h toString x',
    'machine h password p bogus',
    'machine',
    'machine ""',
    'machine "" login u password p',
    'machine h password "p',
    'machine h login u bogus "p',
    'machine h login u bogus\nmore\npassword p',
    'machine h login u bogus password p q',
  ])('is a Left: %j', (text) => expect(entry(text)).toBe('invalid'))
  it('does not repeat text of the file in its messages, which may be a password', () => {
    expect(JSON.stringify(Netrc.parse('machine h password p hunter2'))).not.toContain('hunter2')
  })
})

it('reads a large file in linear time', () => {
  const time = (text: string): number => {
    const start = process.cpuUsage()
    expect(entry(text)).toBe('u:p')
    const { user, system } = process.cpuUsage(start)
    return user + system
  }
  /** The best of three, in CPU time: a busy machine interrupts a run. */
  const best = (entries: number): number => {
    const text = `${'machine x login y password z\n'.repeat(entries)}machine h login u password p`
    return Math.min(time(text), time(text), time(text))
  }
  // Quadratic code takes 64 times as long for 8 times as much.
  expect(best(40_000)).toBeLessThan(30 * best(5_000))
})

describe('an invalid entry', () => {
  it.each([
    ['machine h login u password "oops\nmachine i login v password w', 'h', 'none'],
    ['machine h login u password "oops\nmachine i login v password "w"', 'i', 'v:w'],
    ['machine "h login u\nmachine i login v password w', 'i', 'v:w'],
    ['machine h login "u\nmachine i login v password w\ndefault login d password e', 'h', 'none'],
    ['machine h login u password\nmachine i login v password w', 'i', 'v:w'],
    ['machine h method interactive port 1\nmachine i login v password w', 'i', 'v:w'],
    ['\ufeffjunk\nmachine i login v password w', 'i', 'v:w'],
    ['junk\ndefault login d password e', 'h', 'd:e'],
  ])('does not consume the next one: %j, host %s', (text, host, expected) => expect(entry(text, host)).toBe(expected))
})

describe('a problem', () => {
  const problems = (text: string) =>
    pipe(
      Netrc.parse(`${text}\n\nmachine i login v password w`),
      E.match(
        (problem) => [problem],
        (entries) => entries.problems,
      ),
    )
  it.each([
    ['\njunk', /^line 2\b/],
    ['machine', /^line 1\b.* host/],
    ['machine "h', /^line 1\b.* host/],
    ['machine h\nlogin "u', /^line 2\b.*\blogin\b.* quote/],
    ['machine h\nlogin u\n"p', /^line 3\b.* quote/],
    ['machine h login u\nmethod "p', /^line 2\b.* quote/],
    ['machine h login u\nbogus', /^line 2\b.* keyword/],
    ['machine h\nport 1', /^line 2\b.*\bpassword\b/],
  ])('of %j has the line and says what is wrong', (text, expected) =>
    expect(problems(text)).toEqual([expect.stringMatching(expected)]),
  )
  it('of an unfinished macro has its line', () => {
    expect(Netrc.parse('\nmacdef x\ncd')).toEqual(E.left(expect.stringMatching(/^line 2\b.*\bmacdef\b/)))
  })
  it('is reported for the first 20 places', () => {
    expect(problems('junk\n'.repeat(19))).toHaveLength(19)
    expect(problems('junk\n'.repeat(21))).toEqual(
      Array.from({ length: 20 }, (_, i) => expect.stringMatching(`^line ${i + 1}\\b`)),
    )
  })
})

it('selects the first entry that matches the user', () => {
  const text = 'machine h login a password 1\nmachine h login b password 2\nmachine h password 3'
  const pass = (user?: string) =>
    pipe(
      Netrc.parse(text),
      E.map((entries) => O.toUndefined(Netrc.lookup('h', user)(entries))),
      E.map((found) => (found === undefined ? '' : `${found.user}:${Secret.reveal(found.pass)}`)),
      E.toUnion,
    )
  expect([pass(), pass('b'), pass('c')]).toEqual(['a:1', 'b:2', 'c:3'])
})

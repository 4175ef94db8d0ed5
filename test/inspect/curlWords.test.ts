/** Words of a line: quotes and blanks of POSIX shells and cmd.exe, and lines that would hang a slow parser. */
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import { Plan, Request, Session } from '../../src/index.js'

const sent = (line: string) => {
  const made = Request.fromCurl(line)
  if (E.isLeft(made)) expect.fail(`${made.left.message}\n${line}`)
  const plan = Plan.plan({ session: Session.empty })(made.right)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  const { method, url, headers, body } = Plan.wire(plan.right)
  return { method, url, headers, body: O.isSome(body) ? Buffer.from(body.value).toString() : '' }
}
const rejected = (message: RegExp) => ({
  _tag: 'Left',
  left: { _tag: 'InvalidCurl', message: expect.stringMatching(message) },
})

describe('fromCurl reads what Firefox copies for cmd.exe', () => {
  it('with doubled quotes', () => {
    const line =
      'curl "https://h.test/p"%"20x" --compressed -X POST -H "sec-ch-ua-platform: ""Windows""" --data-raw "{""a"":""b c"",""n"":1}"'
    expect(sent(line)).toMatchObject({ method: 'POST', url: 'https://h.test/p%20x', body: '{"a":"b c","n":1}' })
    expect(sent(line).headers).toContainEqual(['sec-ch-ua-platform', '"Windows"'])
  })
  it.each([
    [`curl h.test -d '{"a":""""}'`, '{"a":""""}'],
    ['curl h.test -d "a""b"', 'ab'],
    ['curl h.test -d ""', ''],
    ['curl "h.test" \\\n -d "{""a"":1}"', '{a:1}'],
  ])('and does not mistake a line for a POSIX shell for one: %s', (line, body) => {
    expect(sent(line).body).toBe(body)
  })
})

describe('fromCurl, with a line for cmd.exe,', () => {
  it.each([
    ['curl ^"http://h.test/?a%5Bb%5D=%C3%A9%DF%20^"', 'http://h.test/?a%5Bb%5D=%C3%A9%DF%20'],
    ['curl ^"http://h.test/?ids^\\[^\\]=1^&b=2^" ^\n  -H ^"a: b^"', 'http://h.test/?ids%5B%5D=1&b=2'],
    ['curl ^"http://h.test/^" ^\r\n  -s | more', 'http://h.test/'],
    ['curl "http://h.test/?q=it\'s" ^\n  -H "x: y\'s" ^\r\n  --compressed', "http://h.test/?q=it's"],
    ["curl http://h.test/it's ^\n -s", "http://h.test/it's"],
    ['curl http://h.test/?a=1^&b=2 -s', 'http://h.test/?a=1&b=2'],
    ['curl http://h.test/?a=1 ^', 'http://h.test/?a=1'],
    ['curl http://h.test/?a=1 ^\r\n', 'http://h.test/?a=1'],
  ])('reads the URL of %s', (line, url) => {
    expect(sent(line).url).toBe(url)
  })
  it.each([
    ['curl ^"http://h.test/^" -H ^"a: %PATH%^"', /%PATH%/],
    ['curl ^"http://h.test/^" -H ^"a: %CD%^"', /%CD%/],
    ['curl ^"http://h.test/^" -H ^"a: %ADDRESS:~0,1%^"', /%ADDRESS:~0,1%/],
    ['curl ^"http://h.test/^" > x', /redirection/],
    ['curl ^"http://h.test/^"\nrem x', /second command/],
  ])('rejects %s', (line, message) => {
    expect(Request.fromCurl(line)).toMatchObject(rejected(message))
  })
})

describe('a caret in a curl line', () => {
  it.each([
    ['curl "http://h.test/" -d ^"a^"', 'a'],
    ['curl "http://h.test/" -H "a: it\'s" -d ^"{^\\^"a^\\^":1}^"', '{"a":1}'],
    ['curl "http://h.test/" -d "{\\"a\\":\\"it\'s\\"}" ^\n -s', '{"a":"it\'s"}'],
  ])('outside quotes makes it a line for cmd.exe: %j', (line, body) => {
    expect(sent(line)).toMatchObject({ url: 'http://h.test/', body })
  })
  it.each([
    [`curl h.test -d '^"a^"'`, '^"a^"'],
    [`curl h.test -H 'a: b' -d ^"a^"`, '^a^'],
    ['curl h.test -d "a^" -H "b: c"', 'a^'],
    ['curl h.test -d "a ^\nb"', 'a ^\nb'],
    ['curl h.test -d "it\'s ^\nb"', "it's ^\nb"],
    ['curl h.test -d "a\\" ^"', 'a" ^'],
    ['curl h.test \\\n -d ^"a"', '^a'],
    ['curl h.test -d "a\\"" | grep ^"HTTP"', 'a"'],
    ['curl h.test -d a^b', 'a^b'],
    ['curl h.test -d a^\n', 'a^'],
    ['curl h.test -d "a"^"b"', 'a^b'],
  ])('of a POSIX shell is literal: %j', (line, body) => {
    expect(sent(line).body).toBe(body)
  })
})

describe('a blank other than space and TAB in a curl line', () => {
  it.each(['\u00a0', '\v', '\f', '\u3000', '\u2009', '\u2028', '\ufeff'])('is part of its word: %j', (blank) => {
    expect(sent(`curl h.test -d a${blank}b`).body).toBe(`a${blank}b`)
    expect(Request.fromCurl(`curl h.test ${blank}-H 'a: b'`)).toMatchObject(rejected(/no-break space/))
  })
})

describe('braces in a curl line', () => {
  it.each([
    'curl h.test -d {"a":1,"b":2}',
    `curl h.test -H 'A: '{x,y}`,
    'curl http://h.test/{a,b}',
    'curl h.test -d x{,}',
    'curl h.test -d {{a}{b,c}',
    'curl h.test -d {a},b}',
    'curl h.test -d {"a":[1,2]}',
    'curl h.test -d {1..3}',
    'curl h.test -d {a..e..-2}',
    'curl h.test -d {1.\\\n.3}',
    "curl h.test -d {..','}",
    "printf {'a',b} | curl h.test -d @-",
  ])('that bash expands are rejected: %j', (line) => {
    expect(Request.fromCurl(line)).toMatchObject(rejected(/bash would expand the \{…\} .* line 1/))
  })
  it.each([
    ['{"a":1}', '{a:1}'],
    ["{'a,b'}", '{a,b}'],
    ['{a\\,b}', '{a,b}'],
    ['\\{a,b}', '{a,b}'],
    ['{"a,b"}', '{a,b}'],
    ['{a..3}', '{a..3}'],
    ['{aa..b}', '{aa..b}'],
    ['{1..}', '{1..}'],
    ["{1'..'3}", '{1..3}'],
    ['{a..\\c}', '{a..c}'],
    ['{},x', '{},x'],
    ['{a},{b}', '{a},{b}'],
    ['{a,b', '{a,b'],
    ['a,b}', 'a,b}'],
    ['{}', '{}'],
    ['"{a,b}"', '{a,b}'],
    ["$'{a,b}'", '{a,b}'],
  ])('that bash does not expand are literal: %s', (word, body) => {
    expect(sent(`curl h.test -d ${word}`).body).toBe(body)
  })
  it('are found in linear time', () => {
    const time = (filling: string): number => {
      const line = `curl h.test ${`-H },${filling.repeat(1990)} `.repeat(50)}`
      const times = [1, 2, 3].map(() => {
        const start = performance.now()
        Request.fromCurl(line)
        return performance.now() - start
      })
      return Math.min(...times)
    }
    // A quadratic search would take about 300 times as long.
    expect(time('{')).toBeLessThan(60 * Math.max(time('a'), 1))
    expect(time('{}{')).toBeLessThan(60 * Math.max(time('aaa'), 1))
  })
  it('in a quoted URL are globs of curl', () => {
    expect(sent("curl 'http://h.test/{a}'").url).toBe('http://h.test/a')
    expect(Request.fromCurl("curl 'http://h.test/{a,b}'")).toMatchObject(rejected(/add -g/))
    expect(sent("curl -g 'http://h.test/{a,b}'").url).toBe('http://h.test/%7Ba,b%7D')
  })
})

describe('comments and line ends in a curl line', () => {
  it.each([
    '#!/usr/bin/env sh\n\ncurl h.test -d x',
    '# one\r\n  # two\r\ncurl h.test \\\r\n -d x\r\n# three\r\n',
    "\ufeff$ curl h.test -d 'x' # it's\n\n",
    'printf x |\n  curl h.test -d @-',
    'curl h.test -d x \\',
  ])('are skipped before the command: %j', (line) => {
    expect(sent(line)).toMatchObject({ url: 'http://h.test/', body: 'x' })
  })
  it('do not hide a second command', () => {
    expect(Request.fromCurl('curl h.test\n# and\ncurl i.test')).toMatchObject(
      rejected(/second command .*line 1, column 12/),
    )
  })
})

describe('hostile curl lines', () => {
  const LENGTH = 100_000
  const heads = [
    'curl ',
    'curl h.test ',
    'curl ^"h.test^" ',
    'curl "h.test" "',
    "curl h.test -d '",
    "curl h.test -d $'",
    'curl h.test -d "$(printf \'',
    "curl h.test -F 'a=",
    "curl h.test -F 'a=b;type=",
    "curl 'http://",
    "curl h.test -x '",
    "curl h.test -H '",
  ]
  const fragments = [
    ...[
      '"',
      "'",
      '\\',
      '\n',
      '\r\n',
      ' ',
      '$(',
      '<(',
      '"$(',
      '$(printf ',
      '|',
      '^',
      '^"',
      '%',
      '%a:',
      '{',
      '{,',
      '{..',
      '{}',
      '[',
      '[]',
    ],
    ...['{a}', '/', '@', ':', '?', '#', '&', '=', ';', '; ', ' ;', ';type=a/b', '\\n', '\\[', '""', '"a""b" ', "$'a'"],
    ...['-s ', '-H a:b ', '-H a: ', '-d a ', '-F a=b ', '--json a ', '--url-query a ', '-e a;auto ', '-b a=b ', '# '],
    ...['#\n', '\u00a0', '\u{1f600}'],
  ]
  /** CPU time of this process in milliseconds; wall time depends on other processes. */
  const cpuTime = (line: string): number => {
    const before = process.cpuUsage()
    Request.fromCurl(line)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  // Quadratic time would be seconds. The best of five runs counts, because a run may include a garbage collection.
  const isQuick = (line: string): boolean => [1, 2, 3, 4, 5].some(() => cpuTime(line) < 300)

  it('of 100 KB are read in linear time and never throw', () => {
    const pieces = fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...heads), pieces, fc.constantFrom('', "'", '"', '\')"', '^"'), (head, all, tail) => {
        const unit = all.join('')
        return isQuick(`${head}${unit.repeat(LENGTH / unit.length)}${tail}`)
      }),
      { numRuns: 120 },
    )
  }, 60_000)
  it.each(fragments)('of one repeated fragment are read in linear time: %j', (fragment) => {
    for (const head of heads) expect(isQuick(`${head}${fragment.repeat(LENGTH / fragment.length)}`)).toBe(true)
  })
  it('with deeply nested commands are rejected', () => {
    expect(Request.fromCurl(`curl ${'"$(printf '.repeat(20_000)}`)).toMatchObject(rejected(/would have to be run/))
    expect(sent(`curl h.test -d "$(printf "$(printf 'a\\n')b")"`).body).toBe('ab')
  })
})

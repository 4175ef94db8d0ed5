/** Words of a line: quotes and blanks of both kinds of shell, and lines that are written to hang a reader. */
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
const refused = (message: RegExp) => ({ _tag: 'Left', left: { _tag: 'InvalidCurl', message } })

describe('Firefox, for the Windows prompt', () => {
  it('doubles quotes', () => {
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
  ])('but a line of a POSIX shell is read as one: %s', (line, body) => {
    expect(sent(line).body).toBe(body)
  })
})

describe('the Windows prompt', () => {
  it.each([
    ['curl ^"http://h.test/?a%5Bb%5D=%C3%A9%DF%20^"', 'http://h.test/?a%5Bb%5D=%C3%A9%DF%20'],
    ['curl ^"http://h.test/?ids^\\[^\\]=1^&b=2^" ^\n  -H ^"a: b^"', 'http://h.test/?ids%5B%5D=1&b=2'],
    ['curl ^"http://h.test/^" ^\r\n  -s | more', 'http://h.test/'],
    ['curl "http://h.test/?q=it\'s" ^\n  -H "x: y\'s" ^\r\n  --compressed', "http://h.test/?q=it's"],
    ["curl http://h.test/it's ^\n -s", "http://h.test/it's"],
    ['curl http://h.test/?a=1^&b=2 -s', 'http://h.test/?a=1&b=2'],
    ['curl http://h.test/?a=1 ^', 'http://h.test/?a=1'],
    ['curl http://h.test/?a=1 ^\r\n', 'http://h.test/?a=1'],
  ])('reads %s', (line, url) => {
    expect(sent(line).url).toBe(url)
  })
  it.each([
    ['curl ^"http://h.test/^" -H ^"a: %PATH%^"', /%PATH%/],
    ['curl ^"http://h.test/^" -H ^"a: %CD%^"', /%CD%/],
    ['curl ^"http://h.test/^" -H ^"a: %ADDRESS:~0,1%^"', /%ADDRESS:~0,1%/],
    ['curl ^"http://h.test/^" > x', /redirection/],
    ['curl ^"http://h.test/^"\nrem x', /second command/],
  ])('refuses %s', (line, message) => {
    expect(Request.fromCurl(line)).toMatchObject(refused(message))
  })
})

describe('a caret', () => {
  it.each([
    ['curl "http://h.test/" -d ^"a^"', 'a'],
    ['curl "http://h.test/" -H "a: it\'s" -d ^"{^\\^"a^\\^":1}^"', '{"a":1}'],
    ['curl "http://h.test/" -d "{\\"a\\":\\"it\'s\\"}" ^\n -s', '{"a":"it\'s"}'],
  ])('outside quotes is one of the prompt: %j', (line, body) => {
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
  ])('of a POSIX shell is a character: %j', (line, body) => {
    expect(sent(line).body).toBe(body)
  })
})

describe('a blank that no shell takes for one', () => {
  it.each(['\u00a0', '\v', '\f', '\u3000', '\u2009', '\u2028', '\ufeff'])('is a character of its word: %j', (blank) => {
    expect(sent(`curl h.test -d a${blank}b`).body).toBe(`a${blank}b`)
    expect(Request.fromCurl(`curl h.test ${blank}-H 'a: b'`)).toMatchObject(refused(/no-break space; write a space/))
  })
})

describe('braces that bash expands', () => {
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
  ])('are refused: %j', (line) => {
    expect(Request.fromCurl(line)).toMatchObject(refused(/bash would make several words .* quote it with '…'/))
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
  ])('and the others are text: %s', (word, body) => {
    expect(sent(`curl h.test -d ${word}`).body).toBe(body)
  })
  it('are looked for in a time that grows as the line does', () => {
    const time = (filling: string): number => {
      const line = `curl h.test ${`-H },${filling.repeat(1990)} `.repeat(50)}`
      const times = [1, 2, 3].map(() => {
        const start = performance.now()
        Request.fromCurl(line)
        return performance.now() - start
      })
      return Math.min(...times)
    }
    // Each brace is looked at with all that follow it where this is quadratic: 300 times as long.
    expect(time('{')).toBeLessThan(60 * Math.max(time('a'), 1))
    expect(time('{}{')).toBeLessThan(60 * Math.max(time('aaa'), 1))
  })
  it("stay curl's own in a quoted URL", () => {
    expect(sent("curl 'http://h.test/{a}'").url).toBe('http://h.test/a')
    expect(Request.fromCurl("curl 'http://h.test/{a,b}'")).toMatchObject(refused(/add -g/))
    expect(sent("curl -g 'http://h.test/{a,b}'").url).toBe('http://h.test/%7Ba,b%7D')
  })
})

describe('comments and line ends', () => {
  it.each([
    '#!/usr/bin/env sh\n\ncurl h.test -d x',
    '# one\r\n  # two\r\ncurl h.test \\\r\n -d x\r\n# three\r\n',
    "\ufeff$ curl h.test -d 'x' # it's\n\n",
    'printf x |\n  curl h.test -d @-',
    'curl h.test -d x \\',
  ])('end no command that has not begun: %j', (line) => {
    expect(sent(line)).toMatchObject({ url: 'http://h.test/', body: 'x' })
  })
  it('a second command is refused', () => {
    expect(Request.fromCurl('curl h.test\n# and\ncurl i.test')).toMatchObject(
      refused(/second command .*line 1, column 12/),
    )
  })
})

describe('hostile lines', () => {
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
  /** Milliseconds of this process, since other processes may have the machine. */
  const took = (line: string): number => {
    const before = process.cpuUsage()
    Request.fromCurl(line)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1000
  }
  // What is not linear takes seconds; the best of a few turns counts, since a turn may pay for a collection.
  const isQuick = (line: string): boolean => [1, 2, 3, 4, 5].some(() => took(line) < 300)

  it('of 100 KB are read at once, and never throw', () => {
    const pieces = fc.array(fc.constantFrom(...fragments), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...heads), pieces, fc.constantFrom('', "'", '"', '\')"', '^"'), (head, all, tail) => {
        const unit = all.join('')
        return isQuick(`${head}${unit.repeat(LENGTH / unit.length)}${tail}`)
      }),
      { numRuns: 120 },
    )
  }, 60_000)
  it.each(fragments)('of one fragment: %j', (fragment) => {
    for (const head of heads) expect(isQuick(`${head}${fragment.repeat(LENGTH / fragment.length)}`)).toBe(true)
  })
  it('may nest commands as deep as they like', () => {
    expect(Request.fromCurl(`curl ${'"$(printf '.repeat(20_000)}`)).toMatchObject(refused(/would have to be run/))
    expect(sent(`curl h.test -d "$(printf "$(printf 'a\\n')b")"`).body).toBe('ab')
  })
})

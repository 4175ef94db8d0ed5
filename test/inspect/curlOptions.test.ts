/** Values of curl's options as curl 7.88 reads them: converted, left out or rejected. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import { Plan, Request, Secret, Session } from '../../src/index.js'

const converted = (line: string): Request.FromCurl => {
  const result = Request.fromCurl(line)
  if (E.isLeft(result)) expect.fail(`${result.left.message}\n${line}`)
  return result.right
}
const planned = (line: string): Plan.Plan => {
  const plan = Plan.plan({ session: Session.empty, entropy: 'curl' })(converted(line))
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const values = (line: string, name: string): ReadonlyArray<string> =>
  Plan.wire(planned(line)).headers.flatMap(([other, value]) => (other.toLowerCase() === name ? [value] : []))
const rejected = (message: RegExp) => ({
  _tag: 'Left',
  left: { _tag: 'InvalidCurl', message: expect.stringMatching(message) },
})

describe('a number of seconds in a curl line', () => {
  it.each([
    ['.5', 500],
    ['5.', 5000],
    ['1e1', 10_000],
    ['5E-1', 500],
    ['+5', 5000],
    ["' 5'", 5000],
    ['0.0009', undefined],
    ['-0', undefined],
  ])('%s is read as curl reads it', (written, ms) => {
    const { timeouts } = planned(`curl h.test --connect-timeout ${written} -m ${written}`).route
    expect([timeouts.connect, timeouts.total]).toEqual([ms, ms])
  })
  it.each(['.', '1e', "'5 '", '5s', '-1', "''", '1,5', 'inf', 'nan', '1e999'])('%s is rejected', (written) => {
    expect(Request.fromCurl(`curl h.test -m ${written}`)).toMatchObject(rejected(/--max-time .* seconds/))
  })
})

describe('-e in a curl line', () => {
  it.each([
    ["curl h.test -e 'x;auto;y'", ['x'], ['--referer ;auto']],
    ["curl h.test -e 'x;automatic'", ['x'], ['--referer ;auto']],
    ["curl h.test -e ';auto;y'", [], ['--referer ;auto']],
    ["curl h.test -e 'x;Auto'", ['x;Auto'], []],
    ["curl h.test -e 'x; auto'", ['x; auto'], []],
    ["curl h.test -e 'x;auto' -e y", ['y'], []],
    ["curl h.test -e x -e ';auto'", [], ['--referer ;auto']],
  ])('ends at the first ;auto, and the last one counts: %s', (line, referer, leftOut) => {
    expect(values(line, 'referer')).toEqual(referer)
    expect(converted(line).leftOut.map(({ option }) => option)).toEqual(leftOut)
  })
})

describe('-H with a semicolon in a curl line', () => {
  it.each([
    ["curl h.test -H 'A;'", 'a', [''], []],
    ["curl h.test -H 'A;  '", 'a', [], ['--header A']],
    ["curl h.test -H $'A;\\t'", 'a', [], ['--header A']],
    ["curl h.test -H 'A;b'", 'a', [], ['--header A']],
    ["curl h.test -H 'A;;'", 'a', [], ['--header A']],
    ["curl h.test -d x -H 'Content-Type; '", 'content-type', [], ['--header Content-Type']],
    ["curl h.test -b a=1 -H 'Cookie;b'", 'cookie', [], ['--header Cookie']],
  ])('sends an empty header only if nothing follows: %s', (line, name, sent, leftOut) => {
    expect(values(line, name)).toEqual(sent)
    expect(converted(line).leftOut.map(({ option }) => option)).toEqual(leftOut)
  })
  it('decodes the name in leftOut as UTF-8', () => {
    expect(converted("curl h.test -H 'é; '").leftOut).toMatchObject([{ option: '--header é' }])
  })
})

describe('-F with quotes in a curl line', () => {
  const body = (line: string): string => {
    const { body: sent } = Plan.wire(planned(line))
    const all = O.isSome(sent) ? Buffer.from(sent.value).toString() : ''
    return all.replace(/--[\w-]{10,}(?:--)?\r\n/g, '').replace(/\r\n/g, '|')
  }
  const NAME = 'Content-Disposition: form-data; name="a"'
  it.each([
    ['a="b"c', `${NAME}||b|`],
    ['a=""c', `${NAME}|||`],
    ['a="b""c"', `${NAME}||b|`],
    ['a= "b", c ', `${NAME}||b|`],
    ['a="b;c"d;type=text/x', `${NAME}|Content-Type: text/x||b;c|`],
    ['a="b"c"d;type=text/x', `${NAME}|Content-Type: text/x||b|`],
    [String.raw`a="b\\"c`, `${NAME}||b\\|`],
    [String.raw`a="b\c"d`, `${NAME}||b\\c|`],
    ['a=b;filename="x"y;type=text/x', `${NAME}; filename="x"|Content-Type: text/x||b|`],
    ['a="b', `${NAME}||"b|`],
    ['a="b;type=text/x', `${NAME}|Content-Type: text/x||"b|`],
  ])('ignores what follows the closing quote, as curl does: %s', (value, sent) => {
    expect(body(`curl h.test -F '${value}'`)).toBe(sent)
  })
})

describe('-X with redirects in a curl line', () => {
  it.each([
    ['curl -L -X POST -d a h.test', ['--request POST']],
    ['curl -L -X PUT h.test', ['--request PUT']],
    ['curl --location-trusted -X DELETE h.test', ['--location-trusted', '--request DELETE']],
    ['curl -X POST -d a h.test', []],
    ['curl -L --no-location -X POST -d a h.test', []],
    ['curl -L -d a h.test', []],
    ['curl -L -X GET h.test', []],
    ['curl -L -X GET -d a h.test', ['--request GET']],
    ['curl -L -X GET -F a=b h.test', ['--request GET']],
    ['curl -L -X GET -G -d a h.test', []],
    ['curl -L -X HEAD h.test', []],
  ])('is in leftOut if curl would follow redirects differently: %s', (line, leftOut) => {
    expect(converted(line).leftOut.map(({ option }) => option)).toEqual(leftOut)
  })
})

describe('the credentials of a proxy in a curl line', () => {
  const authorization = (line: string): string | undefined => {
    const { proxy } = planned(line).route
    return O.isSome(proxy) && O.isSome(proxy.value.authorization)
      ? Secret.reveal(proxy.value.authorization.value)
      : undefined
  }
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`
  const URL_CREDENTIALS = 'the credentials in the proxy URL'

  it.each([
    ['curl h.test -x p.test -U a:b', basic('a:b'), []],
    ['curl h.test -x u:p@p.test -U a:b', basic('u:p'), ['--proxy-user']],
    ['curl h.test -x u@p.test -U a:b', basic('u:'), ['--proxy-user']],
    ['curl h.test -x @p.test -U a:b', basic(':'), ['--proxy-user']],
    ['curl h.test -x p.test -U :', basic(':'), []],
    ["curl h.test -x p.test -U a:b -H 'Proxy-Authorization: z'", basic('a:b'), ['--header Proxy-Authorization']],
    ["curl h.test -x p.test -H 'Proxy-Authorization: z'", 'z', []],
    ["curl h.test -x p.test -U a:b --proxy-header 'Proxy-Authorization: z'", 'z', ['--proxy-user']],
    ["curl h.test -x p.test -U a:b --proxy-header 'Proxy-Authorization;'", '', ['--proxy-user']],
    ["curl h.test -x p.test -U a:b --proxy-header 'proxy-authorization:'", undefined, ['--proxy-user']],
    ["curl h.test -x p.test -U a:b --proxy-header 'Proxy-Authorization'", basic('a:b'), ['--proxy-header']],
    ["curl h.test -x p.test -U a:b --proxy-header 'X: y'", basic('a:b'), ['--proxy-header']],
    ["curl h.test -x u:p@p.test --proxy-header 'Proxy-Authorization: z'", 'z', [URL_CREDENTIALS]],
    [
      "curl h.test -x u:p@p.test -U a:b --proxy-header 'Proxy-Authorization: z'",
      'z',
      ['--proxy-user', URL_CREDENTIALS],
    ],
  ])('are those that curl sends, and the others are in leftOut: %s', (line, sent, leftOut) => {
    expect(authorization(line)).toBe(sent)
    expect(converted(line).leftOut.map(({ option }) => option)).toEqual(leftOut)
  })
  it('of a SOCKS proxy are not replaced by a header', () => {
    const line = "curl h.test -x socks5://p.test -U a:b --proxy-header 'Proxy-Authorization: z'"
    const { proxy } = planned(line).route
    expect(O.isSome(proxy) && O.isSome(proxy.value.credentials)).toBe(true)
  })
})

describe('the address of a proxy in a curl line', () => {
  const addressOf = (line: string): string => {
    const { proxy } = planned(line).route
    return O.isSome(proxy) ? `${proxy.value.protocol}//${proxy.value.hostname}:${proxy.value.port}` : 'none'
  }
  it.each([
    ['curl h.test -x http:/127.0.0.1:3128', 'http://127.0.0.1:3128'],
    ['curl h.test -x http:///127.0.0.1:3128', 'http://127.0.0.1:3128'],
    ['curl h.test -x HTTP:/u:p@127.0.0.1:3128/path', 'http://127.0.0.1:3128'],
    ['curl h.test -x https:/p.test', 'https://p.test:443'],
    ['curl h.test -x HTTPS://p.test', 'https://p.test:443'],
    ['curl h.test -x socks5:/127.0.0.1:3128', 'socks5://127.0.0.1:3128'],
    ['curl h.test -x SOCKS5h:/p.test', 'socks5h://p.test:1080'],
    ['curl h.test -x socks://p.test', 'socks4://p.test:1080'],
    ['curl h.test --socks5 http:/p.test', 'socks5://p.test:1080'],
    ['curl h.test --socks5 http://p.test:1', 'socks5://p.test:1'],
    ['curl h.test --socks5-hostname socks4://p.test', 'socks4://p.test:1080'],
    ['curl h.test -x http://ftp.p.test', 'http://ftp.p.test:1080'],
  ])('may have one to three slashes: %s', (line, expected) => {
    expect(addressOf(line)).toBe(expected)
  })
  it.each([
    ['curl h.test -x http:////p.test', /three slashes/],
    ['curl h.test -x u:p@ftp.p.test:1', /begins with ftp\./],
  ])('is rejected if curl rejects it: %s', (line, message) => {
    expect(Request.fromCurl(line)).toMatchObject(rejected(message))
  })
  it.each(['foo:/p.test', 'u:/p@p.test', 'http:p.test:1', '/p.test', '//p.test'])(
    'cannot be planned: -x %s',
    (written) => {
      const plan = pipe(Request.fromCurl(`curl h.test -x ${written}`), E.chainW(Plan.plan({ session: Session.empty })))
      expect(E.isLeft(plan)).toBe(true)
    },
  )
})

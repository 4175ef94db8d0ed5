import { inspect } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Proxy from '../../src/values/Proxy.js'
import * as Secret from '../../src/values/Secret.js'

const shown = (text: string) => pipe(Proxy.parse(text), E.map(Proxy.show))
const parsed = (text: string): Proxy.Proxy =>
  pipe(
    Proxy.parse(text),
    E.getOrElse((problem): Proxy.Proxy => expect.fail(problem)),
  )
const HALF = 'it has no host: write two slashes behind the scheme, as in http://proxy:3128'
const unknown = (scheme: string) =>
  `a proxy of scheme '${scheme}' is not known; use http, https, socks4, socks4a, socks5 or socks5h`

describe('a proxy', () => {
  it.each([
    ['proxy:3128', 'http://proxy:3128'],
    ['proxy', 'http://proxy:80'],
    ['proxy:', 'http://proxy:80'],
    ['PROXY.test/path?q', 'http://proxy.test:80'],
    ['proxy:3128/x://y', 'http://proxy:3128'],
    ['proxy:3128/x:/y', 'http://proxy:3128'],
    ['http://proxy', 'http://proxy:80'],
    ['https://proxy', 'https://proxy:443'],
    ['socks4://proxy', 'socks4://proxy:1080'],
    ['socks4a://proxy', 'socks4a://proxy:1080'],
    ['socks5://proxy', 'socks5://proxy:1080'],
    ['socks5h://127.0.0.1', 'socks5h://127.0.0.1:1080'],
    ['Socks5://proxy:1', 'socks5://proxy:1'],
    ['HTTPS://[::1]:8443/', 'https://[::1]:8443'],
    ['http://u:p@proxy', 'http://‹secret›@proxy:80'],
    ['u:p@proxy:8080', 'http://‹secret›@proxy:8080'],
    ['socks5://u:p@proxy', 'socks5://‹secret›@proxy:1080'],
  ])('%s is %s', (text, expected) => expect(shown(text)).toEqual(E.right(expected)))

  it.each([
    ['http:', HALF],
    ['HTTP:', HALF],
    ['socks5h:', HALF],
    ['http:/host', HALF],
    ['ftp:/host', HALF],
    ['x+1-2.Y:/host', HALF],
    ['ftp://proxy', unknown('ftp')],
    ['FTP://proxy', unknown('ftp')],
    ['x+1-2.Y://proxy', unknown('x+1-2.y')],
    ['toString://proxy', unknown('tostring')],
    ['constructor://proxy', unknown('constructor')],
    ['http://', "Invalid URL 'http://': no host supplied"],
    ['http:///x', "Invalid URL 'http:///x': no host supplied"],
    ['socks5://:8080', "Invalid URL 'http://:8080': no host supplied"],
    ['http://a b/', "Invalid URL 'http://a b/': 'a b' is not a host name"],
    ['proxy:65536', "Invalid URL 'http://proxy:65536': the port 65536 is above 65535"],
    ['', "Invalid URL 'http://': no host supplied"],
  ])('%j is none: %s', (text, problem) => expect(shown(text)).toEqual(E.left(problem)))

  it('shows no password', () => {
    for (const text of ['http://u:hunter2@proxy', 'http://u:hunter2@pro xy', 'ftp://u:hunter2@proxy']) {
      expect(inspect(Proxy.parse(text), { depth: null })).not.toContain('hunter2')
    }
  })
})

describe('the credentials of a proxy', () => {
  const basic = (pair: string) => `Basic ${Buffer.from(pair, 'utf8').toString('base64')}`
  it.each<[string, readonly [string, string] | undefined, string | undefined]>([
    ['http://proxy', undefined, undefined],
    ['http://u@proxy', ['u', ''], basic('u:')],
    ['http://@proxy', undefined, undefined],
    ['http://:@proxy', undefined, undefined],
    ['http://:p@proxy', ['', 'p'], basic(':p')],
    [' http://u:p@proxy:1\r\n', ['u', 'p'], basic('u:p')],
    ['http://u:@proxy', ['u', ''], basic('u:')],
    ['https://u:p@proxy', ['u', 'p'], basic('u:p')],
    ['socks5://u:p@proxy', ['u', 'p'], undefined],
    ['socks4a://u:@proxy', ['u', ''], undefined],
    ['http://u%3Aser:p%2540@proxy', ['u:ser', 'p%40'], basic('u:ser:p%40')],
    ['http://%C3%BC:p@proxy', ['ü', 'p'], basic('ü:p')],
  ])('of %s', (text, credentials, authorization) => {
    const proxy = parsed(text)
    const opened = pipe(
      proxy.credentials,
      O.map(({ user, pass }) => [Secret.reveal(user), Secret.reveal(pass)] as const),
    )
    expect(O.toUndefined(opened)).toEqual(credentials)
    expect(pipe(proxy.authorization, O.map(Secret.reveal), O.toUndefined)).toBe(authorization)
  })
  it.each([
    ['', ''],
    ['u', '\xe9'],
    ['\xff', '\0'],
    ['u', 'é☃'],
  ])('%j and %j are written in UTF-8', (user, pass) => {
    expect(Secret.reveal(Proxy.basic(user, pass))).toBe(basic(`${user}:${pass}`))
  })
})

describe('a user without a password', () => {
  it.each(['http://k3y@proxy', 'https://k3y:@proxy', 'socks4://k3y@proxy', 'socks5://k3y:@proxy'])(
    'of %s is hidden, as the key that it often is',
    (text) => {
      const proxy = parsed(text)
      expect(inspect(proxy, { depth: null }) + JSON.stringify(proxy)).not.toContain('k3y')
      expect(O.isSome(proxy.credentials) && Secret.reveal(proxy.credentials.value.user)).toBe('k3y')
    },
  )
  it('is shown beside a password', () => {
    expect(JSON.stringify(parsed('http://me:hunter2@proxy'))).toContain('"user":"me"')
  })
})

describe('how a proxy is used', () => {
  it.each<[string, boolean, boolean]>([
    ['http://p', false, true],
    ['https://p', false, true],
    ['socks4://p', true, false],
    ['socks4a://p', true, false],
    ['socks5://p', true, false],
    ['socks5h://p', true, false],
  ])('%s: SOCKS %s, forwards http %s, and never https', (text, isSocks, forwards) => {
    expect(Proxy.isSocks(parsed(text))).toBe(isSocks)
    expect(Proxy.forwards(parsed(text), 'http:')).toBe(forwards)
    expect(Proxy.forwards(parsed(text), 'https:')).toBe(false)
    expect(Proxy.forwards(parsed(text), '')).toBe(false)
  })
  it.each<[string, boolean]>([
    ['http://u:p@p:1', true],
    ['http://x:y@P:1/', true],
    ['https://p:1', false],
    ['http://q:1', false],
    ['http://p:2', false],
  ])('http://p:1 is the server of %s: %s', (other, isSame) => {
    expect(Proxy.sameServer(parsed('http://p:1'), parsed(other))).toBe(isSame)
    expect(Proxy.sameServer(parsed(other), parsed('http://p:1'))).toBe(isSame)
  })
})

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
const NO_SLASHES = /two slashes/
const unknown = (scheme: string) => new RegExp(`'${scheme.replace('+', '\\+')}' is not supported`)

describe('Proxy.parse', () => {
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
  ])('parses %s as %s', (text, expected) => expect(shown(text)).toEqual(E.right(expected)))

  it.each([
    ['http:', NO_SLASHES],
    ['HTTP:', NO_SLASHES],
    ['socks5h:', NO_SLASHES],
    ['http:/host', NO_SLASHES],
    ['ftp:/host', NO_SLASHES],
    ['x+1-2.Y:/host', NO_SLASHES],
    ['ftp://proxy', unknown('ftp')],
    ['FTP://proxy', unknown('ftp')],
    ['x+1-2.Y://proxy', unknown('x+1-2.y')],
    ['toString://proxy', unknown('tostring')],
    ['constructor://proxy', unknown('constructor')],
    ['http://', /no host/],
    ['http:///x', /no host/],
    ['socks5://:8080', /no host/],
    ['http://a b/', /'a b' is not a host name/],
    ['proxy:65536', /65536/],
    ['', /no host/],
  ])('refuses %j and names the problem: %s', (text, problem) => {
    expect(shown(text)).toEqual(E.left(expect.stringMatching(problem)))
  })

  it('shows no password, in a proxy or in an error', () => {
    for (const text of ['http://u:hunter2@proxy', 'http://u:hunter2@pro xy', 'ftp://u:hunter2@proxy']) {
      expect(inspect(Proxy.parse(text), { depth: null })).not.toContain('hunter2')
    }
  })
})

describe('proxy credentials', () => {
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
  ])('reads the credentials of %s', (text, credentials, authorization) => {
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
  ])('encodes %j and %j in UTF-8', (user, pass) => {
    expect(Secret.reveal(Proxy.basic(user, pass))).toBe(basic(`${user}:${pass}`))
  })
})

describe('a proxy user without a password', () => {
  it.each(['http://k3y@proxy', 'https://k3y:@proxy', 'socks4://k3y@proxy', 'socks5://k3y:@proxy'])(
    'is redacted in %s, because it is often an API key',
    (text) => {
      const proxy = parsed(text)
      expect(inspect(proxy, { depth: null }) + JSON.stringify(proxy)).not.toContain('k3y')
      expect(O.isSome(proxy.credentials) && Secret.reveal(proxy.credentials.value.user)).toBe('k3y')
    },
  )
  it('is shown if there is a password', () => {
    expect(JSON.stringify(parsed('http://me:hunter2@proxy'))).toContain('"user":"me"')
  })
})

describe('using a proxy', () => {
  it.each<[string, boolean, boolean]>([
    ['http://p', false, true],
    ['https://p', false, true],
    ['socks4://p', true, false],
    ['socks4a://p', true, false],
    ['socks5://p', true, false],
    ['socks5h://p', true, false],
  ])('%s speaks SOCKS: %s, forwards http: %s, and never forwards https', (text, isSocks, forwards) => {
    expect(Proxy.isSocks(parsed(text))).toBe(isSocks)
    expect(Proxy.forwards('http:')(parsed(text))).toBe(forwards)
    expect(Proxy.forwards('https:')(parsed(text))).toBe(false)
    expect(Proxy.forwards('')(parsed(text))).toBe(false)
  })
  it.each<[string, boolean]>([
    ['http://u:p@p:1', true],
    ['http://x:y@P:1/', true],
    ['https://p:1', false],
    ['http://q:1', false],
    ['http://p:2', false],
  ])('http://p:1 and %s are the same server: %s', (other, isSame) => {
    expect(Proxy.sameServer(parsed('http://p:1'), parsed(other))).toBe(isSame)
    expect(Proxy.sameServer(parsed(other), parsed('http://p:1'))).toBe(isSame)
  })
})

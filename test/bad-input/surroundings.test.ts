/** Invalid environments: netrc files, NO_PROXY, proxy URLs, CA files. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Environment, Http, HttpError, NoProxy, Proxy, Request, Response, Session } from 'requests-ts'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ambientSession, error, headerOf, planned, tagOf, value } from '../conformance/upstream/setting.js'
import { always, ok, pki, secure } from '../transport/servers.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('a netrc file', () => {
  const GOOD = 'machine 127.0.0.1 login me password hunter2\n'
  const broken: ReadonlyArray<readonly [string, () => string]> = [
    ['above the size limit', () => file('d', GOOD.repeat(30_000))],
    ['of zeros', () => file('e', Buffer.alloc(1_000))],
    ['of random octets', () => file('f', Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'))],
    [
      'that is a directory',
      () => {
        mkdirSync(join(folder, 'directory'))
        return join(folder, 'directory')
      },
    ],
    [
      'that links to itself',
      () => {
        symlinkSync(join(folder, 'loop'), join(folder, 'loop'))
        return join(folder, 'loop')
      },
    ],
    ['below a file', () => join(file('g', GOOD), 'netrc')],
  ]
  it.each(broken)('%s gives no credentials and one problem, and the request is sent', async (_, make) => {
    vi.stubEnv('NETRC', make())
    const environment = Environment.read()
    const problems = Environment.problems(environment)
    expect(problems).toHaveLength(1)
    expect(inspect([environment, problems], { depth: null })).not.toContain('hunter2')
    const server = await always(ok())
    expect((await value(Http.get(server.url), { session: ambientSession, environment })).status).toBe(200)
    expect(server.received.join('')).not.toMatch(/authorization/i)
  })
  it.each<readonly [string, string, number]>([
    ['that ends within an entry', `${GOOD}machine`, 1],
    ['with an unknown word', `${GOOD}machine x login y passwort z`, 0],
    ['with a macdef that does not end', `${GOOD}macdef init\ncd /tmp`, 1],
    ['with an unclosed quote', `${GOOD}machine x login y password "z`, 1],
  ])('%s gives the credentials of its valid entry', async (_, text, count) => {
    vi.stubEnv('NETRC', file('sound', text))
    const environment = Environment.read()
    const problems = Environment.problems(environment)
    expect(problems).toHaveLength(count)
    expect(inspect([environment, problems], { depth: null })).not.toContain('hunter2')
    const server = await always(ok())
    await value(Http.get(server.url), { session: ambientSession, environment })
    expect(server.received.join('')).toMatch(/authorization: Basic bWU6aHVudGVyMg==/i)
  })
  it('without read permission is reported as a problem', () => {
    const path = file('secret', GOOD)
    chmodSync(path, 0o000)
    vi.stubEnv('NETRC', path)
    const isRoot = process.getuid?.() === 0
    expect(Environment.problems(Environment.read())).toHaveLength(isRoot ? 0 : 1)
  })
  it('with any text never throws, and its problems show no password', () => {
    const word = fc.constantFrom(
      'machine',
      'default',
      'login',
      'password',
      'macdef',
      '"',
      '\\',
      '#',
      '\n',
      'hunter2',
      ' ',
      'h',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(' ')),
        ),
        (text) => {
          const environment = Environment.make({}, text)
          expect(JSON.stringify(Environment.problems(environment))).not.toContain('hunter2')
          expect(tagOf(planned(Request.get('http://h/'), { session: ambientSession, environment }))).toMatch(
            /right|InvalidHeader/,
          )
        },
      ),
    )
  })
  it('with a line end in quotes does not inject a header', () => {
    const broken = Environment.make({}, 'machine h login "a\r\nX-Injected: 1" password "b\r\n\r\nGET / HTTP/1.1"')
    expect(headerOf(Request.get('http://h/'), 'Authorization', { session: ambientSession, environment: broken })).toBe(
      undefined,
    )
    const environment = Environment.make(
      {},
      'machine h login "a\\r\\nX-Injected: 1" password "b\\r\\n\\r\\nGET / HTTP/1.1"',
    )
    const sent = headerOf(Request.get('http://h/'), 'Authorization', { session: ambientSession, environment })
    expect(sent).toMatch(/^Basic [A-Za-z0-9+/=]+$/)
  })
})

describe('NO_PROXY', () => {
  it.each([
    ',,,',
    '%%%',
    '[',
    ']',
    '[::',
    '1.2.3.4/',
    '/8',
    '10.0.0.0/-8',
    '10.0.0.0/999',
    '*.',
    '.',
    ' ',
    '\0',
    '::::/3',
    '(',
    '\\',
    '%zz',
    'http://',
    ':80',
    'é',
  ])('%j matches no host and does not throw', (text) => {
    const environment = Environment.make({ http_proxy: 'http://proxy.test:1', no_proxy: text })
    for (const url of ['http://a.test/', 'http://10.1.1.1/', 'http://[::1]/', 'http://xn--9ca.test/']) {
      const made = planned(Request.get(url), { session: ambientSession, environment })
      expect(E.isRight(made) && O.isSome(made.right.route.proxy)).toBe(true)
    }
  })
  it('with any text returns a boolean, and a long list is parsed quickly', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(typeof NoProxy.parse(text)({ hostname: 'a.test', port: '' })).toBe('boolean')
      }),
    )
    const started = performance.now()
    for (const part of ['.', '*', 'a.', '/', ':', '[', 'a,'])
      NoProxy.parse(part.repeat(100_000))({ hostname: `${'a.'.repeat(100)}test`, port: '' })
    expect(performance.now() - started).toBeLessThan(3_000)
  })
})

describe('a proxy URL', () => {
  it.each([
    '',
    ' ',
    'http://',
    'http:',
    'http:///',
    'http://:8080',
    'http://@',
    'http://u:hunter2@',
    'http://u:hunter2@:80',
    'socks5://',
    'http://[',
    'http://p:99999',
    'http://p:x',
    '//',
    ':',
    'ftp://p',
    'http:/p',
    'http://a b',
    'http://p\\q',
  ])('%j is InvalidProxy in the session and in the environment, without the password', async (url) => {
    const given = planned(Request.get('http://h/'), { session: pipe(ambientSession, Session.withProxy(url)) })
    expect(tagOf(given)).toBe('InvalidProxy')
    expect(JSON.stringify(given)).not.toContain('hunter2')
    expect(E.isLeft(given) && given.left.message.length).toBeGreaterThan(20)
    if (url.trim() === '') return // an empty or blank variable counts as not set
    const environment = Environment.make({ http_proxy: url })
    const failure = await error(Http.get('http://h/'), { session: ambientSession, environment })
    expect(failure._tag).toBe('InvalidProxy')
  })
  it('with any text is parsed or a Left', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
        expect(['Left', 'Right']).toContain(Proxy.parse(text)._tag)
      }),
    )
  })
  it('of the environment does not affect a request that does not use it', () => {
    const environment = Environment.make({ http_proxy: 'http://', no_proxy: 'free.test' })
    expect(tagOf(planned(Request.get('http://free.test/'), { session: ambientSession, environment }))).toBe('right')
    expect(tagOf(planned(Request.get('https://h/'), { session: ambientSession, environment }))).toBe('right')
    expect(
      tagOf(planned(Request.get('http://h/'), { session: Session.withoutProxy(ambientSession), environment })),
    ).toBe('right')
  })
})

describe('a CA file', () => {
  it('that is missing or invalid fails with TlsFailed and its path, before a connection', async () => {
    const server = await secure()
    mkdirSync(join(folder, 'none'))
    const paths = [
      join(folder, 'missing.pem'),
      file('words.pem', 'not a certificate'),
      file('empty.pem', ''),
      file('key.pem', pki('server.key')),
      file('binary.pem', Buffer.from([0, 1, 2, 255])),
      file('cut.pem', pki('ca.pem').slice(0, 200)),
      join(folder, 'none'),
    ]
    for (const path of paths) {
      const given = await error(Http.get(server.url, Request.withCa(path)))
      expect([given._tag, given.message.includes(path)]).toEqual(['TlsFailed', true])
      const environment = Environment.make({ REQUESTS_CA_BUNDLE: path })
      const ambient = await error(Http.get(server.url), { session: ambientSession, environment })
      expect(HttpError.show(ambient)).toContain(path)
    }
    expect(server.connections()).toBe(0)
  })
  it('of the environment does not affect a request with its own CA or without TLS', async () => {
    const environment = Environment.make({ REQUESTS_CA_BUNDLE: '/nowhere' })
    const locked = await secure()
    const plain = await always(ok())
    const context = { session: ambientSession, environment }
    expect(Response.text(await value(Http.get(locked.url, Request.withCa(pki('ca.pem'))), context))).toBe('secure')
    expect((await value(Http.get(plain.url), context)).status).toBe(200)
  })
})

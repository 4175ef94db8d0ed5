import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as Environment from '../../src/session/Environment.js'
import * as Mount from '../../src/session/Mount.js'
import * as Netrc from '../../src/session/Netrc.js'
import * as NoProxy from '../../src/session/NoProxy.js'
import * as Session from '../../src/session/Session.js'
import { memory } from '../../src/transport/Memory.js'
import * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'

describe('Netrc', () => {
  const entry = (text: string, host = 'h') =>
    pipe(
      Netrc.parse(text),
      E.match(
        () => 'unreadable',
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
  it.each([
    ['machine h login u password p', 'u:p'],
    ['machine h\n\tlogin u\r\n\tpassword "p q\\""', 'u:p q"'],
    ['machine h login u # a comment\n password p', 'u:p'],
    ['# a comment\nmachine h login u password p#x', 'u:p#x'],
    ['machine other login x password y default login d password e', 'd:e'],
    ['machine h login a password b machine h login c password d', 'c:d'],
    ['machine h account a password p', 'a:p'],
    ['machine h user u', 'u:'],
    ['machine h', 'none'],
    ['machine H login u password p', 'none'],
    ['macdef x\ncd /tmp\n\nmachine h login u password p', 'u:p'],
    ['macdef x\ncd /tmp', 'unreadable'],
    ['machine h login u password p bogus', 'unreadable'],
    ['machine', 'unreadable'],
    ['MACHINE h', 'unreadable'],
    ['\ufeffmachine h login u password p', 'unreadable'],
    ['', 'none'],
    ['machine __proto__ login u password p', 'none'],
    ['machine h toString x', 'unreadable'],
  ])('%j gives %s', (text, expected) => expect(entry(text)).toBe(expected))
  it('names no token in its errors, for it may be a password', () => {
    expect(JSON.stringify(Netrc.parse('machine h password p hunter2'))).not.toContain('hunter2')
  })
  it('reads a large file in good time', () => {
    const started = performance.now()
    expect(entry(`${'machine x login y password z\n'.repeat(40_000)}machine h login u password p`)).toBe('u:p')
    expect(performance.now() - started).toBeLessThan(3_000)
  })
})

describe('NoProxy', () => {
  const bypasses = (text: string, host: string, port = '') => NoProxy.parse(text)({ hostname: host, port })
  it.each([
    ['*', 'anything.test', '', true],
    ['a,*', 'b', '', false],
    ['example.com', 'example.com', '8080', true],
    ['example.com', 'www.example.com', '', true],
    ['example.com', 'nexample.com', '', false],
    ['EXAMPLE.com', 'example.com', '', true],
    ['*.example.com', 'www.example.com', '', true],
    ['*.example.com', 'example.com', '', false],
    ['..example.com', 'example.com', '', true],
    ['example.com:8080', 'example.com', '8080', true],
    ['example.com:8080', 'sub.example.com', '8080', true],
    ['example.com:8080', 'example.com', '', false],
    ['10.1.2.3/8', '10.9.9.9', '', true],
    ['10.0.0.1', '10.0.0.10', '', false],
    ['::1', '[::1]', '', true],
    ['[::1]', '[::1]', '', true],
    ['fe80::/10', '[fe80::1]', '443', true],
    ['10.0.0.0/8', '[::1]', '', false],
    ['localhost', '127.0.0.1', '', false],
    ['', 'a', '', false],
    [',, ,', 'a', '', false],
    ['10.0.0.0/99,[,http://x,%', 'x', '', false],
  ])('%j frees %s:%s: %s', (text, host, port, expected) => expect(bypasses(text, host, port)).toBe(expected))

  const folder = process.env['REQUESTS_TS_VECTORS'] ?? join(import.meta.dirname, '../../../shared/vectors')
  const path = join(folder, 'noproxy-curl.json')
  it('agrees with curl', () => {
    if (!existsSync(path)) return console.log('SKIPPED noproxy-curl.json')
    interface Case {
      readonly host: string
      readonly noProxy: string
      readonly bypass: boolean
    }
    const { cases }: { readonly cases: ReadonlyArray<Case> } = JSON.parse(readFileSync(path, 'utf8'))
    expect(cases.filter(({ host, noProxy, bypass }) => bypasses(noProxy, host) !== bypass)).toEqual([])
    expect(cases.length).toBeGreaterThan(70)
  })
})

describe('Environment', () => {
  const proxy = (variables: Readonly<Record<string, string>>, url = 'http://h/') => {
    const { protocol, hostname, port } = new URL(url)
    return pipe(
      Environment.proxyFor({ protocol, hostname, port })(Environment.make(variables)),
      O.map(Secret.reveal),
      O.toUndefined,
    )
  }
  it.each<[Readonly<Record<string, string>>, string | undefined]>([
    [{ http_proxy: 'a' }, 'a'],
    [{ HTTP_PROXY: 'A' }, 'A'],
    [{ http_proxy: 'a', HTTP_PROXY: 'A' }, 'a'],
    [{ http_proxy: '', HTTP_PROXY: 'A' }, undefined],
    [{ HTTP_PROXY: 'A', REQUEST_METHOD: 'GET' }, undefined],
    [{ http_proxy: 'a', REQUEST_METHOD: 'GET' }, 'a'],
    [{ all_proxy: 'x' }, 'x'],
    [{ https_proxy: 'x' }, undefined],
    [{ http_proxy: 'a', no_proxy: 'h' }, undefined],
    [{ http_proxy: 'a', no_proxy: '', NO_PROXY: 'h' }, undefined],
    [{ http_proxy: 'a', no_proxy: 'x', NO_PROXY: 'h' }, 'a'],
    [{ __proto___proxy: 'x' }, undefined],
  ])('%j gives %s', (variables, expected) => expect(proxy(variables)).toBe(expected))

  it('keeps only what matters, and shows none of it', () => {
    const environment = Environment.make(
      { PATH: '/bin', http_proxy: 'http://u:hunter2@p' },
      'machine h password hunter2',
    )
    expect([...environment.variables.keys()]).toEqual(['http_proxy'])
    expect(inspect(environment, { depth: null, showHidden: true })).not.toContain('hunter2')
  })
})

describe('Environment.read', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true })
  })
  const readFrom = (path: string) => {
    vi.stubEnv('NETRC', path)
    const environment = Environment.read()
    return {
      found: O.isSome(Environment.credentialsFor('h')(environment)),
      problems: Environment.problems(environment),
    }
  }
  it('reads the file that NETRC names', () => {
    writeFileSync(join(folder, 'netrc'), 'machine h login u password p')
    expect(readFrom(join(folder, 'netrc'))).toEqual({ found: true, problems: [] })
    expect(readFrom('')).toEqual({ found: false, problems: [] })
    expect(readFrom(join(folder, 'absent'))).toEqual({ found: false, problems: [] })
  })
  it('says what it could not read, and gives no half credentials', () => {
    mkdirSync(join(folder, 'directory'))
    writeFileSync(join(folder, 'huge'), 'machine h login u password p\n'.repeat(50_000))
    writeFileSync(join(folder, 'binary'), Buffer.from([0, 255, 254, 1]))
    writeFileSync(join(folder, 'broken'), 'machine h login u password p what')
    for (const name of ['directory', 'huge', 'binary', 'broken']) {
      const { found, problems } = readFrom(join(folder, name))
      expect(found).toBe(false)
      expect(problems).toHaveLength(1)
    }
  })
})

describe('Mount', () => {
  const named = new Map(
    ['https://', 'https://a.test', 'https://a.test/v1', 'https://a.test:8443', 'mailto:', 'http+unix://'].map(
      (prefix) => [prefix, memory({})],
    ),
  )
  const session = [...named].reduce((s, [prefix, transport]) => Session.mount(prefix, transport)(s), Session.empty)
  const mounted = (url: string) => {
    const { protocol, hostname, port, pathname } = new URL(url)
    const found = Mount.find({ protocol, hostname, port, pathname })(session)
    return [...named].find(([, transport]) => O.isSome(found) && found.value === transport)?.[0]
  }
  it.each([
    ['https://a.test/', 'https://a.test'],
    ['https://a.test/v1', 'https://a.test/v1'],
    ['https://a.test/v1/x', 'https://a.test/v1'],
    ['https://a.test/v10', 'https://a.test'],
    ['https://a.test:8443/v1', 'https://a.test:8443'],
    ['https://a.test.evil.test/v1', 'https://'],
    ['http://a.test/', undefined],
    ['mailto:me@a.test', 'mailto:'],
  ])('%s goes to %s', (url, expected) => expect(mounted(url)).toBe(expected))
  it('replaces a prefix in its place', () => {
    const other = memory({})
    const again = Session.mount('https://a.test', other)(session)
    expect(again.mounts).toHaveLength(session.mounts.length)
  })

  const host = fc.constantFrom('a.test', 'A.Test', 'straße.de', 'XN--strae-oqa.de', '[::1]', '[0:0::1]', '127.1', 'ü.h')
  const path = fc.constantFrom('', '/', '/v1', '/v1/', '/ü', '/%7Ea', '/a b/../c', '//x')
  const written = fc
    .tuple(fc.constantFrom('http://', 'HTTPS://', 'http+unix://', 'ftp://'), host, fc.constantFrom('', ':8080', ':080'))
    .chain(([scheme, name, port]) => path.map((rest) => `${scheme}${name}${port}${rest}`))
  it('fits what is written as its prefix is', () => {
    fc.assert(
      fc.property(written, (text) => {
        const transport = memory({})
        const located = Url.parse(text)
        if (E.isLeft(located)) return
        expect(Mount.find(located.right.url)(Session.mount(text, transport)(Session.empty))).toEqual(O.some(transport))
      }),
    )
  })
  it.each([
    ['https://a.test', 'https://a.test/'],
    ['https://a.test/v1', 'HTTPS://A.test/v1/'],
    ['https://straße.de', 'https://xn--strae-oqa.de'],
    ['https://', 'https:'],
  ])('knows %s and %s for the same', (one, other) => {
    const [first, second] = [memory({}), memory({})]
    const both = pipe(Session.empty, Session.mount(one, first), Session.mount(other, second))
    expect(both.mounts).toEqual([[other, second]])
  })
  it.each([
    ['https://a.test', 'https://a.test:443'],
    ['https://a.test/v1', 'https://a.test/v10'],
    ['https://', 'http://'],
  ])('keeps %s and %s apart', (one, other) => {
    const both = pipe(Session.empty, Session.mount(one, memory({})), Session.mount(other, memory({})))
    expect(both.mounts).toHaveLength(2)
  })
})

describe('Session', () => {
  it('has the version of the package', () => {
    const { version }: { readonly version: string } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    expect(Session.VERSION).toBe(version)
  })
})

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os, { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as Environment from '../../src/session/Environment.js'
import * as Secret from '../../src/values/Secret.js'

type Variables = Readonly<Record<string, string | undefined>>

const place = (url: string): Environment.Place => {
  const { protocol, hostname, port } = new URL(url)
  return { protocol, hostname, port }
}

describe('a snapshot', () => {
  it('keeps the variables that matter and no others, in any case where case is free', () => {
    const matter = {
      http_proxy: '1',
      HTTPS_PROXY: '2',
      No_Proxy: '3',
      ftp_proxy: '',
      REQUESTS_CA_BUNDLE: '5',
      CURL_CA_BUNDLE: '6',
      NETRC: '7',
      REQUEST_METHOD: '8',
    }
    const others = {
      PATH: '/bin',
      http_proxy_port: '1',
      http_proxies: '1',
      all_proxy: undefined,
      requests_ca_bundle: '5',
      MY_REQUESTS_CA_BUNDLE: '5',
      CURL_CA_BUNDLES: '6',
      netrc: '7',
      MY_NETRC: '7',
      NETRC_FILE: '7',
      REQUEST_METHODS: '8',
    }
    const { variables } = Environment.make({ ...others, ...matter })
    expect(Object.fromEntries([...variables].map(([name, value]) => [name, Secret.reveal(value)]))).toStrictEqual(
      matter,
    )
  })
  it('shows none of what it holds', () => {
    const environment = Environment.make({ http_proxy: 'http://u:hunter2@p' }, 'machine h password hunter2')
    expect(inspect(environment, { depth: null, showHidden: true })).not.toContain('hunter2')
  })
  it('of nothing has no netrc and no problems', () => {
    const environment = Environment.make({})
    expect(Secret.reveal(environment.netrc)).toBe('')
    expect(Environment.problems(environment)).toEqual([])
  })
  it('tells its problems, and those of its netrc behind them', () => {
    const netrc = 'netrc: a word that is not machine, default or macdef'
    expect(Environment.problems(Environment.make({}, 'machine h login u', ['first']))).toEqual(['first'])
    expect(Environment.problems(Environment.make({}, 'what', ['first', 'second']))).toEqual(['first', 'second', netrc])
  })
})

describe('the proxy', () => {
  const proxy = (variables: Variables, url = 'http://h/', noProxy?: string) =>
    pipe(Environment.make(variables), Environment.proxyFor(place(url), noProxy), O.map(Secret.reveal), O.toUndefined)

  it.each<[Variables, string | undefined]>([
    [{}, undefined],
    [{ http_proxy: 'a' }, 'a'],
    [{ HTTP_PROXY: 'A' }, 'A'],
    [{ Http_Proxy: 'A' }, 'A'],
    [{ http_proxy: 'a', HTTP_PROXY: 'A' }, 'a'],
    [{ HTTP_PROXY: 'A', http_proxy: 'a' }, 'a'],
    [{ HTTP_PROXY: 'A', Http_Proxy: 'B' }, 'B'],
    [{ http_proxy: '', HTTP_PROXY: 'A' }, undefined],
    [{ HTTP_PROXY: 'A', http_proxy: '' }, undefined],
    [{ HTTP_PROXY: '' }, undefined],
    [{ HTTP_PROXY: '', all_proxy: 'x' }, 'x'],
    [{ http_proxy: '', all_proxy: 'x' }, 'x'],
    [{ all_proxy: 'x' }, 'x'],
    [{ ALL_PROXY: 'X' }, 'X'],
    [{ all_proxy: 'x', http_proxy: 'a' }, 'a'],
    [{ https_proxy: 'x' }, undefined],
    [{ __proto___proxy: 'x' }, undefined],
  ])('of %j is %s', (variables, expected) => expect(proxy(variables)).toBe(expected))

  it.each<[string, Variables, string | undefined]>([
    ['https://h/', { https_proxy: 's', http_proxy: 'a' }, 's'],
    ['ftp://h/', { ftp_proxy: 'f' }, 'f'],
    ['piano://h/', { piano_proxy: 'p' }, 'p'],
    ['no://h/', { no_proxy: 'x', http_proxy: 'a' }, undefined],
    ['no://h/', { NO_PROXY: 'x', http_proxy: 'a' }, undefined],
    ['no://h/', { NO_PROXY: 'x', all_proxy: 'a' }, 'a'],
  ])('is that of the scheme: %s with %j goes through %s', (url, variables, expected) =>
    expect(proxy(variables, url)).toBe(expected),
  )

  it.each<[Variables, string | undefined]>([
    [{ HTTP_PROXY: 'A', REQUEST_METHOD: 'GET' }, undefined],
    [{ HTTP_PROXY: 'A', REQUEST_METHOD: '' }, undefined],
    [{ HTTP_PROXY: 'A', all_proxy: 'x', REQUEST_METHOD: 'GET' }, 'x'],
    [{ http_proxy: 'a', REQUEST_METHOD: 'GET' }, 'a'],
    [{ ALL_PROXY: 'X', REQUEST_METHOD: 'GET' }, 'X'],
  ])('is none of the client that a CGI serves (httpoxy): %j gives %s', (variables, expected) =>
    expect(proxy(variables)).toBe(expected),
  )

  it.each<[Variables, string | undefined]>([
    [{ no_proxy: 'h' }, undefined],
    [{ no_proxy: 'x' }, 'a'],
    [{ NO_PROXY: 'h' }, undefined],
    [{ No_Proxy: 'h' }, undefined],
    [{ no_proxy: '', NO_PROXY: 'h' }, undefined],
    [{ no_proxy: 'x', NO_PROXY: 'h' }, 'a'],
    [{ NO_PROXY: 'h', no_proxy: 'x' }, 'a'],
    [{ NO_PROXY: 'x', no_proxy: 'h' }, undefined],
    [{ No_Proxy: 'h', NO_PROXY: 'x' }, 'a'],
    [{ No_Proxy: 'x', NO_PROXY: 'h' }, undefined],
    [{ No_Proxy: 'h', NO_PROXY: '' }, undefined],
    [{ NO_PROXY: '', No_Proxy: 'h' }, undefined],
    [{ No_Proxy: 'h', no_proxy: '' }, 'a'],
    [{ no_proxy: '', No_Proxy: 'h' }, 'a'],
    [{ No_proxy: 'h', nO_PROXY: 'x' }, undefined],
    [{ nO_PROXY: 'h', No_proxy: 'x' }, 'a'],
  ])('gives way to NO_PROXY: with %j it is %s', (variables, expected) =>
    expect(proxy({ http_proxy: 'a', ...variables })).toBe(expected),
  )

  it.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ['h', undefined],
    ['x,h', undefined],
    ['x', 'a'],
    ['', 'a'],
  ])('obeys another NO_PROXY that is given, %j, in place of the variable', (noProxy, expected) =>
    expect(proxy({ http_proxy: 'a', no_proxy: 'h' }, 'http://h/', noProxy)).toBe(expected),
  )

  it('looks at the port that NO_PROXY names', () => {
    const variables = { http_proxy: 'a', no_proxy: 'h:81' }
    expect(proxy(variables, 'http://h:81/')).toBe(undefined)
    expect(proxy(variables, 'http://h:82/')).toBe('a')
  })
})

describe('bypasses', () => {
  it.each<[Variables, string, boolean]>([
    [{ no_proxy: 'h' }, 'http://h/', true],
    [{ no_proxy: 'h' }, 'http://i/', false],
    [{ NO_PROXY: 'h:81' }, 'http://h:81/', true],
    [{ NO_PROXY: 'h:81' }, 'http://h:82/', false],
    [{}, 'http://h/', false],
  ])('with %j says of %s: %s', (variables, url, expected) =>
    expect(Environment.bypasses(place(url))(Environment.make(variables))).toBe(expected),
  )
})

describe('credentials', () => {
  const NETRC =
    'machine h login u password p machine ::1 login six password p machine a[b] login odd password p machine [a]b login odd password q'
  const found = (hostname: string, user?: string, netrc = NETRC) =>
    pipe(
      Environment.make({}, netrc),
      Environment.credentialsFor(hostname, user),
      O.map(({ user, pass }) => `${user}:${Secret.reveal(pass)}`),
      O.toUndefined,
    )
  it.each([
    ['h', 'u:p'],
    ['other', undefined],
    ['[::1]', 'six:p'],
    ['::1', 'six:p'],
    ['a[b]', 'odd:p'],
    ['[a]b', 'odd:q'],
  ])('of %s are %s', (hostname, expected) => expect(found(hostname)).toBe(expected))
  it.each([
    ['u', 'u:p'],
    ['U', undefined],
    ['', undefined],
  ])('of the user %j alone are %s', (user, expected) => expect(found('h', user)).toBe(expected))
  it('of a host that is not named are the default, for its own user', () => {
    const netrc = 'default login d password e'
    expect(found('h', undefined, netrc)).toBe('d:e')
    expect(found('h', 'd', netrc)).toBe('d:e')
    expect(found('h', 'u', netrc)).toBe(undefined)
    expect(found('h', 'u', '')).toBe(undefined)
  })
  it.each(['', 'machine h login u password p what'])('are none in %j', (netrc) =>
    expect(found('h', undefined, netrc)).toBe(undefined),
  )
})

describe('the CA bundle', () => {
  it.each<[Variables, string | undefined]>([
    [{ REQUESTS_CA_BUNDLE: '/r' }, '/r'],
    [{ CURL_CA_BUNDLE: '/c' }, '/c'],
    [{ CURL_CA_BUNDLE: '/c', REQUESTS_CA_BUNDLE: '/r' }, '/r'],
    [{ CURL_CA_BUNDLE: '/c', REQUESTS_CA_BUNDLE: '' }, '/c'],
    [{ CURL_CA_BUNDLE: '' }, undefined],
    [{}, undefined],
  ])('of %j is %s', (variables, expected) =>
    expect(O.toUndefined(Environment.caBundle(Environment.make(variables)))).toBe(expected),
  )
})

describe('the process', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
    homeIs(() => folder)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    syncBuiltinESMExports()
    rmSync(folder, { recursive: true })
  })
  /** The home folder that the system tells, in whatever thread this runs. */
  const homeIs = (homedir: () => string): void => {
    vi.spyOn(os, 'homedir').mockImplementation(homedir)
    syncBuiltinESMExports()
  }
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const readFrom = (path: string | undefined, host = 'h') => {
    vi.stubEnv('NETRC', path)
    const environment = Environment.read()
    return {
      found: pipe(
        Environment.credentialsFor(host)(environment),
        O.map(({ user, pass }) => `${user}:${Secret.reveal(pass)}`),
        O.toUndefined,
      ),
      problems: Environment.problems(environment),
    }
  }
  const GOOD = 'machine h login u password p'
  const FOUND = { found: 'u:p', problems: [] }
  const NOTHING = { found: undefined, problems: [] }
  const failed = (problem: string) => ({ found: undefined, problems: [problem] })

  it('gives its variables', () => {
    vi.stubEnv('NETRC', '')
    vi.stubEnv('piano_proxy', 'http://p:1')
    expect(pipe(Environment.read(), Environment.proxyFor(place('piano://h/')), O.map(Secret.reveal))).toEqual(
      O.some('http://p:1'),
    )
  })

  it('has the netrc file that NETRC names, and no other', () => {
    const path = write('mine', GOOD)
    write('.netrc', 'machine h login other password o machine i login other password o')
    expect(readFrom(path)).toEqual(FOUND)
    expect(readFrom(path, 'i')).toEqual(NOTHING)
    expect(readFrom('')).toEqual(NOTHING)
    expect(readFrom(join(folder, 'absent'))).toEqual(NOTHING)
  })
  it('has the netrc file of the home folder where NETRC names none: .netrc, else _netrc', () => {
    expect(readFrom(undefined)).toEqual(NOTHING)
    write('_netrc', 'machine h login under password u')
    expect(readFrom(undefined)).toEqual({ found: 'under:u', problems: [] })
    write('.netrc', GOOD)
    expect(readFrom(undefined)).toEqual(FOUND)
    write('.netrc', '')
    expect(readFrom(undefined)).toEqual(NOTHING)
  })
  it('reads ~ in NETRC as the home folder, and only where it is all of the first name', () => {
    mkdirSync(join(folder, 'home'))
    homeIs(() => join(folder, 'home'))
    write('home/mine', GOOD)
    expect(readFrom('~/mine')).toEqual(FOUND)
    expect(readFrom('~')).toEqual(failed(`netrc ${join(folder, 'home')} is not a file`))
    write('homemine', GOOD)
    expect(readFrom('~mine')).toEqual(NOTHING)
    const path = write('a~', GOOD)
    expect(readFrom(path)).toEqual(FOUND)
    expect(readFrom(`${join(folder, 'home')}/~/mine`)).toEqual(NOTHING)
  })
  it('needs no home folder but for what lies in it', () => {
    homeIs(() => {
      throw new Error('ENOENT: no such file or directory, uv_os_homedir')
    })
    const homeless = failed('netrc cannot be looked for: the system knows no home folder; set HOME or NETRC')
    expect(readFrom(undefined)).toEqual(homeless)
    expect(readFrom('~/mine')).toEqual(homeless)
    expect(readFrom(write('mine', GOOD))).toEqual(FOUND)
    expect(readFrom('')).toEqual(NOTHING)
  })

  it('reads a netrc file in UTF-8, else in Latin-1', () => {
    expect(readFrom(write('utf8', 'machine h login ü password ☃'))).toEqual({ found: 'ü:☃', problems: [] })
    expect(readFrom(write('latin1', Buffer.from('machine h login ü password ß', 'latin1')))).toEqual({
      found: 'ü:ß',
      problems: [],
    })
  })
  it('reads a netrc file up to a mebibyte', () => {
    const text = `${GOOD}\n`
    const path = write('large', text.padEnd(1_048_576, ' '))
    expect(readFrom(path)).toEqual(FOUND)
    write('large', text.padEnd(1_048_577, ' '))
    expect(readFrom(path)).toEqual(failed(`netrc ${path} is larger than 1 MiB`))
  })
  it('says what it could not read, and gives no half credentials', () => {
    const loop = join(folder, 'loop')
    symlinkSync(loop, loop)
    expect(readFrom(folder)).toEqual(failed(`netrc ${folder} is not a file`))
    expect(readFrom(loop)).toEqual(
      failed(`netrc ${loop} cannot be read: ELOOP: too many symbolic links encountered, stat '${loop}'`),
    )
    expect(readFrom(write('broken', `${GOOD} what`))).toEqual(
      failed('netrc: a word that is not login, account or password'),
    )
    expect(readFrom(write('binary', Buffer.from([0, 255, 254, 1])))).toEqual(
      failed('netrc: a word that is not machine, default or macdef'),
    )
  })
  it('looks no further than a netrc file that cannot be read', () => {
    mkdirSync(join(folder, '.netrc'))
    write('_netrc', GOOD)
    expect(readFrom(undefined)).toEqual(failed(`netrc ${join(folder, '.netrc')} is not a file`))
  })
})

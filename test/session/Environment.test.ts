import { inspect } from 'node:util'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Environment from '../../src/session/Environment.js'
import * as Secret from '../../src/values/Secret.js'

type Variables = Readonly<Record<string, string | undefined>>

const destination = (url: string): Environment.Destination => {
  const { protocol, hostname, port } = new URL(url)
  return { protocol, hostname, port }
}

describe('a snapshot', () => {
  it('keeps only the relevant variables; names ending in _proxy in any case', () => {
    const relevant = {
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
    const { variables } = Environment.make({ ...others, ...relevant })
    expect(Object.fromEntries([...variables].map(([name, value]) => [name, Secret.reveal(value)]))).toStrictEqual(
      relevant,
    )
  })
  it('shows no value when it is printed', () => {
    const environment = Environment.make({ http_proxy: 'http://u:hunter2@p' }, 'machine h password hunter2')
    expect(inspect(environment, { depth: null, showHidden: true })).not.toContain('hunter2')
  })
  it('without variables has no netrc and no problems', () => {
    const environment = Environment.make({})
    expect(Secret.reveal(environment.netrc)).toBe('')
    expect(Environment.problems(environment)).toEqual([])
  })
  it('reports its own problems before those of its netrc', () => {
    const netrc = expect.stringMatching(/^netrc: line 1: /)
    expect(Environment.problems(Environment.make({}, 'machine h login u', ['first']))).toEqual(['first'])
    expect(Environment.problems(Environment.make({}, 'what', ['first', 'second']))).toEqual(['first', 'second', netrc])
  })
})

describe('the proxy', () => {
  const proxy = (variables: Variables, url = 'http://h/', noProxy?: string) =>
    pipe(
      Environment.make(variables),
      Environment.proxyFor(destination(url), noProxy),
      O.map(Secret.reveal),
      O.toUndefined,
    )

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
  ])('for %j is %s', (variables, expected) => expect(proxy(variables)).toBe(expected))

  it.each<[string, Variables, string | undefined]>([
    ['https://h/', { https_proxy: 's', http_proxy: 'a' }, 's'],
    ['ftp://h/', { ftp_proxy: 'f' }, 'f'],
    ['piano://h/', { piano_proxy: 'p' }, 'p'],
    ['no://h/', { no_proxy: 'x', http_proxy: 'a' }, undefined],
    ['no://h/', { NO_PROXY: 'x', http_proxy: 'a' }, undefined],
    ['no://h/', { NO_PROXY: 'x', all_proxy: 'a' }, 'a'],
  ])('is selected by scheme: %s with %j uses %s', (url, variables, expected) =>
    expect(proxy(variables, url)).toBe(expected),
  )

  it.each<[Variables, string | undefined]>([
    [{ HTTP_PROXY: 'A', REQUEST_METHOD: 'GET' }, undefined],
    [{ HTTP_PROXY: 'A', REQUEST_METHOD: '' }, undefined],
    [{ HTTP_PROXY: 'A', all_proxy: 'x', REQUEST_METHOD: 'GET' }, 'x'],
    [{ http_proxy: 'a', REQUEST_METHOD: 'GET' }, 'a'],
    [{ ALL_PROXY: 'X', REQUEST_METHOD: 'GET' }, 'X'],
  ])('is never taken from the Proxy header of a CGI client (httpoxy): %j gives %s', (variables, expected) =>
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
  ])('is not used for hosts in NO_PROXY: with %j it is %s', (variables, expected) =>
    expect(proxy({ http_proxy: 'a', ...variables })).toBe(expected),
  )

  it.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ['h', undefined],
    ['x,h', undefined],
    ['x', 'a'],
    ['', 'a'],
  ])('uses the argument noProxy, %j, instead of the variable', (noProxy, expected) =>
    expect(proxy({ http_proxy: 'a', no_proxy: 'h' }, 'http://h/', noProxy)).toBe(expected),
  )

  it('compares the port of a NO_PROXY entry', () => {
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
  ])('with %j returns for %s: %s', (variables, url, expected) =>
    expect(Environment.bypasses(destination(url))(Environment.make(variables))).toBe(expected),
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
  ])('for %s are %s', (hostname, expected) => expect(found(hostname)).toBe(expected))
  it.each([
    ['u', 'u:p'],
    ['U', undefined],
    ['', undefined],
  ])('for the user %j are %s', (user, expected) => expect(found('h', user)).toBe(expected))
  it('for a host without an entry are those of default, if the user matches', () => {
    const netrc = 'default login d password e'
    expect(found('h', undefined, netrc)).toBe('d:e')
    expect(found('h', 'd', netrc)).toBe('d:e')
    expect(found('h', 'u', netrc)).toBe(undefined)
    expect(found('h', 'u', '')).toBe(undefined)
  })
  it.each(['', 'machine h login u password p what'])('are missing for %j', (netrc) =>
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
  ])('for %j is %s', (variables, expected) =>
    expect(O.toUndefined(Environment.caBundle(Environment.make(variables)))).toBe(expected),
  )
})

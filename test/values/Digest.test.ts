import { readFileSync } from 'node:fs'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Digest from '../../src/values/Digest.js'
import * as Secret from '../../src/values/Secret.js'

describe('Digest.select', () => {
  it('returns all parameters as the server spelled them', () => {
    const header = 'Digest realm="a \\"b\\"", nonce="n=,;", opaque="o", algorithm=sha-256-SESS, qop="auth", stale=true'
    expect(Digest.select([header])).toEqual(
      O.some({ realm: 'a "b"', nonce: 'n=,;', opaque: O.some('o'), algorithm: O.some('sha-256-SESS'), qop: true }),
    )
    expect(Digest.select(['digest realm="", nonce=n'])).toEqual(
      O.some({ realm: '', nonce: 'n', opaque: O.none, algorithm: O.none, qop: false }),
    )
  })

  const realmAndNonce = (...headers: ReadonlyArray<string>) =>
    pipe(
      Digest.select(headers),
      O.map(({ realm, nonce }) => [realm, nonce]),
      O.toUndefined,
    )
  it.each([
    ['Digest realm="r"; nonce="n"', 'r', 'n'],
    ['Digest realm=r nonce=n', 'r', 'n'],
    ['  Digest\trealm = "r" ,\tnonce\t=\tn  ', 'r', 'n'],
    ['Digest ,,realm="r",,nonce="n"', 'r', 'n'],
    ['Digest realm="r", /, nonce="n"', 'r', 'n'],
    ['Digest realm="r" =, nonce="n"', 'r', 'n'],
    ['Digest realm="r", = nonce="n"', 'r', 'n'],
    ['Digest realm="r", realm="s", nonce="n", nonce="o"', 'r', 'n'],
    ['Digest realm="r, nonce=n', '"r', 'n'],
    ['Digest realm=r=s, nonce=n==', 'r=s', 'n=='],
    ['realm="before", Digest realm="r", nonce="n"', 'r', 'n'],
    ['Basic realm="b", nonce="b", DIGEST realm="r", nonce="n"', 'r', 'n'],
    ['Negotiate abc==, Digest realm="r", nonce="n"', 'r', 'n'],
    ["Digest r!#$%&'*+.^`|~-_=x, realm=r, nonce=n", 'r', 'n'],
  ])('finds realm and nonce in %j', (header, realm, nonce) => expect(realmAndNonce(header)).toEqual([realm, nonce]))

  it('selects the first challenge of all lines that can be answered', () => {
    expect(
      realmAndNonce('Basic realm="b"', 'Digest realm="r", nonce="1", algorithm=x', 'Digest realm="s", nonce="2"'),
    ).toEqual(['s', '2'])
    expect(realmAndNonce('Digest realm="r", nonce="1"', 'Digest realm="s", nonce="2"')).toEqual(['r', '1'])
    expect(realmAndNonce('Digest realm="r"', 'nonce="2"')).toEqual(['r', '2'])
    expect(realmAndNonce()).toBeUndefined()
  })

  it('finds a challenge despite an unclosed quote in another line', () => {
    expect(realmAndNonce('Basic realm="b', 'Digest realm="r", nonce="1"')).toEqual(['r', '1'])
    expect(realmAndNonce('Digest realm="r", nonce="1"', 'Basic realm="b')).toEqual(['r', '1'])
  })

  it.each([
    ['auth', true],
    ['AUTH', true],
    ['auth-int,auth', true],
    [' auth-int\t,\tAuth ', true],
    ['', false],
    [' , ', false],
    ['auth-int', undefined],
    ['auth-int,', undefined],
    ['authenticate', undefined],
  ])('uses auth for qop=%j: %s', (qop, uses) =>
    expect(
      pipe(
        Digest.select([`Digest realm="r", nonce="n", qop="${qop}"`]),
        O.map((challenge) => challenge.qop),
        O.toUndefined,
      ),
    ).toBe(uses),
  )

  it.each([
    ['MD5', true],
    ['md5-sess', true],
    ['SHA', true],
    ['sha-SESS', true],
    ['SHA-256', true],
    ['Sha-256-Sess', true],
    ['SHA-512', true],
    ['SHA-512-sess', true],
    ['SHA-512-256', true],
    ['SHA-512-256-sess', true],
    ['SHA-1', false],
    ['SHA-384', false],
    ['SHA-SESS-512', false],
    ['MD5-sess-sess', false],
    ['-sess', false],
    ['""', false],
    ['constructor', false],
    ['__proto__', false],
  ])('supports algorithm=%s: %s', (algorithm, answered) =>
    expect(O.isSome(Digest.select([`Digest realm="r", nonce="n", algorithm=${algorithm}`]))).toBe(answered),
  )

  it.each<[string, ReadonlyArray<string> | undefined]>([
    ['/a', ['/a']],
    [' /a  http://h.test/b \t /c\t/d ', ['/a', 'http://h.test/b', '/c', '/d']],
    ['', undefined],
    [' \t', undefined],
  ])('splits domain=%j at spaces and tabs', (domain, uris) =>
    expect(
      pipe(
        Digest.select([`Digest realm="r", nonce="n", domain="${domain}"`]),
        O.map((challenge) => challenge.domain),
      ),
    ).toEqual(O.some(uris)),
  )

  it.each(['Digest nonce="n"', 'Digest realm="r"', 'Bearer realm="r", nonce="n"', 'Digest', 'Digest, realm="r"'])(
    'ignores %j',
    (header) => expect(Digest.select([header])).toEqual(O.none),
  )
})

const answering = (challenge: Partial<Digest.Challenge>, other: Partial<Digest.Answering> = {}): Digest.Answering => ({
  user: 'Mufasa',
  pass: Secret.make('Circle Of Life'),
  challenge: {
    realm: 'testrealm@host.com',
    nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
    opaque: O.none,
    algorithm: O.none,
    qop: true,
    ...challenge,
  },
  method: 'GET',
  target: '/dir/index.html',
  count: 1,
  cnonce: '0a4f113b',
  ...other,
})

// The expected values were computed with Python's hashlib.
describe('Digest.response', () => {
  it.each([
    ['SHA', '5cad1ef3413cbff644a38245bb35d93574c97a04'],
    ['sha-sess', 'a7e826d7badc972870c5ae07b75b2b2b6fc9fd4d'],
    ['Md5-Sess', '8e3825c57e897f5a0dec6c2d4e5059d0'],
    [
      'SHA-512',
      'abb145ab10fd07056cbcfc87ebf74d53b285bb2073887cc37edc2018ee297d7cac9d06be00bac252ccb4c3101905caa99dba06d53cd9ea34dfc35b2b97f86f6c',
    ],
    ['SHA-512-256-sess', '0d21f0db3ec5cda5b850c0afa3bc29b4a3c5a6191959ff1baf511d4b38eb6b1e'],
    ['an unknown algorithm', '6629fae49393a05397450978507c4ef1'],
  ])('hashes with %s', (algorithm, expected) =>
    expect(Digest.response(answering({ algorithm: O.some(algorithm) }))).toBe(expected),
  )
  it('ignores the count in the short form of RFC 2069', () => {
    for (const count of [1, 2]) {
      expect(Digest.response(answering({ qop: false }, { count }))).toBe('670fd8c2df070c60b045671b8b24ff02')
    }
    expect(Digest.response(answering({ qop: false, algorithm: O.some('MD5-sess') }))).toBe(
      '4726bc10c33fa6cb357eb27807b1cce8',
    )
  })
  it('writes the count in eight hexadecimal digits', () =>
    expect(Digest.response(answering({}, { count: 255 }))).toBe('07cb56002dba50df7247c34d46357e6b'))
  it.each([
    ['UTF-8', 'ZÃ¼rich'],
    ['ISO-8859-1', 'Zürich'],
  ])('reads the octets of a realm as %s', (_, realm) =>
    expect(Digest.response(answering({ realm, nonce: 'n', qop: false }, { target: '/' }))).toBe(
      'fde97dca2179edc3979124daa2c6e5ca',
    ),
  )
})

describe('Digest.authorization', () => {
  const header = (challenge: Partial<Digest.Challenge>, other: Partial<Digest.Answering> = {}) =>
    Secret.reveal(Digest.authorization(answering(challenge, other)))

  it('returns the header of RFC 2617 3.5 in requests’ order and quoting', () => {
    expect(header({ opaque: O.some('5ccc069c403ebaf9f0171e9517f40e41'), algorithm: O.some('MD5') })).toBe(
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
        'uri="/dir/index.html", response="6629fae49393a05397450978507c4ef1", ' +
        'opaque="5ccc069c403ebaf9f0171e9517f40e41", algorithm=MD5, qop=auth, nc=00000001, cnonce="0a4f113b"',
    )
  })
  it('omits parameters that the challenge does not have', () => {
    expect(header({ opaque: O.none, qop: false })).toBe(
      'Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", ' +
        'uri="/dir/index.html", response="670fd8c2df070c60b045671b8b24ff02"',
    )
  })
  it('escapes quoted strings and encodes the user in UTF-8', () => {
    const quoting = { realm: 'r', nonce: 'n"', opaque: O.some('\\o'), algorithm: O.some('md5"'), qop: false }
    expect(header(quoting, { user: 'Jäsøn "D" \\Doe', target: '/"\\' })).toMatch(
      /^Digest username="JÃ¤sÃ¸n \\"D\\" \\\\Doe", realm="r", nonce="n\\"", uri="\/\\"\\\\", response="[\da-f]{32}", opaque="\\\\o", algorithm="md5\\""$/,
    )
    expect(header({ realm: 'ü"' })).toContain(', realm="ü\\"", ')
  })
  it('hashes the user name without escapes', () => {
    const other = { user: 'Jäsøn "D" \\Doe', pass: Secret.make('p'), target: '/' }
    expect(header({ realm: 'r', nonce: 'n', qop: false }, other)).toContain('"a5571a3a0c2ba386df68a81b7a6ec7d6"')
  })
})

interface DigestVector {
  readonly user: string
  readonly realm: string
  readonly pw: string
  readonly nonce: string
  readonly cnonce?: string
  readonly nc?: string
  readonly qop?: string
  readonly uri: string
  readonly method: string
  readonly alg: string
  readonly computed: string
  readonly src: string
}

describe('Digest with the vectors of the RFCs', () => {
  const vectors: ReadonlyArray<DigestVector> = JSON.parse(
    readFileSync(new URL('../vectors/digest-rfc.json', import.meta.url), 'utf8'),
  )
  // auth-int is not supported: a challenge that offers nothing else is not selected, as the table below shows.
  it.each(vectors.filter(({ qop }) => qop !== 'auth-int'))('computes the response of $src with $alg', (v) => {
    const response = Digest.response({
      user: v.user,
      pass: Secret.make(v.pw),
      challenge: { realm: v.realm, nonce: v.nonce, opaque: O.none, algorithm: O.some(v.alg), qop: v.qop === 'auth' },
      method: v.method,
      target: v.uri,
      count: Number.parseInt(v.nc ?? '1', 16),
      cnonce: v.cnonce ?? '',
    })
    expect(response).toBe(v.computed)
  })
  it.each([
    ['Digest realm="r", nonce="n"', 'n'],
    ['Basic realm="b", Digest realm="r", nonce="n", qop="auth-int, auth"', 'n'],
    ['Negotiate, Digest REALM=r,NONCE=n', 'n'],
    ['Digest realm="a, b=\\"c\\"", nonce="n"', 'n'],
    ['Digest realm="r", nonce="1", algorithm=FOO, Digest realm="r", nonce="2", algorithm=md5', '2'],
    ['Digest realm="r", nonce="n", qop="auth-int"', undefined],
    ['Digest realm="r"', undefined],
    ['Bearer digest', undefined],
    ['', undefined],
  ])('selects from %s the challenge with nonce %s', (header, nonce) =>
    expect(
      pipe(
        Digest.select([header]),
        O.map((c) => c.nonce),
        O.toUndefined,
      ),
    ).toBe(nonce),
  )
})

describe('Digest.answered', () => {
  it.each<[string, O.Option<Digest.Answered>]>([
    ['Digest username="u", realm="a \\"b\\"", nonce="n", uri="/"', O.some({ realm: 'a "b"', nonce: 'n', count: 0 })],
    ['dIGEST\tnonce=n, REALM=r', O.some({ realm: 'r', nonce: 'n', count: 0 })],
    [' ,; Digest realm=r, nonce=n', O.some({ realm: 'r', nonce: 'n', count: 0 })],
    ['Digest,realm=r,nonce=n', O.some({ realm: 'r', nonce: 'n', count: 0 })],
    ['Digest realm="", nonce=""', O.some({ realm: '', nonce: '', count: 0 })],
    ['Digest realm=r, nonce=n, nc=0000001F', O.some({ realm: 'r', nonce: 'n', count: 31 })],
    ['Digest realm=r, nonce=n, nc=1f', O.some({ realm: 'r', nonce: 'n', count: 0 })],
    ['Digest realm=r', O.none],
    ['Digest nonce=n', O.none],
    ['Digest =x, realm=r, nonce=n', O.none],
    ['Basic x, Digest realm=r, nonce=n', O.none],
    ['Digests realm=r, nonce=n', O.none],
    ['realm=r, nonce=n', O.none],
    ['Digest', O.none],
    ['', O.none],
  ])('finds in %j the challenge that it answers', (authorization, expected) =>
    expect(Digest.answered(authorization)).toEqual(expected),
  )
})

describe('Digest.nextNonce', () => {
  it.each([
    ['nextnonce="n2", qop=auth', O.some('n2')],
    ['qop=auth, NextNonce=n2', O.some('n2')],
    ['nextnonce="a\\"b"', O.some('a"b')],
    ['nextnonce=""', O.none],
    ['rspauth="x"', O.none],
  ])('reads the next nonce of %j', (line, expected) => expect(Digest.nextNonce([line])).toEqual(expected))

  it('ignores a challenge with an empty nonce', () =>
    expect(Digest.select(['Digest realm="r", nonce=""'])).toEqual(O.none))
})

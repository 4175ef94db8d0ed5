import { constants, createPublicKey, generateKeyPairSync, verify as verifyWith } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it, vi } from 'vitest'
import * as Plans from '../../laws/arbitrary/Plan.js'
import * as MessageSignature from '../../src/session/auth/MessageSignature.js'
import * as SignatureBase from '../../src/session/auth/SignatureBase.js'
import type * as SignatureOptions from '../../src/session/auth/SignatureOptions.js'
import * as Body from '../../src/values/Body.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import * as NodeModules from '../../src/wire/NodeModules.js'
import * as Plan from '../../src/wire/Plan.js'
import { untyped } from '../untyped.js'
import { baseOf, inputOf, type Received, type VerificationKey, verify } from './messageSignatureVerifier.js'

const context = { now: new Date(1_618_884_473_900), entropy: 'seed' }
const SECRET = 'hunter2 hunter2 hunter2'
const hmacKey = { algorithm: 'hmac-sha256', secret: SECRET } as const
const hmacVerifier: VerificationKey = { algorithm: 'hmac-sha256', secret: Buffer.from(SECRET) }

type Options = Partial<MessageSignature.MessageSignatureOptions>
const signed = (options: Options, plan: Plan.Plan, at = context): Plan.Plan => {
  const outcome = MessageSignature.sign({ key: hmacKey, ...options })(plan, at)
  return E.isRight(outcome) ? outcome.right : expect.fail(outcome.left)
}
const refusal = (options: Options, plan: Plan.Plan = planAt(), at = context): string => {
  const outcome = MessageSignature.sign({ key: hmacKey, ...options })(plan, at)
  return E.isLeft(outcome) ? outcome.left : expect.fail('the plan was signed')
}

const planAt = (target = '/', sent: Partial<Plans.Sent> = {}, origin = 'https://a.test'): Plan.Plan =>
  Plans.planAt(origin)({ method: 'GET', headers: [], content: { _tag: 'Empty' }, ...sent, target })
const withHost = (plan: Plan.Plan): Plan.Plan => Plan.withHeaders({ Host: new URL(plan.url.origin).host })(plan)

/** What a server receives. The content of a stream is unknown, because nothing reads it here. */
const received = (plan: Plan.Plan): Received => {
  const { method, url, headers, body } = Plan.wire(plan)
  const target = url.replace(/#.*/, '').replace(/^https?:\/\/[^/]+/, '')
  const scheme = plan.url.protocol === 'https:' ? 'https' : 'http'
  const octets = body._tag === 'Some' ? body.value : new Uint8Array()
  return { scheme, method, target, headers, body: octets }
}
const coveredBy = (plan: Plan.Plan, label = 'sig1') => inputOf(received(plan), label).items.map(({ text }) => text)
const field = (name: string, { headers }: Plan.Plan) => Headers.combined(headers, name)

// --- vectors -------------------------------------------------------------------------------------------------------

interface Vector {
  readonly src: string
  readonly request: 'post' | 'demo'
  readonly algorithm: 'rsa-pss-sha512' | 'hmac-sha256' | 'ed25519'
  readonly label: string
  readonly components: ReadonlyArray<string>
  readonly parameters: ReadonlyArray<SignatureOptions.Parameter>
  readonly keyId: string
  readonly tag?: string
  readonly nonce?: string
  readonly signatureInput: string
  readonly signature: string
}
interface VectorRequest {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: string | null
}
const { keys, requests, cases } = untyped<{
  readonly keys: Readonly<Record<string, Readonly<Record<'public' | 'private' | 'secret', string>>>>
  readonly requests: Readonly<Record<Vector['request'], VectorRequest>>
  readonly cases: ReadonlyArray<Vector>
}>(JSON.parse(readFileSync(new URL('../vectors/message-signatures-rfc.json', import.meta.url), 'utf8')))

const planOf = ({ method, url, headers, body }: VectorRequest): Plan.Plan => ({
  ...planAt(url.slice('https://example.com'.length), { method }, new URL(url).origin),
  headers: Headers.fromPairs(headers),
  body: body === null ? Body.empty : Body.bytes(Buffer.from(body)),
})

describe('the signatures of RFC 9421', () => {
  const signatureOf = ({ signature, label }: Vector) => Buffer.from(signature.slice(label.length + 2, -1), 'base64')

  it.each(cases)('$src has the base that was signed', (vector) => {
    const components = vector.components.map((text) =>
      pipe(
        SignatureBase.parse(text),
        E.getOrElseW((problem) => expect.fail(problem)),
      ),
    )
    const params = vector.signatureInput.slice(vector.signatureInput.indexOf(')') + 1)
    expect(`${vector.label}=${SignatureBase.signatureParams(components, params)}`).toBe(vector.signatureInput)
    const base = SignatureBase.build(components, params)(planOf(requests[vector.request]))
    if (E.isLeft(base)) expect.fail(base.left)
    const octets = Buffer.from(base.right)
    if (vector.algorithm === 'hmac-sha256') return
    const key = createPublicKey(keys[vector.algorithm]?.public ?? '')
    const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }
    const isValid =
      vector.algorithm === 'ed25519'
        ? verifyWith(null, octets, key, signatureOf(vector))
        : verifyWith('sha512', octets, options, signatureOf(vector))
    expect(isValid).toBe(true)
  })

  it.each(cases.filter(({ algorithm }) => algorithm !== 'rsa-pss-sha512'))('$src is what a signer writes', (vector) => {
    const { label, components, parameters, keyId, request, algorithm } = vector
    const secret = Buffer.from(keys['hmac-sha256']?.secret ?? '', 'base64')
    const privateKey = keys['ed25519']?.private ?? ''
    const key = algorithm === 'ed25519' ? { algorithm, privateKey } : ({ algorithm: 'hmac-sha256', secret } as const)
    const plan = signed({ key, label, components, parameters, keyId }, planOf(requests[request]))
    expect(field('Signature-Input', plan)).toBe(vector.signatureInput)
    expect(field('Signature', plan)).toBe(vector.signature)
  })

  it.each(cases)('$src is accepted by the verifier of these tests', (vector) => {
    const plan = planOf(requests[vector.request])
    const request = received(
      Plan.withHeaders({ 'Signature-Input': vector.signatureInput, Signature: vector.signature })(plan),
    )
    const secret = Buffer.from(keys['hmac-sha256']?.secret ?? '', 'base64')
    if (vector.algorithm === 'hmac-sha256')
      expect(verify(request, { algorithm: 'hmac-sha256', secret }, vector.label)).toBe(true)
    if (vector.algorithm === 'ed25519') {
      expect(verify(request, { algorithm: 'ed25519', publicKey: keys['ed25519']?.public ?? '' }, vector.label)).toBe(
        true,
      )
    }
    expect(baseOf(request, vector.label)).toContain(vector.signatureInput.slice(vector.label.length + 1))
  })
})

// --- properties ----------------------------------------------------------------------------------------------------

const ORIGINS = ['https://a.test', 'http://a.test', 'https://a.test:8443', 'http://[::1]:80', 'http://127.0.0.1:8080']
const plan: fc.Arbitrary<Plan.Plan> = fc
  .tuple(Plans.sent, fc.constantFrom(...ORIGINS))
  .map(([sent, origin]) => withHost(Plans.planAt(origin)(sent)))

const DERIVED = ['@method', '@target-uri', '@authority', '@scheme', '@request-target', '@path', '@query']

/** Components that a plan has. A field value that is not ASCII is covered as octets. */
const componentsFor = (one: Plan.Plan): fc.Arbitrary<ReadonlyArray<string>> => {
  const names = [...new Set(Headers.reveal(one.headers).map(([name]) => name.toLowerCase()))]
  const isAscii = (name: string) => /^[\x20-\x7e]*$/.test(Headers.combined(one.headers, name) ?? '')
  const fields = names.map((name) => (isAscii(name) ? name : `${name};bs`))
  return fc.shuffledSubarray([...DERIVED, ...fields])
}
const planAndComponents = plan.chain((one) => fc.tuple(fc.constant(one), componentsFor(one)))

const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const ed25519: readonly [MessageSignature.Ed25519Key, VerificationKey] = [
  { algorithm: 'ed25519', privateKey },
  { algorithm: 'ed25519', publicKey },
]
const keyPair = fc.constantFrom<readonly [MessageSignature.MessageSignatureOptions['key'], VerificationKey]>(
  [hmacKey, hmacVerifier],
  [{ algorithm: 'hmac-sha256', secret: Secret.make(SECRET) }, hmacVerifier],
  [{ algorithm: 'hmac-sha256', secret: Secret.bytes(Buffer.from(SECRET)) }, hmacVerifier],
  ed25519,
  [{ algorithm: 'ed25519', privateKey: Secret.make(privateKey) }, ed25519[1]],
)

describe('a signed request', () => {
  it('is accepted by an independent verifier, whatever its options cover', () => {
    const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) })
    const options = fc.record(
      {
        keyId: text,
        tag: text,
        label: fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,8}$/),
        expiresIn: fc.integer({ min: 1, max: 1e9 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(planAndComponents, keyPair, options, ([one, components], [key, verifier], more) => {
        const made = signed({ key, components, ...more }, one)
        expect(verify(received(made), verifier, more.label)).toBe(true)
        const { parameters, items } = inputOf(received(made), more.label ?? 'sig1')
        expect(items.length).toBe(components.length)
        expect(parameters.get('created')).toBe(1_618_884_473)
        expect([parameters.get('keyid'), parameters.get('tag')]).toEqual([more.keyId, more.tag])
        expect(parameters.get('expires')).toBe(
          more.expiresIn === undefined ? undefined : 1_618_884_473 + more.expiresIn,
        )
      }),
    )
  })
  it('is accepted with the default components, which cover the body if it is known', () => {
    fc.assert(
      fc.property(plan, keyPair, (one, [key, verifier]) => {
        const made = signed({ key }, one)
        expect(verify(received(made), verifier)).toBe(true)
        expect(coveredBy(made).includes('"content-digest"')).toBe(one.body._tag === 'Bytes')
      }),
    )
  })
  it('is refused after a change of what the signature covers', () => {
    const tampered = ({ headers, ...rest }: Received): ReadonlyArray<Received> => [
      { headers, ...rest, method: 'TRACE' },
      { headers, ...rest, target: `${rest.target}x` },
      { headers, ...rest, body: Buffer.concat([rest.body, Buffer.from('x')]) },
      { ...rest, headers: headers.map(([name, value]) => [name, name === 'Host' ? 'evil.test' : value]) },
      {
        ...rest,
        headers: headers.map(([name, value]) => [name, value.replace('created=1618884473', 'created=1618884474')]),
      },
    ]
    const bytes = plan.filter(({ body }) => body._tag === 'Bytes')
    fc.assert(
      fc.property(bytes, keyPair, fc.nat(4), (one, [key, verifier], i) => {
        const request = tampered(received(signed({ key }, one)))[i]
        expect(request !== undefined && verify(request, verifier)).toBe(false)
      }),
    )
  })
  it('differs from the plan only in the fields of the signature', () => {
    fc.assert(
      fc.property(planAndComponents, ([one, components]) => {
        const made = signed({ components }, one)
        expect({ ...made, headers: one.headers }).toEqual(one)
        const rest = Headers.without(made.headers, ['Signature-Input', 'Signature'])
        expect(Headers.EqStrict.equals(rest, one.headers)).toBe(true)
      }),
    )
  })
  it('replaces its own earlier signature, and keeps those with other labels', () => {
    fc.assert(
      fc.property(plan, (one) => {
        const first = signed({}, signed({ label: 'other', components: ['@method'] }, one))
        const second = signed({}, first, { ...context, now: new Date(1_700_000_000_000) })
        expect(Headers.valuesOf(second.headers, 'Signature').length).toBe(2)
        expect(Headers.valuesOf(second.headers, 'Signature-Input').length).toBe(2)
        expect(verify(received(second), hmacVerifier)).toBe(true)
        expect(verify(received(second), hmacVerifier, 'other')).toBe(true)
        expect(inputOf(received(second), 'sig1').parameters.get('created')).toBe(1_700_000_000)
      }),
    )
  })
  it('prints neither the key nor the signature', () => {
    fc.assert(
      fc.property(plan, (one) => {
        const made = signed({}, one)
        const signature = field('Signature', made)?.slice(6, -1) ?? expect.fail('no signature')
        for (const text of [JSON.stringify(made), inspect(made, { depth: null, showHidden: true })]) {
          expect(text).not.toContain(signature)
          expect(text).not.toContain('hunter2')
        }
      }),
    )
  })
})

// --- components ----------------------------------------------------------------------------------------------------

const valueOf = (component: string, one: Plan.Plan): E.Either<string, string> =>
  pipe(
    SignatureBase.parse(component),
    E.chain(({ read }) => read(one)),
  )

describe('a component', () => {
  const parameters =
    '/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something'
  it.each([
    ['@method', planAt('/', { method: 'REPORT' }), 'REPORT'],
    ['@target-uri', planAt('/a?b=c'), 'https://a.test/a?b=c'],
    ['@target-uri', planAt('/', {}, 'http://a.test:80'), 'http://a.test/'],
    ['@authority', planAt('/', {}, 'https://A.test:443'), 'a.test'],
    ['@authority', planAt('/', {}, 'http://[::80]:443'), '[::80]:443'],
    ['@authority', planAt('/', { headers: [['Host', ' B.test:443 '.trim()]] }), 'b.test'],
    ['@authority', planAt('/', { headers: [['Host', 'b.test:80']] }), 'b.test:80'],
    ['@scheme', planAt('/', {}, 'http://a.test'), 'http'],
    ['@request-target', planAt('/a?b'), '/a?b'],
    ['@path', planAt(''), '/'],
    ['@query', planAt('/a'), '?'],
    ['@query', planAt('/a?'), '?'],
    ['@query', planAt('/a?queryString'), '?queryString'],
    ['@query-param;name="baz"', planAt('/path?param=value&foo=bar&baz=batman&qux='), 'batman'],
    ['@query-param;name="qux"', planAt('/path?param=value&foo=bar&baz=batman&qux='), ''],
    ['@query-param;name="var"', planAt(parameters), 'this%20is%20a%20big%0Amultiline%20value'],
    ['@query-param;name="bar"', planAt(parameters), 'with%20plus%20whitespace'],
    ['@query-param;name="fa%C3%A7ade%22%3A%20"', planAt(parameters), 'something'],
    [
      'Cache-Control',
      planAt('/', {
        headers: [
          ['Cache-Control', 'max-age=60 '],
          ['cache-control', 'private'],
        ],
      }),
      'max-age=60, private',
    ],
    ['x-empty', planAt('/', { headers: [['X-Empty', '']] }), ''],
    [
      'example-header;bs',
      planAt('/', {
        headers: [
          ['Example-Header', 'value, with, lots'],
          ['Example-Header', 'of, commas'],
        ],
      }),
      ':dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:',
    ],
    ['x;bs', planAt('/', { headers: [['X', 'é']] }), ':6Q==:'],
  ])('%s has the value that the RFC defines (%#)', (component, one, value) => {
    expect(valueOf(component, one)).toEqual(E.right(value))
  })
  it('covers a secret query value and a secret field as they are sent', () => {
    const { url, ...rest } = planAt('/a?key=‹secret›')
    const hidden = { ...rest, url: { ...url, sealedSearch: Secret.make('?key=hunter2') } }
    expect(valueOf('@query', hidden)).toEqual(E.right('?key=hunter2'))
    expect(valueOf('@query-param;name="key"', hidden)).toEqual(E.right('hunter2'))
    const cookie = Plan.withHeaders({ Cookie: 'a=hunter2' })(planAt())
    expect(valueOf('cookie', cookie)).toEqual(E.right('a=hunter2'))
    const made = signed(
      { components: ['@query', '@query-param;name="key"', 'cookie'] },
      { ...hidden, headers: cookie.headers },
    )
    expect(JSON.stringify(made)).not.toContain('hunter2')
  })
  it.each([
    ['@status'],
    ['@signature-params'],
    ['signature'],
    ['Signature-Input;bs'],
    ['@unknown'],
    ['@constructor'],
    ['@__proto__'],
    ['@method;req'],
    ['@query-param'],
    ['@query-param;name="a b"'],
    ['@query-param;name=a'],
    ['@query-param;name="%c3"'],
    ['date;sf'],
    ['example-dict;key="a"'],
    ['date;bs;tr'],
    ['a b'],
    [''],
    ['"date"'],
    ['date\n"@path"'],
    ['é'],
  ])('%j is refused, and the message names it', (component) => {
    expect(SignatureBase.parse(component)).toEqual(E.left(expect.stringContaining(JSON.stringify(component))))
  })
  it('that the request lacks is refused, and the message says what to do', () => {
    expect(refusal({ components: ['date'] })).toContain('"date"; set it')
    expect(refusal({ components: ['@query-param;name="a"'] })).toContain('"a"; add it')
    expect(refusal({ components: ['@query-param;name="a"'] }, planAt('/?a=1&a=2'))).toContain('2 times')
    const plan = planAt('/', { headers: [['X', 'é hunter2']] })
    expect(refusal({ components: ['x'] }, plan)).toContain('name;bs')
    expect(refusal({ components: ['x'] }, plan)).not.toContain('hunter2')
  })
})

// --- the body ------------------------------------------------------------------------------------------------------

describe('the digest of the body', () => {
  const bytes = (headers: Plans.Sent['headers'] = []) =>
    planAt('/', { method: 'POST', headers, content: { _tag: 'Bytes', text: '{"hello": "world"}' } })
  const SHA256 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
  const SHA512 = 'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:'
  const EMPTY = 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:'
  const stream = (headers: Plans.Sent['headers'] = []) =>
    planAt('/', { method: 'POST', headers, content: { _tag: 'Stream', pieces: ['a'], length: 'known' } })
  const digest = (one: Plan.Plan) => field('Content-Digest', one)

  it('is written for bytes, and for no body only if it is covered by choice', () => {
    expect(digest(signed({}, bytes()))).toBe(SHA256)
    expect(digest(signed({}, planAt()))).toBeUndefined()
    expect(digest(signed({ components: ['content-digest'] }, planAt()))).toBe(EMPTY)
    expect(digest(signed({ components: ['Content-Digest;bs'] }, bytes()))).toBe(SHA256)
    expect(digest(signed({ components: ['@method'] }, bytes()))).toBeUndefined()
  })
  it('of the user is kept if it is right, and replaced if it is that of another body', () => {
    expect(digest(signed({}, bytes([['Content-Digest', SHA512]])))).toBe(SHA512)
    expect(digest(signed({}, bytes([['Content-Digest', `id=1, ${SHA256}`]])))).toBe(`id=1, ${SHA256}`)
    expect(digest(signed({}, bytes([['content-digest', EMPTY]])))).toBe(SHA256)
    expect(digest(signed({}, planAt('/', { headers: [['Content-Digest', SHA256]] })))).toBe(EMPTY)
  })
  it('of a stream is covered only if the user set it', () => {
    expect(coveredBy(signed({}, stream()))).toEqual(['"@method"', '"@target-uri"'])
    expect(refusal({ components: ['content-digest'] }, stream())).toContain('set Content-Digest')
    const made = signed({}, stream([['Content-Digest', SHA256]]))
    expect([digest(made), coveredBy(made)]).toEqual([SHA256, ['"@method"', '"@target-uri"', '"content-digest"']])
  })
})

// --- options -------------------------------------------------------------------------------------------------------

describe('the parameters', () => {
  const input = (options: Options, at = context) => field('Signature-Input', signed(options, planAt(), at))
  it('are written in the order of the options', () => {
    expect(input({ keyId: 'k', tag: 't', expiresIn: 60 })).toBe(
      'sig1=("@method" "@target-uri");created=1618884473;expires=1618884533;keyid="k";tag="t"',
    )
    expect(input({ parameters: ['alg', 'keyid'], keyId: 'a"\\b', components: [] })).toBe(
      'sig1=();alg="hmac-sha256";keyid="a\\"\\\\b"',
    )
    expect(input({ parameters: [], components: ['@method'] })).toBe('sig1=("@method")')
  })
  it('have another nonce for another seed, time or request, and the same for the same', () => {
    const nonce = (at = context, one = planAt()) =>
      inputOf(received(signed({ parameters: ['nonce'] }, one, at)), 'sig1').parameters.get('nonce')
    expect(nonce()).toMatch(/^[0-9a-f]{32}$/)
    const all = [
      nonce(),
      nonce({ ...context, entropy: 'x' }),
      nonce({ ...context, now: new Date(0) }),
      nonce(context, planAt('/b')),
    ]
    expect(new Set(all).size).toBe(4)
    expect(nonce()).toBe(nonce())
  })
  it('need a valid time, and a seed for a nonce', () => {
    expect(refusal({}, planAt(), { ...context, now: new Date(Number.NaN) })).toContain('date')
    expect(refusal({ parameters: ['nonce'] }, planAt(), { ...context, entropy: '' })).toContain('entropy')
  })
})

describe('bad options', () => {
  const { privateKey: rsa } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  it.each<[about: string, options: unknown]>([
    ['key', { key: undefined }],
    ['key', { key: null }],
    ['key', { key: 'hunter2' }],
    ['algorithm', { key: {} }],
    ['algorithm', { key: { algorithm: 'rsa-pss-sha512', secret: 'hunter2' } }],
    ['secret', { key: { algorithm: 'hmac-sha256' } }],
    ['secret', { key: { algorithm: 'hmac-sha256', secret: '' } }],
    ['secret', { key: { algorithm: 'hmac-sha256', secret: new Uint8Array() } }],
    ['secret', { key: { algorithm: 'hmac-sha256', secret: 42 } }],
    ['secret', { key: Object.create({ algorithm: 'hmac-sha256', secret: 'hunter2' }) }],
    ['PEM', { key: { algorithm: 'ed25519' } }],
    ['PEM', { key: { algorithm: 'ed25519', privateKey: 'hunter2' } }],
    ['PEM', { key: { algorithm: 'ed25519', privateKey: Secret.make('hunter2') } }],
    ['PEM', { key: { algorithm: 'ed25519', privateKey: rsa } }],
    ['PEM', { key: { algorithm: 'ed25519', privateKey: publicKey } }],
    ['PEM', { key: { algorithm: 'ed25519', privateKey: { passphrase: 'hunter2' } } }],
    ['label', { label: 'Sig' }],
    ['label', { label: '' }],
    ['label', { label: 'a b' }],
    ['label', { label: 'a\r\nX: y' }],
    ['label', { label: 7 }],
    ['keyId', { keyId: 'é' }],
    ['keyId', { keyId: 'a\nb' }],
    ['keyId', { keyId: 7 }],
    ['tag', { tag: null }],
    ['components', { components: '@method' }],
    ['component', { components: [7] }],
    ['component', { components: ['@method', '@method'] }],
    ['component', { components: ['Date', 'date'] }],
    ['expiresIn', { expiresIn: 0 }],
    ['expiresIn', { expiresIn: 1.5 }],
    ['expiresIn', { expiresIn: Number.NaN }],
    ['expiresIn', { expiresIn: '60' }],
    ['parameters', { parameters: 'created' }],
    ['parameters', { parameters: ['created', 'created'] }],
    ['parameters', { parameters: ['other'] }],
    ['expires', { parameters: ['expires'] }],
    ['keyid', { parameters: ['created'], keyId: 'k' }],
    ['tag', { parameters: ['tag'] }],
  ])('%s is named for %j', (about, options) => {
    const message = refusal(untyped<Options>(options))
    expect(message).toContain(about === 'secret' && message.includes('algorithm') ? 'algorithm' : about)
    expect(message).not.toContain('hunter2')
  })
  it('do not throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), fc.anything(), (options, key) => {
        const sign = MessageSignature.sign(untyped(options))
        const other = MessageSignature.sign(untyped({ key, components: key, parameters: options, label: options }))
        expect([sign(planAt(), context)._tag, other(planAt(), context)._tag]).toEqual(['Left', 'Left'])
      }),
    )
  })
  it('do not read a polluted prototype', () => {
    const polluted: Record<string, unknown> = untyped(Object.prototype)
    polluted['keyId'] = 'evil'
    try {
      expect(field('Signature-Input', signed({}, planAt()))).not.toContain('evil')
    } finally {
      delete polluted['keyId']
    }
  })
  it('of a runtime without crypto are answered with what to do', () => {
    const missing = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(untyped(undefined))
    try {
      expect(NodeModules.crypto()).toBeUndefined()
      expect(refusal({ key: ed25519[0] })).toContain('crypto.subtle')
    } finally {
      missing.mockRestore()
    }
  })
})

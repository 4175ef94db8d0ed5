import { createHash, createHmac } from 'node:crypto'
import { SignatureV4 } from '@smithy/signature-v4'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { Exchange, HttpError, Plan, Request, Session } from '../../src/index.js'
import type { Auth } from '../../src/session/auth/Auth.js'
import { type AwsSigV4Options, awsSigV4 } from '../../src/session/auth/AwsSigV4.js'
import * as Body from '../../src/values/Body.js'
import * as Headers from '../../src/values/Headers.js'
import * as Secret from '../../src/values/Secret.js'
import * as Url from '../../src/values/Url.js'
import { type Received, type Service, verify } from './sigV4Verifier.js'

const NOW = new Date('2026-02-03T04:05:06.789Z')
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET }
const OPTIONS: AwsSigV4Options = { credentials, region: 'us-east-1', service: 'execute-api' }
const S3: AwsSigV4Options = { ...OPTIONS, service: 's3' }

const signWith =
  (auth: Auth, now: Date = NOW) =>
  (plan: Plan.Plan): Plan.Plan => {
    if (auth._tag !== 'Signer') throw new Error('not a signer')
    const signed = auth.sign(plan, { now, entropy: '' })
    if (!('_tag' in signed)) return signed
    if (E.isLeft(signed)) throw new Error(String(signed.left))
    return signed.right
  }

const planOf = (request: Request.Request): Plan.Plan => {
  const plan = Plan.plan({ session: Session.empty, now: NOW })(request)
  if (E.isLeft(plan)) throw new Error(HttpError.show(plan.left))
  return plan.right
}

const valueOf = (name: string, { headers }: Plan.Plan): string | undefined => {
  const found = Headers.find(headers, name)
  return found === undefined ? undefined : Secret.reveal(found)
}

const parameterOf = (name: string, { url }: Plan.Plan): string | null =>
  new URLSearchParams(Url.sentSearch(url)).get(name)

const signatureOf = (plan: Plan.Plan): string | undefined =>
  parameterOf('X-Amz-Signature', plan) ?? /Signature=(\w+)$/.exec(valueOf('Authorization', plan) ?? '')?.[1]

const bytesOf = ({ body }: Plan.Plan): Uint8Array =>
  body._tag === 'Bytes' ? Secret.open(body.bytes) : new Uint8Array()

/** What a server receives. The transport adds Host. */
const received = (plan: Plan.Plan): Received => ({
  method: plan.method,
  target: Url.target(plan.url),
  headers: [['Host', new URL(plan.url.href).host], ...Plan.wire(plan).headers],
  body: bytesOf(plan),
})

const secretOf = (id: string): string | undefined => (id === credentials.accessKeyId ? SECRET : undefined)
const service = (options: AwsSigV4Options, plus: Service['plus'] = 'space'): Service => ({
  ...{ secretOf, now: NOW, plus },
  path: options.service === 's3' ? 'decoded' : 'encoded twice',
})

// --- arbitraries ---------------------------------------------------------------------------------------------------

const segment = fc.oneof(
  fc.constantFrom(
    '',
    '.',
    '..',
    'a b',
    'a%20b',
    'a%2Fb',
    'a%2fb',
    'ሴ',
    '~',
    '%7e',
    'a+b',
    "!$&'()*,;=:@",
    '%25',
    '%FF',
  ),
  fc.string({ maxLength: 5 }).map((text) => text.replace(/[/?#\\%]/g, '')),
)
const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`)
const word = fc.oneof(
  fc.constantFrom('', 'a', 'A', 'a b', '+', '*', '~', 'ሴ', "'()!", '=', '&', '/', '%', 'a%20b'),
  fc.string({ maxLength: 4, unit: 'grapheme' }),
)
const pairs = fc.array(fc.tuple(word, word), { maxLength: 4 })
/** Written by hand, so that it has forms that no encoder makes. */
const rawQuery = fc
  .array(
    fc.constantFrom('a', 'b=', 'b=1', 'a=2', 'a=1', 'c=+', 'd=%2b', 'e=*~', 'f=%7E', "g='", 'a%20b=', '', 'h=x=y'),
    {
      maxLength: 5,
    },
  )
  .map((pieces) => pieces.join('&'))
const value = fc
  .stringMatching(/^(?:[!-~](?:[ -~]{0,8}[!-~])?)?$/)
  .chain((text) => fc.constantFrom(text, text.replace(/ /g, '   '), text.replace(/ /g, ' \t ')))
const single = fc.uniqueArray(fc.tuple(fc.constantFrom('Range', 'Content-Type', 'User-Agent'), value), {
  maxLength: 2,
  selector: ([name]) => name,
})
const repeated = fc.tuple(fc.constantFrom('X-A', 'x-a', 'X-B', 'Accept', 'X-Amz-Meta-B'), value)
const fields = fc.tuple(single, fc.array(repeated, { maxLength: 4 })).map((lists) => lists.flat())
const body = fc.option(fc.oneof(fc.string(), fc.constant('{"a":1}')), { nil: undefined })
const options: fc.Arbitrary<AwsSigV4Options> = fc.record({
  credentials: fc.constantFrom(credentials, { ...credentials, sessionToken: 'AQoD//+EXAMPLE==' }),
  region: fc.constantFrom('us-east-1', 'eu-central-1'),
  service: fc.constantFrom('s3', 'execute-api'),
  in: fc.constantFrom('header', 'query'),
})

const request = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH'),
    path,
    query: fc.oneof(
      rawQuery.map((text) => ({ text, pairs: [] })),
      pairs.map((list) => ({ text: '', pairs: list })),
    ),
    fields,
    body,
  })
  .map(({ method, path: target, query, fields: lines, body: text }) =>
    pipe(
      Request.make(
        method,
        `https://examplebucket.s3.amazonaws.com${target}${query.text === '' ? '' : `?${query.text}`}`,
      ),
      query.pairs.length === 0 ? identity : Request.withQuery(query.pairs),
      Request.withHeaders(lines),
      text === undefined ? identity : Request.withText(text),
    ),
  )

/** A plan that Request and Session allow. */
const plan = request.map(planOf)

// --- @smithy/signature-v4 --------------------------------------------------------------------------------------------

class Sha256 {
  readonly #hash
  constructor(secret?: unknown) {
    this.#hash =
      typeof secret === 'string' || secret instanceof Uint8Array ? createHmac('sha256', secret) : createHash('sha256')
  }
  update(data: string | Uint8Array): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {}
}

const strict = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The signature of the AWS SDK for what a server receives, or undefined where it has no text for the octets. */
const oracle = async (signed: Plan.Plan, given: AwsSigV4Options): Promise<string | undefined> => {
  const isS3 = given.service === 's3'
  const signer = new SignatureV4({
    ...{ region: given.region, service: given.service, sha256: Sha256 },
    // The cast: tokens of these tests are text.
    credentials: given.credentials as typeof credentials,
    uriEscapePath: !isS3,
    applyChecksum: false,
  })
  const { url, method } = signed
  const query: Record<string, string[]> = {}
  let pathname = Url.sentPathname(url)
  try {
    for (const piece of Url.sentSearch(url).slice(1).split('&')) {
      const [name = '', ...rest] = piece.split('=')
      if (piece === '' || /^X-Amz-/.test(name)) continue
      query[decodeURIComponent(name)] = [...(query[decodeURIComponent(name)] ?? []), decodeURIComponent(rest.join('='))]
    }
    // The SDK writes the path of S3 itself, with everything encoded.
    if (isS3)
      pathname = pathname
        .split('/')
        .map((part) => strict(decodeURIComponent(part)))
        .join('/')
  } catch {
    return undefined
  }
  const headers: Record<string, string> = { host: url.hostname }
  for (const [name, text] of Headers.reveal(signed.headers)) {
    const lower = name.toLowerCase()
    if (/^(?:authorization|x-amz-date|x-amz-security-token)$/.test(lower)) continue
    headers[lower] = lower in headers ? `${headers[lower]},${text.trim()}` : text.trim()
  }
  if (given.in === 'query' && isS3) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
  const message = {
    ...{ method, path: pathname, query, headers, protocol: 'https:', hostname: url.hostname },
    ...(signed.body._tag === 'Empty' ? {} : { body: bytesOf(signed) }),
  }
  if (given.in !== 'query') {
    const { headers: written } = await signer.sign(message, { signingDate: NOW })
    return /Signature=(\w+)$/.exec(written['authorization'] ?? '')?.[1]
  }
  const unsigned = new Set(['x-amz-content-sha256'])
  const names = new Set(Object.keys(headers).filter((name) => name.startsWith('x-amz-')))
  const presigned = await signer.presign(message, {
    ...{ signingDate: NOW, expiresIn: 900, unhoistableHeaders: names, unsignableHeaders: unsigned },
  })
  return String(presigned.query?.['X-Amz-Signature'])
}

describe('a signed plan', () => {
  it('has the signature of the AWS SDK', async () => {
    let compared = 0
    await fc.assert(
      fc.asyncProperty(plan, options, async (unsigned, given) => {
        const signed = signWith(awsSigV4(given))(unsigned)
        const expected = await oracle(signed, given)
        if (expected === undefined) return
        compared += 1
        expect(signatureOf(signed)).toBe(expected)
      }),
      { numRuns: 300 },
    )
    expect(compared).toBeGreaterThan(150)
  })
  it('is verified by a server, whether it reads a + of the query as a space or not', () => {
    fc.assert(
      fc.property(plan, options, fc.constantFrom('space', 'plus'), (unsigned, given, plus) => {
        const signed = signWith(awsSigV4(given))(unsigned)
        expect(verify(received(signed), service(given, plus))).toEqual({ isValid: true })
      }),
      { numRuns: 300 },
    )
  })
  it('keeps the meaning of its query', () => {
    fc.assert(
      fc.property(plan, options, (unsigned, given) => {
        const signed = signWith(awsSigV4(given))(unsigned)
        const kept = [...new URLSearchParams(Url.sentSearch(signed.url))].filter(([name]) => !name.startsWith('X-Amz-'))
        expect(kept).toEqual([...new URLSearchParams(Url.sentSearch(unsigned.url))])
      }),
    )
  })
  it('is refused if method, path, query, a field or the body is changed', () => {
    const changes: ReadonlyArray<(request: Received) => Received> = [
      (x) => ({ ...x, method: 'OPTIONS' }),
      (x) => ({ ...x, target: `/z${x.target}` }),
      (x) => ({ ...x, target: `${x.target}${x.target.includes('?') ? '&' : '?'}z=1` }),
      (x) => ({ ...x, headers: x.headers.map(([n, v]) => (n === 'Host' ? [n, 'other.test'] : [n, v])) }),
      (x) => ({ ...x, body: Uint8Array.of(...x.body, 1) }),
    ]
    fc.assert(
      fc.property(plan, options, fc.constantFrom(...changes), (unsigned, given, change) => {
        const signed = signWith(awsSigV4({ ...given, payload: 'signed' }))(unsigned)
        const verdict = verify(change(received(signed)), service(given))
        expect(verdict.isValid).toBe(false)
      }),
    )
  })
  it('does not change when it is signed again', () => {
    fc.assert(
      fc.property(plan, options, options, (unsigned, given, other) => {
        const sign = signWith(awsSigV4(given))
        const once = sign(unsigned)
        expect(Plan.wire(sign(once))).toEqual(Plan.wire(once))
        // The token of other credentials would be a field of the user.
        const hasSameToken = 'sessionToken' in given.credentials === 'sessionToken' in other.credentials
        if (!hasSameToken || given.in === other.in) return
        const again = sign(signWith(awsSigV4(other))(unsigned))
        expect(verify(received(again), service(given))).toEqual({ isValid: true })
      }),
    )
  })
  it('has another signature at another time, and the old one expires', () => {
    const given: AwsSigV4Options = { ...OPTIONS, in: 'query', expiresIn: 60 }
    const early = signWith(awsSigV4(given), new Date(NOW.getTime() - 61_000))(planOf(Request.get('https://h.test/')))
    expect(verify(received(early), service(given))).toEqual({ isValid: false, why: 'it has expired' })
    expect(verify(received(signWith(awsSigV4(given))(early)), service(given))).toEqual({ isValid: true })
  })
})

// --- examples of the S3 documentation --------------------------------------------------------------------------------

const EXAMPLE: AwsSigV4Options = {
  credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 's3',
}
const BUCKET = 'https://examplebucket.s3.amazonaws.com'
const put = pipe(
  Request.put(`${BUCKET}/test$file.text`),
  Request.withHeaders({ Date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' }),
  Request.withBody(Body.bytes(Buffer.from('Welcome to Amazon S3.'))),
)

describe('the examples of the S3 documentation', () => {
  it.each([
    [
      'GET Object',
      pipe(Request.get(`${BUCKET}/test.txt`), Request.withHeader('Range', 'bytes=0-9')),
      EXAMPLE,
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'PUT Object',
      put,
      { ...EXAMPLE, signedHeaders: ['date'] },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET Bucket Lifecycle',
      Request.get(`${BUCKET}/?lifecycle`),
      EXAMPLE,
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET Bucket',
      Request.get(`${BUCKET}/?max-keys=2&prefix=J`),
      EXAMPLE,
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
    [
      'a presigned URL',
      Request.get(`${BUCKET}/test.txt`),
      { ...EXAMPLE, in: 'query', expiresIn: 86_400 } as const,
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    ],
  ])('%s has the published signature', (_, example, given, expected) => {
    const signed = signWith(awsSigV4(given), new Date('2013-05-24T00:00:00Z'))(planOf(example))
    expect(signatureOf(signed)).toBe(expected)
  })
})

// --- bodies --------------------------------------------------------------------------------------------------------

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(1)
}
const stream = Body.stream(chunks, 1)
const withStream = (url: string): Plan.Plan => planOf(pipe(Request.put(url), Request.withBody(stream)))
const HASH = createHash('sha256').update(Uint8Array.of(1)).digest('hex')

describe('a stream', () => {
  it('is unsigned for S3 over https', () => {
    const signed = signWith(awsSigV4(S3))(withStream('https://h.test/'))
    expect(valueOf('X-Amz-Content-Sha256', signed)).toBe('UNSIGNED-PAYLOAD')
    expect(verify({ ...received(signed), body: Uint8Array.of(1) }, service(S3))).toEqual({ isValid: true })
  })
  it.each([
    ['S3 over http', S3, 'http://h.test/'],
    ['another service', OPTIONS, 'https://h.test/'],
    ['S3 with a signed payload', { ...S3, payload: 'signed' } as const, 'https://h.test/'],
  ])('is not sent to %s without a hash', (_, given, url) => {
    expect(() => signWith(awsSigV4(given))(withStream(url))).toThrow(/stream/)
  })
  it('is signed with the hash that the user set', () => {
    const hashed = pipe(withStream('http://h.test/'), Plan.withHeaders({ 'X-Amz-Content-Sha256': HASH }))
    const signed = signWith(awsSigV4(OPTIONS))(hashed)
    expect(verify({ ...received(signed), body: Uint8Array.of(1) }, service(OPTIONS))).toEqual({ isValid: true })
    expect(verify({ ...received(signed), body: Uint8Array.of(2) }, service(OPTIONS)).isValid).toBe(false)
  })
  it('is unsigned where the user allows it', () => {
    const signed = signWith(awsSigV4({ ...OPTIONS, payload: 'unsigned' }))(withStream('http://h.test/'))
    expect(valueOf('X-Amz-Content-Sha256', signed)).toBe('UNSIGNED-PAYLOAD')
  })
})

it('replaces a hash of the user that is not that of the bytes', () => {
  const plain = planOf(
    pipe(Request.put('https://h.test/'), Request.withText('a'), Request.withHeader('x-amz-content-sha256', HASH)),
  )
  expect(verify(received(signWith(awsSigV4(OPTIONS))(plain)), service(OPTIONS))).toEqual({ isValid: true })
})

// --- options -------------------------------------------------------------------------------------------------------

describe('a presigned URL', () => {
  const unsigned = planOf(pipe(Request.put('https://h.test/'), Request.withText('a')))
  it('of S3 does not cover the body by default', () => {
    const given: AwsSigV4Options = { ...S3, in: 'query' }
    const signed = received(signWith(awsSigV4(given))(unsigned))
    expect(verify({ ...signed, body: Uint8Array.of(1) }, service(given))).toEqual({ isValid: true })
  })
  it('says that its body is unsigned where a server does not expect it', () => {
    const signed = signWith(awsSigV4({ ...OPTIONS, in: 'query', payload: 'unsigned' }))(unsigned)
    expect(valueOf('X-Amz-Content-Sha256', signed)).toBe('UNSIGNED-PAYLOAD')
  })
})

describe('options', () => {
  it('choose the signed fields', () => {
    const plain = planOf(
      pipe(Request.get('https://h.test/'), Request.withHeaders({ 'X-A': '1', 'X-B': '2', Accept: '*' })),
    )
    const signed = signWith(awsSigV4({ ...OPTIONS, signedHeaders: ['x-B'] }))(plain)
    expect(valueOf('Authorization', signed)).toContain('SignedHeaders=host;x-amz-date;x-b,')
  })
  it('leave fields unsigned that proxies and transports change', () => {
    const changed = ['User-Agent', 'Accept-Encoding', 'Referer', 'Sec-Fetch-Mode', 'X-Amzn-Trace-Id']
    const plain = planOf(pipe(Request.get('https://h.test/'), Request.withHeaders(changed.map((name) => [name, 'x']))))
    expect(valueOf('Authorization', signWith(awsSigV4(OPTIONS))(plain))).toContain('SignedHeaders=host;x-amz-date,')
  })
  it('may add the token after signing', () => {
    const given: AwsSigV4Options = {
      ...OPTIONS,
      credentials: { ...credentials, sessionToken: 't0ken' },
      tokenSigning: 'unsigned',
    }
    for (const form of ['header', 'query'] as const) {
      const signed = signWith(awsSigV4({ ...given, in: form }))(planOf(Request.get('https://h.test/')))
      expect(valueOf('X-Amz-Security-Token', signed) ?? parameterOf('X-Amz-Security-Token', signed)).toBe('t0ken')
      expect(valueOf('Authorization', signed) ?? parameterOf('X-Amz-SignedHeaders', signed)).not.toContain('token')
    }
  })
  const invalid: ReadonlyArray<readonly [name: string, options: unknown]> = [
    ['options', undefined],
    ['options', 'x'],
    ['credentials', { region: 'r', service: 's' }],
    ['accessKeyId', { ...OPTIONS, credentials: { secretAccessKey: SECRET } }],
    ['accessKeyId', { ...OPTIONS, credentials: { ...credentials, accessKeyId: 'a/b' } }],
    ['secretAccessKey', { ...OPTIONS, credentials: { accessKeyId: 'a', secretAccessKey: 1 } }],
    ['secretAccessKey', { ...OPTIONS, credentials: { accessKeyId: 'a', secretAccessKey: `${SECRET}\n` } }],
    ['secretAccessKey', { ...OPTIONS, credentials: { accessKeyId: 'a', secretAccessKey: '' } }],
    ['sessionToken', { ...OPTIONS, credentials: { ...credentials, sessionToken: `${SECRET}\r\nX: y` } }],
    ['region', { ...OPTIONS, region: undefined }],
    ['region', { ...OPTIONS, region: 'us east' }],
    ['service', { ...OPTIONS, service: '' }],
    ['service', { ...OPTIONS, service: 'a,b' }],
    ['in', { ...OPTIONS, in: 'body' }],
    ['expiresIn', { ...OPTIONS, expiresIn: 604_801 }],
    ['expiresIn', { ...OPTIONS, expiresIn: '60' }],
    ['payload', { ...OPTIONS, payload: true }],
    ['encoding', { ...OPTIONS, encoding: 'thrice' }],
    ['signedHeaders', { ...OPTIONS, signedHeaders: 'host' }],
  ]
  it.each(invalid)('of plain JavaScript with a wrong %s are an error that names it: %j', (name, given) => {
    // The cast: plain JavaScript may pass anything.
    const auth = awsSigV4(given as AwsSigV4Options)
    const planned = pipe(Request.get('https://h.test/'), Request.withAuth(auth), Plan.plan({ session: Session.empty }))
    expect(planned).toMatchObject({ left: { _tag: 'SigningFailed', message: expect.stringContaining(name) } })
    expect(JSON.stringify(planned)).not.toContain(SECRET.slice(0, 8))
  })
})

// --- in an exchange --------------------------------------------------------------------------------------------------

describe('in an exchange', () => {
  it('signs each hop for the place it is sent to', () => {
    const session = pipe(Session.at('https://h.test/'), Session.withAuth(awsSigV4(OPTIONS)))
    const trace = pipe(
      Request.post('a'),
      Request.withText('body'),
      Exchange.simulate({ session, now: NOW })(({ url }) =>
        url.pathname === '/a' ? { status: 307, headers: { Location: '/b?c=d' } } : { status: 200 },
      ),
    )
    const plans = trace.hops.map((hop) => hop.plan)
    expect(plans.map((hop) => verify(received(hop), service(OPTIONS)))).toEqual([{ isValid: true }, { isValid: true }])
    expect(new Set(plans.map(signatureOf)).size).toBe(2)
  })
  it.each(['header', 'query'] as const)('shows the query of the user, with a space, in the %s form', (form) => {
    const made = pipe(
      Request.get('https://h.test/'),
      Request.withQuery({ q: 'a b', r: 'c' }),
      Request.withSecretQuery('key', 'k e y'),
      Request.withAuth(awsSigV4({ ...OPTIONS, in: form })),
    )
    const { url } = planOf(made)
    expect(url.search).toMatch(/^\?q=a%20b&r=c&key=‹secret›(?:&X-Amz-|$)/)
    expect(Url.sentSearch(url)).toMatch(/^\?q=a%20b&r=c&key=k%20e%20y(?:&X-Amz-|$)/)
  })
  it.each(['header', 'query'] as const)('shows no secret in the %s, but date and hash', (form) => {
    const auth = awsSigV4({ ...S3, in: form, credentials: { ...credentials, sessionToken: 'AQoDYXdzEPT' } })
    const plain = planOf(pipe(Request.get('https://h.test/'), Request.withAuth(auth)))
    const texts = [JSON.stringify(plain), Plan.toHttp()(plain), Plan.toCurl()(plain), JSON.stringify(auth)].join('\n')
    expect(texts).toContain('20260203T040506Z')
    expect(texts).not.toContain(SECRET)
    expect(texts).not.toContain('AQoDYXdzEPT')
    expect(texts).not.toContain(signatureOf(plain))
    expect(verify(received(plain), service(S3))).toEqual({ isValid: true })
  })
})

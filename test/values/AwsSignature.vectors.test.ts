import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, test } from 'vitest'
import { type AwsSigV4Options, awsSigV4 } from '../../src/session/auth/AwsSigV4.js'
import * as AwsSignature from '../../src/values/AwsSignature.js'
import * as Body from '../../src/values/Body.js'
import * as Headers from '../../src/values/Headers.js'
import type { Url } from '../../src/values/Url.js'
import * as Plan from '../../src/wire/Plan.js'

// The test suite of AWS Signature Version 4, as published with `aws-c-auth`: 38 requests, each signed in a header field and in
// the query. The paths and queries of some are not percent-encoded, so their URLs are built by hand.

interface Signed {
  readonly canonicalRequest: string
  readonly stringToSign: string
  readonly signature: string
  readonly signedRequest: string
}

interface Vector {
  readonly id: string
  readonly context: {
    readonly credentials: {
      readonly access_key_id: string
      readonly secret_access_key: string
      readonly token?: string
    }
    readonly expiration_in_seconds: number
    readonly normalize: boolean
    readonly region: string
    readonly service: string
    readonly sign_body: boolean
    readonly timestamp: string
    readonly omit_session_token?: boolean
  }
  readonly request: string
  readonly header: Signed
  readonly query: Signed
}

interface Message {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

/** Parses a request of the suite. A line that begins with a blank continues the one before it. */
const parse = (text: string): Message => {
  const at = text.indexOf('\n\n')
  const [head, body] = at < 0 ? [text.trimEnd(), ''] : [text.slice(0, at), text.slice(at + 2)]
  const [first = '', ...lines] = head.replace(/\n(?=[ \t])/g, '\0').split('\n')
  const [, method = '', target = ''] = /^(\S+) (.*) HTTP\/1\.1$/.exec(first) ?? []
  const [path = '', ...query] = target.split('?')
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).replaceAll('\0', '\n')] as const
  })
  return { method, path, query: query.join('?'), fields, body }
}

const planOf = ({ method, path, query, fields, body }: Message): Plan.Plan => {
  const search = query === '' ? '' : `?${query}`
  const origin = 'https://example.amazonaws.com'
  const url: Url = {
    ...{ protocol: 'https:', hostname: 'example.amazonaws.com', port: '', pathname: path, search, hash: '' },
    ...{ origin, href: `${origin}${path}${search}` },
  }
  return {
    method,
    url,
    headers: Headers.fromPairs(fields),
    body: body === '' ? Body.empty : Body.bytes(Buffer.from(body)),
    route: {
      proxy: O.none,
      tls: { verify: true, ca: O.none, certificate: O.none },
      timeouts: {},
      limits: { body: 1 },
    },
    cause: 'Start',
  }
}

const optionsOf = ({ context }: Vector, form: 'header' | 'query'): AwsSigV4Options => {
  const { credentials: given, normalize, sign_body: isBodySigned, omit_session_token: isTokenUnsigned } = context
  const { access_key_id: accessKeyId, secret_access_key: secretAccessKey, token } = given
  return {
    credentials: { accessKeyId, secretAccessKey, ...(token === undefined ? {} : { sessionToken: token }) },
    region: context.region,
    service: context.service,
    in: form,
    expiresIn: context.expiration_in_seconds,
    contentSha256: isBodySigned ? 'sent' : 'omitted',
    segments: normalize ? 'normalized' : 'unchanged',
    tokenSigning: isTokenUnsigned === true ? 'unsigned' : 'signed',
  }
}

const folder =
  process.env['REQUESTS_TS_VECTORS'] ?? resolve(fileURLToPath(new URL('../..', import.meta.url)), '../shared/vectors')
const path = resolve(folder, 'aws-sigv4.json')
const vectors: ReadonlyArray<Vector> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).cases : []

const withoutBlanks = (value: string): string => value.trim().replace(/\s+/g, ' ')
/** The suite writes one name in lower case. */
const comparable = ({ method, path: target, query, fields, body }: Message) => ({
  request: [method, target, query, body],
  fields: fields.map(([name, value]) => [name.toLowerCase(), withoutBlanks(value)]),
})

const signedMessage = (vector: Vector, form: 'header' | 'query'): Message => {
  const auth = awsSigV4(optionsOf(vector, form))
  if (auth._tag !== 'Signer') throw new Error('not a signer')
  const signed = auth.sign(planOf(parse(vector.request)), { now: new Date(vector.context.timestamp), entropy: '' })
  if (!('_tag' in signed && signed._tag === 'Right')) throw new Error('not signed')
  const plan = signed.right
  const { url, headers } = Plan.wire(plan)
  const [target = '', ...query] = url.slice(plan.url.origin.length).split('?')
  return {
    ...{ method: plan.method, path: target, query: query.join('?') },
    ...{ fields: headers, body: parse(vector.request).body },
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Computes the three texts from the signed request, without its signature. */
const textsOf = (vector: Vector, form: 'header' | 'query'): Omit<Signed, 'signedRequest'> => {
  const { normalize, region, service, credentials, timestamp } = vector.context
  const { method, path: target, query, fields, body } = signedMessage(vector, form)
  const isUnsigned = (name: string): boolean =>
    vector.context.omit_session_token === true && name.toLowerCase() === 'x-amz-security-token'
  const request = AwsSignature.canonicalRequest({
    method,
    path: target,
    query: query
      .split('&')
      .filter((piece) => !piece.startsWith('X-Amz-Signature=') && !isUnsigned(piece.split('=')[0] ?? ''))
      .join('&'),
    headers: fields.filter(([name]) => name !== 'Authorization' && !isUnsigned(name)),
    payloadHash: sha256(body),
    pathForm: { segments: normalize ? 'normalized' : 'unchanged', encoding: 'twice' },
  })
  const date = AwsSignature.dateOf(new Date(timestamp)) ?? ''
  const stringToSign = AwsSignature.stringToSign({ date, region, service }, request)
  const signature = AwsSignature.signature(credentials.secret_access_key, { date, region, service }, stringToSign)
  return { canonicalRequest: request, stringToSign, signature }
}

describe('the test suite of AWS Signature Version 4', () => {
  if (vectors.length === 0) {
    test.skip('SKIPPED: aws-sigv4.json is missing', () => {})
    console.log(`SKIPPED the test suite of AWS Signature Version 4: ${path} is missing`)
    return
  }
  test('has 38 requests', () => expect(vectors.length).toBe(38))
  describe.each(['header', 'query'] as const)('in the %s', (form) => {
    test.each(vectors.map((vector) => [vector.id, vector] as const))('%s has the published texts', (_, vector) => {
      const { signedRequest: __, ...expected } = vector[form]
      expect(textsOf(vector, form)).toEqual(expected)
    })
    test.each(vectors.map((vector) => [vector.id, vector] as const))('%s is signed as published', (_, vector) => {
      expect(comparable(signedMessage(vector, form))).toEqual(comparable(parse(vector[form].signedRequest)))
    })
  })
})

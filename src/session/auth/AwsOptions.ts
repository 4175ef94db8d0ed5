/**
 * The options of AWS Signature Version 4, their defaults, what is wrong with them, and the hash of the body that they choose.
 *
 * | option          | default                                                            |
 * |-----------------|--------------------------------------------------------------------|
 * | `in`            | `header`                                                           |
 * | `expiresIn`     | 900 seconds; only for `in: 'query'`                                |
 * | `payload`       | `signed`; for S3, a stream over https and a URL are `unsigned`      |
 * | `contentSha256` | `sent` for S3, else `omitted`                                      |
 * | `segments`      | `unchanged` for S3, else `normalized`                              |
 * | `encoding`      | `once` for S3, else `twice`                                        |
 * | `tokenSigning`  | `signed`                                                           |
 * | `signedHeaders` | all fields that are not changed on the way                        |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { PathForm } from '../../values/AwsSignature.js'
import type { Payload } from '../../values/Body.js'
import * as Hash from '../../values/Hash.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import * as UserInput from '../../values/UserInput.js'
import type { Plan } from '../../wire/Plan.js'

/** The credentials of an AWS account, or of a service with the same signatures. */
export interface AwsCredentials {
  /** Public; without `/`, `,` and blanks. */
  readonly accessKeyId: string
  /** The key that signs. It is never sent. */
  readonly secretAccessKey: string | Secret.Secret
  /** Of temporary credentials: sent as `X-Amz-Security-Token`. */
  readonly sessionToken?: string | Secret.Secret
}

/** Options of `awsSigV4`. The defaults are those of the AWS SDKs. */
export interface AwsSigV4Options extends Partial<PathForm> {
  /** Who signs. */
  readonly credentials: AwsCredentials
  /** Such as `us-east-1`. */
  readonly region: string
  /** The signing name of the service, such as `s3` or `execute-api`. */
  readonly service: string
  /** `header`: the field Authorization (default). `query`: parameters of the URL, as in a presigned URL. */
  readonly in?: 'header' | 'query'
  /** How long a signature in the query is valid, in seconds: from 1 to 604,800 (seven days). 900 by default. */
  readonly expiresIn?: number
  /** `unsigned`: the signature does not cover the body (`UNSIGNED-PAYLOAD`). S3 accepts it; most services do not. */
  readonly payload?: 'signed' | 'unsigned'
  /** Whether the hash of the body is sent as `X-Amz-Content-Sha256`. It always is if the body is unsigned. */
  readonly contentSha256?: 'sent' | 'omitted'
  /** `unsigned`: the session token is added after signing, as AWS IoT expects it. */
  readonly tokenSigning?: 'signed' | 'unsigned'
  /** The names of the fields to sign, besides Host, Content-Type and `X-Amz-…`. All by default. */
  readonly signedHeaders?: ReadonlyArray<string>
}

/** Checked options with their defaults. */
export interface AwsSigning {
  readonly accessKeyId: string
  readonly secretAccessKey: Secret.Secret
  readonly sessionToken: Secret.Secret | undefined
  readonly region: string
  readonly service: string
  readonly in: 'header' | 'query'
  readonly expiresIn: number
  /** `default`: unsigned only where S3 allows it. */
  readonly payload: 'signed' | 'unsigned' | 'default'
  readonly contentSha256: 'sent' | 'omitted'
  readonly pathForm: PathForm
  readonly tokenSigning: 'signed' | 'unsigned'
  /** In lower case. Undefined: all. */
  readonly signedHeaders: ReadonlySet<string> | undefined
}

/** The signing names of S3, whose paths are not normalized and are encoded once. */
const S3: ReadonlySet<string> = new Set(['s3', 's3express', 's3-outposts', 's3-object-lambda'])

/** Returns whether a service has the rules of S3. */
export const isS3 = (service: string): boolean => S3.has(service)

const MAX_EXPIRES = 604_800
const DEFAULT_EXPIRES = 900

type Read<A> = E.Either<string, A>
/** Any record of plain JavaScript. */
type Given = Readonly<Record<string, unknown>>

const asRecord = (value: unknown): Given | undefined => {
  if (typeof value !== 'object' || value === null) return undefined
  // A copy of the own properties, so that the options cannot change later.
  return UserInput.own<Given>({ ...value })
}

/** A part of a credential scope, in which `/` separates and `,` ends. */
const SCOPE_PART = /^[\x21-\x2b\x2d\x2e\x30-\x7e]+$/

const scopePart = (given: Given, name: string, example: string): Read<string> => {
  const value = given[name]
  if (typeof value !== 'string' || value === '') return E.left(`${name} is missing; write it, such as ${example}`)
  return SCOPE_PART.test(value)
    ? E.right(value)
    : E.left(`${name} contains a blank, a slash, a comma or a character outside ASCII; write it as in ${example}`)
}

const secret = (given: Given, name: string): Read<Secret.Secret> => {
  const text = Secret.textOf(given[name])
  if (text === undefined || text === '') return E.left(`credentials.${name} is missing; it must be text or a Secret`)
  return Headers.isValue(text) && !/[\t ]$/.test(text)
    ? E.right(Secret.make(text))
    : E.left(`credentials.${name} contains a line end, a blank at an end or a control character; trim it`)
}

const choice = <A extends string>(given: Given, name: string, values: readonly [A, A], absent: A): Read<A> => {
  const value = given[name]
  if (value === undefined) return E.right(absent)
  const found = values.find((one) => one === value)
  return found === undefined ? E.left(`${name} must be '${values[0]}' or '${values[1]}'`) : E.right(found)
}

const expiry = ({ expiresIn = DEFAULT_EXPIRES }: Given): Read<number> =>
  typeof expiresIn === 'number' && Number.isInteger(expiresIn) && expiresIn >= 1 && expiresIn <= MAX_EXPIRES
    ? E.right(expiresIn)
    : E.left(`expiresIn must be a whole number of seconds from 1 to ${MAX_EXPIRES}`)

const headerNames = ({ signedHeaders }: Given): Read<ReadonlySet<string> | undefined> => {
  if (signedHeaders === undefined) return E.right(undefined)
  return Array.isArray(signedHeaders) && signedHeaders.every(Headers.isName)
    ? E.right(new Set(signedHeaders.map((name) => name.toLowerCase())))
    : E.left('signedHeaders must be a list of field names')
}

/** Checks options of the user, who may be plain JavaScript. The left is what is wrong, without secrets. */
export const read = (options: unknown): Read<AwsSigning> => {
  const given = asRecord(options)
  if (given === undefined) return E.left('the options are missing; write { credentials, region, service }')
  const credentials = asRecord(given['credentials'])
  if (credentials === undefined) return E.left('credentials is missing; write { accessKeyId, secretAccessKey }')
  const accessKeyId = scopePart(credentials, 'accessKeyId', 'AKIDEXAMPLE')
  if (E.isLeft(accessKeyId)) return E.left(`credentials.${accessKeyId.left}`)
  const secretAccessKey = secret(credentials, 'secretAccessKey')
  if (E.isLeft(secretAccessKey)) return secretAccessKey
  const hasToken = credentials['sessionToken'] !== undefined
  const sessionToken = hasToken ? secret(credentials, 'sessionToken') : E.right(undefined)
  if (E.isLeft(sessionToken)) return sessionToken
  const region = scopePart(given, 'region', 'us-east-1')
  if (E.isLeft(region)) return region
  const service = scopePart(given, 'service', 's3')
  if (E.isLeft(service)) return service
  const isObjectStore = isS3(service.right)
  const place = choice(given, 'in', ['header', 'query'], 'header')
  if (E.isLeft(place)) return place
  const expiresIn = expiry(given)
  if (E.isLeft(expiresIn)) return expiresIn
  const payload = choice(given, 'payload', ['signed', 'unsigned'], 'signed')
  if (E.isLeft(payload)) return payload
  const contentSha256 = choice(given, 'contentSha256', ['sent', 'omitted'], isObjectStore ? 'sent' : 'omitted')
  if (E.isLeft(contentSha256)) return contentSha256
  const segments = choice(given, 'segments', ['normalized', 'unchanged'], isObjectStore ? 'unchanged' : 'normalized')
  if (E.isLeft(segments)) return segments
  const encoding = choice(given, 'encoding', ['once', 'twice'], isObjectStore ? 'once' : 'twice')
  if (E.isLeft(encoding)) return encoding
  const tokenSigning = choice(given, 'tokenSigning', ['signed', 'unsigned'], 'signed')
  if (E.isLeft(tokenSigning)) return tokenSigning
  const signedHeaders = headerNames(given)
  if (E.isLeft(signedHeaders)) return signedHeaders
  return E.right({
    accessKeyId: accessKeyId.right,
    secretAccessKey: secretAccessKey.right,
    sessionToken: sessionToken.right,
    region: region.right,
    service: service.right,
    in: place.right,
    expiresIn: expiresIn.right,
    payload: given['payload'] === undefined ? 'default' : payload.right,
    contentSha256: contentSha256.right,
    pathForm: { segments: segments.right, encoding: encoding.right },
    tokenSigning: tokenSigning.right,
    signedHeaders: signedHeaders.right,
  })
}

// --- the body ------------------------------------------------------------------------------------------------------

/** In place of the hash of a body that is not signed. */
export const UNSIGNED = 'UNSIGNED-PAYLOAD'
/** The field with the hash of the body. */
export const CONTENT_SHA256 = 'X-Amz-Content-Sha256'

/** A hash that the user computed, for a stream. */
const givenHash = ({ headers }: Plan): string | undefined => {
  const given = Headers.find(headers, CONTENT_SHA256)
  const text = given === undefined ? '' : Secret.reveal(given)
  return /^[\da-f]{64}$/.test(text) ? text : undefined
}

const NOT_HASHED =
  'the body is a stream, whose hash is not known before it is sent; send bytes, set its SHA-256 as the header ' +
  "X-Amz-Content-Sha256, or set payload: 'unsigned' if the service accepts it (S3 does)"

const hashOf = (body: Payload): string | undefined => {
  if (body._tag === 'Empty') return Hash.hex('sha256', '')
  return body._tag === 'Bytes' ? Hash.hex('sha256', Secret.open(body.bytes)) : undefined
}

/** Returns the hash of the body that is signed. The left is why there is none. */
export const payloadHash = ({ payload, service, in: place }: AwsSigning, plan: Plan): E.Either<string, string> => {
  const isDefaultOfS3 = payload === 'default' && isS3(service)
  if (payload === 'unsigned' || (isDefaultOfS3 && place === 'query')) return E.right(UNSIGNED)
  const hash = hashOf(plan.body) ?? givenHash(plan)
  if (hash !== undefined) return E.right(hash)
  return isDefaultOfS3 && plan.url.protocol === 'https:' ? E.right(UNSIGNED) : E.left(NOT_HASHED)
}

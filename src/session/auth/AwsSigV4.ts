/**
 * Signs plans with AWS Signature Version 4, in header fields or in the query.
 *
 * | written in the header form         | in the query form                             | secret |
 * |------------------------------------|-----------------------------------------------|--------|
 * | `Authorization`                    | `X-Amz-Credential`, `X-Amz-Signature`         | yes    |
 * | `X-Amz-Security-Token`             | `X-Amz-Security-Token`                        | yes    |
 * | `X-Amz-Content-Sha256`             |                                               | yes    |
 * | `X-Amz-Date`                       | `X-Amz-Algorithm`, `-Date`, `-Expires`, `-SignedHeaders` | no |
 *
 * Each `+` of the query is sent as `%20`: both are a space, but servers disagree on a `+` in a signature.
 *
 * Laws: a plan that is signed again has one signature, the same as if it had none before; a server that computes the
 * signature of what it receives finds the same.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as AwsSignature from '../../values/AwsSignature.js'
import * as Headers from '../../values/Headers.js'
import { decodeComponent } from '../../values/PercentEncoding.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { Plan } from '../../wire/Plan.js'
import type { Auth, SignContext, Signer } from './Auth.js'
import {
  type AwsSigning,
  type AwsSigV4Options,
  CONTENT_SHA256,
  isS3,
  payloadHash,
  read,
  UNSIGNED,
} from './AwsOptions.js'

export type { AwsCredentials, AwsSigV4Options } from './AwsOptions.js'

/** A signer with its checked options. The left is what is wrong with them: each plan then fails to be signed. */
export interface AwsSigner extends Signer {
  readonly sigV4: E.Either<string, AwsSigning>
}

/** Not the hash of the body: that of a short body would tell its content. */
const PUBLIC = ['X-Amz-Date', 'X-Amz-Algorithm', 'X-Amz-SignedHeaders', 'X-Amz-Expires']

/** Fields of the connection, and those that proxies and transports add, change or remove. SDKs omit them too. */
const CHANGED_ON_THE_WAY: ReadonlySet<string> = new Set([
  ...['connection', 'expect', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade', 'accept-encoding'],
  ...['cache-control', 'pragma', 'from', 'referer', 'user-agent', 'via', 'forwarded', 'x-forwarded-for'],
  ...['max-forwards', 'x-amzn-trace-id'],
])

const isChangedOnTheWay = (name: string): boolean => CHANGED_ON_THE_WAY.has(name) || /^(?:proxy|sec)-/.test(name)

const TOKEN = 'X-Amz-Security-Token'

// --- without an older signature --------------------------------------------------------------------------------------

const QUERY_NAMES: ReadonlySet<string> = new Set([
  ...['x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-expires', 'x-amz-signedheaders'],
  ...['x-amz-signature', 'x-amz-security-token'],
])

const isOlder = (piece: string): boolean => {
  const [name = ''] = piece.split('=', 1)
  return QUERY_NAMES.has((decodeComponent(name) ?? name).toLowerCase())
}

interface Piece {
  readonly sent: string
  readonly shown: string
}

const piecesOf = (url: Url.Url): ReadonlyArray<Piece> => {
  const search = Url.sentSearch(url)
  if (search.length < 2) return []
  const shown = url.search.slice(1).split('&')
  return search
    .slice(1)
    .split('&')
    .flatMap((piece, i) => {
      const sent = piece.replaceAll('+', '%20')
      return isOlder(piece) ? [] : [{ sent, shown: shown[i] === piece ? sent : (shown[i] ?? sent) }]
    })
}

/** A token of the user, as a field, stays if the credentials have none. */
const withoutOlder = (headers: Headers.Headers, { sessionToken, in: place }: AwsSigning): Headers.Headers =>
  Headers.without(headers, [
    ...['Authorization', 'X-Amz-Date', ...(sessionToken === undefined ? [] : [TOKEN])],
    ...(place === 'query' ? [CONTENT_SHA256] : []),
  ])

// --- what is signed ------------------------------------------------------------------------------------------------

const hostOf = ({ hostname, port }: Url.Url): string => (port === '' ? hostname : `${hostname}:${port}`)

const isSigned = (name: string, { signedHeaders, tokenSigning }: AwsSigning): boolean => {
  if (name === 'host') return true
  if (isChangedOnTheWay(name) || (name === 'x-amz-security-token' && tokenSigning === 'unsigned')) return false
  if (signedHeaders === undefined || name === 'content-type' || signedHeaders.has(name)) return true
  return name.startsWith('x-amz-')
}

const signedFields = (plan: Plan, headers: Headers.Headers, signing: AwsSigning) => {
  const host = Headers.has('Host')(headers) ? [] : [['Host', hostOf(plan.url)] as const]
  return [...host, ...Headers.reveal(headers).filter(([name]) => isSigned(name.toLowerCase(), signing))]
}

const queryText = (pieces: ReadonlyArray<Piece>): string => pieces.map(({ sent }) => sent).join('&')

const withPieces = (url: Url.Url, pieces: ReadonlyArray<Piece>): Url.Url =>
  Url.replaceQuery(queryText(pieces), pieces.map(({ shown }) => shown).join('&'))(url)

const open = (name: string, value: string): Piece => {
  const sent = `${name}=${AwsSignature.encode(value)}`
  return { sent, shown: sent }
}
const hidden = (name: string, value: string): Piece => ({
  sent: `${name}=${AwsSignature.encode(value)}`,
  shown: `${name}=${Secret.REDACTED}`,
})

/** What both forms sign with. */
interface Job {
  readonly plan: Plan
  readonly signing: AwsSigning
  readonly scope: AwsSignature.Scope
  readonly payloadHash: string
  readonly pieces: ReadonlyArray<Piece>
  readonly headers: Headers.Headers
}

/** Signs a query and fields. */
const signatureOf = (
  { plan, signing, scope, payloadHash: hash }: Job,
  query: string,
  headers: AwsSignature.Signable['headers'],
): string => {
  const { method, url } = plan
  const path = Url.sentPathname(url)
  const { pathForm } = signing
  const request = AwsSignature.canonicalRequest({ method, path, query, headers, payloadHash: hash, pathForm })
  return AwsSignature.signature(
    Secret.reveal(signing.secretAccessKey),
    scope,
    AwsSignature.stringToSign(scope, request),
  )
}

// --- the two forms ---------------------------------------------------------------------------------------------------

const inHeader = (job: Job): Plan => {
  const { plan, signing, scope, payloadHash: hash, pieces, headers: before } = job
  const token: ReadonlyArray<Headers.Field> = signing.sessionToken === undefined ? [] : [[TOKEN, signing.sessionToken]]
  const sendsHash = signing.contentSha256 === 'sent' || hash === UNSIGNED || Headers.has(CONTENT_SHA256)(before)
  const content: ReadonlyArray<Headers.Field> = sendsHash ? [[CONTENT_SHA256, hash]] : []
  const headers = Headers.Monoid.concat(Headers.without(before, [CONTENT_SHA256]), {
    fields: [...token, ['X-Amz-Date', scope.date], ...content],
  })
  const fields = signedFields(plan, headers, signing)
  const credential = `${signing.accessKeyId}/${AwsSignature.scopeText(scope)}`
  const names = AwsSignature.signedHeaders(fields)
  const signature = signatureOf(job, queryText(pieces), fields)
  const value = `${AwsSignature.ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return {
    ...plan,
    url: withPieces(plan.url, pieces),
    headers: Headers.append('Authorization', Secret.make(value))(headers),
  }
}

const inQuery = (job: Job): Plan => {
  const { plan, signing, scope, pieces, payloadHash: hash } = job
  // A server of S3 takes the body of a presigned URL as unsigned, another one as signed. The field says otherwise.
  const saysOtherwise = isS3(signing.service) !== (hash === UNSIGNED)
  const headers = saysOtherwise ? Headers.append(CONTENT_SHA256, hash)(job.headers) : job.headers
  const fields = signedFields(plan, headers, signing)
  const { sessionToken } = signing
  const token = sessionToken === undefined ? [] : [hidden(TOKEN, Secret.reveal(sessionToken))]
  const unsigned = [
    ...pieces,
    open('X-Amz-Algorithm', AwsSignature.ALGORITHM),
    hidden('X-Amz-Credential', `${signing.accessKeyId}/${AwsSignature.scopeText(scope)}`),
    open('X-Amz-Date', scope.date),
    open('X-Amz-SignedHeaders', AwsSignature.signedHeaders(fields)),
    open('X-Amz-Expires', String(signing.expiresIn)),
  ]
  const signed = signing.tokenSigning === 'signed' ? [...unsigned, ...token] : unsigned
  const signature = hidden('X-Amz-Signature', signatureOf(job, queryText(signed), fields))
  return { ...plan, url: withPieces(plan.url, [...unsigned, ...token, signature]), headers }
}

/** Signs a plan. The left is why it cannot be signed. */
const signPlan = (signing: AwsSigning, plan: Plan, { now }: SignContext): E.Either<string, Plan> => {
  const date = AwsSignature.dateOf(now)
  if (date === undefined) return E.left('the time of the client is not a date with a year of four digits')
  const hash = payloadHash(signing, plan)
  if (E.isLeft(hash)) return hash
  const { region, service } = signing
  const job: Job = {
    plan,
    signing,
    scope: { date, region, service },
    payloadHash: hash.right,
    pieces: piecesOf(plan.url),
    headers: withoutOlder(plan.headers, signing),
  }
  return E.right(signing.in === 'query' ? inQuery(job) : inHeader(job))
}

/**
 * Signs each plan that is sent with AWS Signature Version 4: for AWS, and for services with the same signatures, such as
 * MinIO. Every attempt has its own date. Wrong options become the error `SigningFailed`.
 *
 * | body                        | is signed                                                                   |
 * |-----------------------------|-----------------------------------------------------------------------------|
 * | none, bytes                 | with its SHA-256                                                            |
 * | a stream, for S3 over https | not at all: `UNSIGNED-PAYLOAD`                                              |
 * | any other stream            | with the SHA-256 in a header `X-Amz-Content-Sha256`; without it, not sent   |
 *
 * Source: "Create a signed AWS API request" and "Authenticating requests (S3)" of the AWS documentation.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Auth, Plan, Request, Session } from 'requests-ts'
 *
 * const auth = Auth.awsSigV4({
 *   credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' }, region: 'us-east-1', service: 's3' })
 * const plan = pipe(
 *   Request.get('https://bucket.s3.us-east-1.amazonaws.com/cat.jpg'), Request.withAuth(auth),
 *   Plan.plan({ session: Session.empty, now: new Date(0) }))
 * assert.deepEqual(pipe(plan, E.map(({ headers }) => headers.fields.map(([name]) => name))),
 *   E.right(['X-Amz-Date', 'X-Amz-Content-Sha256', 'Authorization']))
 */
export const awsSigV4 = (options: AwsSigV4Options): Auth => {
  const sigV4 = read(options)
  const signer: AwsSigner = {
    _tag: 'Signer',
    name: 'AWS Signature Version 4',
    sign: (plan, context) => (E.isLeft(sigV4) ? sigV4 : signPlan(sigV4.right, plan, context)),
    public: PUBLIC,
    sigV4,
  }
  return signer
}

/** Returns the options of a signer that `awsSigV4` made, or what is wrong with them. */
export const optionsOf = (auth: Auth): AwsSigner['sigV4'] | undefined => {
  // The cast: no other signer has this field, and `awsSigV4` gives it this type.
  return auth._tag === 'Signer' && 'sigV4' in auth ? (auth as AwsSigner).sigV4 : undefined
}

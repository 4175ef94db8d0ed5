/**
 * Converts curl's option for AWS signatures, `--aws-sigv4 provider1[:provider2[:region[:service]]]`, in both directions.
 *
 * | part                     | as in curl                                              |
 * |--------------------------|---------------------------------------------------------|
 * | providers                | only `aws:amz`, which is also the default; in any case  |
 * | region, service          | by default from the host: `service.region.…`            |
 * | `-u id:secret`           | the credentials                                         |
 * | `-H x-amz-security-token` | the session token                                      |
 *
 * curl 7.88 makes a wrong signature if the name of a field is the start of another name, as with Accept and Accept-Encoding, and
 * does not send the hash that S3 needs.
 *
 * Law: `fromCurl(toCurl({ reveal: true })(plan))` signs as the plan does, except a stream.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Auth } from '../../session/auth/Auth.js'
import { type AwsSigning, isS3 } from '../../session/auth/AwsOptions.js'
import { awsSigV4, optionsOf } from '../../session/auth/AwsSigV4.js'
import * as Provenance from '../../stages/prepare/Provenance.js'
import * as Signing from '../../stages/Signing.js'
import * as Headers from '../../values/Headers.js'
import type * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import type { Plan } from '../../wire/Plan.js'

/** The field with a session token. */
export const TOKEN = 'X-Amz-Security-Token'

/** What a curl line has for a signature. */
export interface AwsLine {
  /** The value of `--aws-sigv4`. */
  readonly written: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | undefined
  /** The URL of the line, for region and service. */
  readonly url: string
}

const HOW = 'write aws:amz:REGION:SERVICE'

/** Returns the auth of a line, or an error message. */
export const toAuth = ({
  written,
  accessKeyId,
  secretAccessKey,
  sessionToken,
  url,
}: AwsLine): E.Either<string, Auth> => {
  const [provider = '', other = provider, givenRegion = '', givenService = ''] = written.split(':')
  if (written !== '' && `${provider}:${other}`.toLowerCase() !== 'aws:amz') {
    return E.left(`--aws-sigv4 signs for a provider that is not aws:amz; ${HOW}, or sign with Auth.signer`)
  }
  const located = Url.parse(url)
  const [service = '', region = '', ...rest] = E.isLeft(located) ? [] : located.right.url.hostname.split('.')
  // As in curl, both labels end with a dot. A number is a part of an IP address.
  const isNamed = rest.length > 0 && !/^\d*$/.test(rest.at(-1) ?? '')
  const auth = awsSigV4({
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    region: givenRegion || (isNamed ? region : ''),
    service: givenService || (isNamed ? service : ''),
  })
  const options = optionsOf(auth)
  return options !== undefined && E.isLeft(options)
    ? E.left(`--aws-sigv4 cannot sign: ${options.left}; ${HOW}, and -u ID:SECRET`)
    : E.right(auth)
}

/** Returns whether curl signs in the same way. */
const isSignedByCurl = (x: AwsSigning): boolean => {
  const isObjectStore = isS3(x.service)
  return (
    x.in === 'header' &&
    x.payload !== 'unsigned' &&
    x.tokenSigning === 'signed' &&
    x.signedHeaders === undefined &&
    x.contentSha256 === (isObjectStore ? 'sent' : 'omitted') &&
    x.pathForm.encoding === (isObjectStore ? 'once' : 'twice') &&
    x.pathForm.segments === (isObjectStore ? 'unchanged' : 'normalized') &&
    // curl has the rules of S3 for this name only.
    isObjectStore === (x.service === 's3') &&
    ![x.accessKeyId, x.region, x.service].some((text) => text.includes(':'))
  )
}

/** Writes each space of the query as the signer does: versions of curl sign a `+` differently. */
const withEscapedSpaces = (url: Url.Url): Url.Url => {
  const [sent, shown] = [Url.sentSearch(url), url.search].map((search) => search.slice(1).replaceAll('+', '%20'))
  return url.search.includes('+') || Url.sentSearch(url).includes('+') ? Url.replaceQuery(sent ?? '', shown)(url) : url
}

/** A plan that curl signs. */
export interface SignedByCurl {
  /** Without what curl writes, but with the session token. */
  readonly plan: Plan
  /** The value of `--aws-sigv4`. */
  readonly option: string
  readonly accessKeyId: string
  readonly secretAccessKey: Secret.Secret
}

/** Returns how curl signs a plan that `awsSigV4` signed. Undefined if curl would sign it differently. */
export const fromPlan = (plan: Plan): SignedByCurl | undefined => {
  const provenance = Provenance.of(plan)
  if (O.isNone(provenance)) return undefined
  const { auth } = provenance.value.merged.settings
  const options = auth._tag === 'Set' ? optionsOf(auth.value) : undefined
  if (options === undefined || E.isLeft(options) || !isSignedByCurl(options.right)) return undefined
  if (Signing.signatureOf(plan) === undefined) return undefined
  const { accessKeyId, secretAccessKey, sessionToken, region, service } = options.right
  const unsigned = Signing.unsigned(plan)
  const headers =
    sessionToken === undefined ? unsigned.headers : Headers.upsertAt(TOKEN, sessionToken)(unsigned.headers)
  const shown = { ...unsigned, headers, url: withEscapedSpaces(unsigned.url) }
  return { plan: shown, option: `aws:amz:${region}:${service}`, accessKeyId, secretAccessKey }
}

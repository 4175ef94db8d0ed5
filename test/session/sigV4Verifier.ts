/**
 * A server that verifies AWS Signature Version 4. It computes the signature again from what it receives, from the text of the
 * AWS documentation, and shares no code with `src`.
 */
import { createHash, createHmac } from 'node:crypto'

/** A request as it arrives. */
export interface Received {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array
}

/** How the server of a service verifies. */
export interface Service {
  readonly secretOf: (accessKeyId: string) => string | undefined
  readonly now: Date
  /** The rules of S3 for paths: `decoded`. The rules of other services: `encoded twice`. */
  readonly path?: 'decoded' | 'encoded twice'
  /** What a `+` in a query is. Servers differ. */
  readonly plus?: 'space' | 'plus'
}

export type Verdict = { readonly isValid: true } | { readonly isValid: false; readonly why: string }

const refused = (why: string): Verdict => ({ isValid: false, why })

const SAFE = new Set(Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~'))
const quoted = (octets: Buffer): string =>
  Array.from(octets, (octet) =>
    SAFE.has(octet) ? String.fromCharCode(octet) : `%${octet.toString(16).padStart(2, '0').toUpperCase()}`,
  ).join('')

const unquoted = (text: string, plus: 'space' | 'plus'): Buffer => {
  const source = Buffer.from(text, 'utf8')
  const octets: number[] = []
  for (let i = 0; i < source.length; i += 1) {
    const pair = source.toString('latin1', i + 1, i + 3)
    if (source[i] === 0x25 && /^[\da-f]{2}$/i.test(pair)) {
      octets.push(Number.parseInt(pair, 16))
      i += 2
    } else octets.push(source[i] === 0x2b && plus === 'space' ? 0x20 : (source[i] ?? 0))
  }
  return Buffer.from(octets)
}

const pathOf = (path: string, form: Service['path']): string => {
  if (form === 'decoded') {
    return path
      .split('/')
      .map((segment) => quoted(unquoted(segment, 'plus')))
      .join('/')
  }
  const segments = path.split('/').filter((segment) => segment !== '')
  const normal = `/${segments.join('/')}${segments.length > 0 && path.endsWith('/') ? '/' : ''}`
  return quoted(Buffer.from(normal)).replaceAll('%2F', '/')
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

interface Claim {
  readonly credential: string
  readonly signedHeaders: string
  readonly signature: string
  readonly date: string
  readonly expires: number | undefined
}

const fromHeader = (authorization: string, date: string): Claim | undefined => {
  const [, credential = '', signedHeaders = '', signature = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([\da-f]{64})$/.exec(authorization) ?? []
  return signature === '' ? undefined : { credential, signedHeaders, signature, date, expires: undefined }
}

const fromQuery = (parameters: ReadonlyMap<string, string>): Claim | undefined => {
  const get = (name: string): string => parameters.get(`X-Amz-${name}`) ?? ''
  if (get('Algorithm') !== 'AWS4-HMAC-SHA256' || !/^[\da-f]{64}$/.test(get('Signature'))) return undefined
  return {
    credential: get('Credential'),
    signedHeaders: get('SignedHeaders'),
    signature: get('Signature'),
    date: get('Date'),
    expires: Number(get('Expires')),
  }
}

const timeOf = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

const FIFTEEN_MINUTES = 900_000

/** Verifies a request: its signature, its age, and that it signs what a service wants to be signed. */
export const verify = ({ method, target, headers, body }: Received, service: Service): Verdict => {
  const { now, secretOf, path: form = 'encoded twice', plus = 'space' } = service
  const mark = target.indexOf('?')
  const [path, search] = mark < 0 ? [target, ''] : [target.slice(0, mark), target.slice(mark + 1)]
  const parameters = search.split('&').flatMap((piece) => {
    if (piece === '') return []
    const equals = piece.indexOf('=')
    const [name, value] = equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)]
    return [[unquoted(name, plus), unquoted(value, plus)] as const]
  })
  const valuesOf = (name: string): string[] =>
    headers.flatMap(([other, value]) =>
      other.toLowerCase() === name ? [value.replace(/^[ \t]+|[ \t]+$/g, '').replace(/[ \t\r\n]+/g, ' ')] : [],
    )
  const authorization = valuesOf('authorization')
  const queried = fromQuery(new Map(parameters.map(([name, value]) => [name.toString(), value.toString()])))
  if (authorization.length > 0 && queried !== undefined) return refused('it is signed twice')
  if (authorization.length > 1 || valuesOf('x-amz-date').length > 1) return refused('a field of the signature repeats')
  const claim = queried ?? fromHeader(authorization[0] ?? '', valuesOf('x-amz-date')[0] ?? '')
  if (claim === undefined) return refused('it has no signature')
  const [id = '', day = '', region = '', name = '', end = '', ...more] = claim.credential.split('/')
  const secret = secretOf(id)
  if (secret === undefined) return refused('its access key is not known')
  if (day !== claim.date.slice(0, 8) || end !== 'aws4_request' || more.length > 0) return refused('its scope is wrong')
  const age = now.getTime() - timeOf(claim.date)
  const isFresh = claim.expires === undefined ? Math.abs(age) <= FIFTEEN_MINUTES : age <= claim.expires * 1000
  if (!isFresh) return refused('it has expired')
  const signed = claim.signedHeaders.split(';')
  if (signed.join(';') !== [...new Set(signed)].sort().join(';')) return refused('its signed fields are not sorted')
  if (!signed.includes('host')) return refused('Host is not signed')
  const mustBeSigned = headers
    .map(([header]) => header.toLowerCase())
    .filter((header) => header.startsWith('x-amz-') && header !== 'x-amz-security-token')
  const missing = mustBeSigned.find((header) => !signed.includes(header))
  if (missing !== undefined) return refused(`${missing} is not signed`)
  const [stated = queried !== undefined && form === 'decoded' ? 'UNSIGNED-PAYLOAD' : sha256(body)] =
    valuesOf('x-amz-content-sha256')
  if (stated !== 'UNSIGNED-PAYLOAD' && stated !== sha256(body)) return refused('the body has another hash')
  const query = parameters
    .filter(([parameter]) => parameter.toString() !== 'X-Amz-Signature')
    .map(([parameter, value]) => [quoted(parameter), quoted(value)] as const)
    .sort(([a, x], [b, y]) => (a === b ? Buffer.compare(Buffer.from(x), Buffer.from(y)) : a < b ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&')
  const fields = signed.map((header) => `${header}:${valuesOf(header).join(',')}\n`).join('')
  const request = `${method}\n${pathOf(path, form)}\n${query}\n${fields}\n${claim.signedHeaders}\n${stated}`
  const scope = `${day}/${region}/${name}/aws4_request`
  const text = `AWS4-HMAC-SHA256\n${claim.date}\n${scope}\n${sha256(Buffer.from(request, 'latin1'))}`
  const key = [day, region, name, 'aws4_request'].reduce<string | Buffer>(
    (last, part) => hmac(last, part),
    `AWS4${secret}`,
  )
  return hmac(key, text).toString('hex') === claim.signature ? { isValid: true } : refused('its signature is wrong')
}

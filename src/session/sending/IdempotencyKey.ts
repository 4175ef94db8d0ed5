/**
 * An idempotency key as a setting (draft-ietf-httpapi-idempotency-key-header): which header has it, in which form, and for which
 * methods. `withIdempotencyKey` sets it; planning derives one key for each exchange from its entropy.
 *
 * | option    | default                      | meaning                                                                    |
 * |-----------|------------------------------|----------------------------------------------------------------------------|
 * | `header`  | `Idempotency-Key`            | the name of the header                                                     |
 * | `format`  | `bare`                       | `bare`: the UUID; `quoted`: in double quotes, a string of RFC 9651         |
 * | `methods` | `POST`, `PATCH`              | methods that get a key: the others are idempotent already                  |
 *
 * `bare` is the default because the APIs that document the header, such as Stripe, read the value as it is: for them a quoted
 * value is another key, or an invalid one. The draft requires quotes.
 */
import * as Entropy from '../../values/Entropy.js'
import * as Headers from '../../values/Headers.js'
import { SENSITIVE_IN_REPLY } from '../../values/Redaction.js'
import * as UserInput from '../../values/UserInput.js'

/**
 * How a key is written: `bare` is the UUID, `quoted` has double quotes around it.
 *
 * @since 0.2.0
 * @category model
 */
export type KeyFormat = 'bare' | 'quoted'

/**
 * The options of `withIdempotencyKey`.
 *
 * @since 0.2.0
 * @category model
 */
export interface KeyOptions {
  /** The name of the header; `Idempotency-Key` by default. */
  readonly header?: string | undefined
  /** `bare` by default. */
  readonly format?: KeyFormat | undefined
  /** Methods that get a key, in any case; POST and PATCH by default. */
  readonly methods?: ReadonlyArray<string> | undefined
}

/**
 * The setting: every option has a value.
 *
 * @since 0.2.0
 * @category model
 */
export interface IdempotencyKey {
  /** The name of the header. */
  readonly header: string
  /** How the key is written. */
  readonly format: KeyFormat
  /** Methods that get a key. */
  readonly methods: ReadonlyArray<string>
}

/** The header of the draft. */
export const STANDARD_HEADER = 'Idempotency-Key'

const METHODS: ReadonlyArray<string> = ['POST', 'PATCH']

/** Planning reports the header. */
const INVALID: KeyOptions = { header: '' }

/** Returns the options. In plain JavaScript they may be anything. */
const given = (options: KeyOptions): KeyOptions => {
  try {
    return UserInput.isRecord(options) ? UserInput.own(options) : INVALID
  } catch {
    return INVALID // a getter throws
  }
}

/** Returns the setting. Nothing is validated. */
export const make = (options: KeyOptions): IdempotencyKey => {
  const { header = STANDARD_HEADER, format = 'bare', methods = METHODS } = given(options)
  return { header, format, methods }
}

/** The families and fields with another meaning: those of HTTP and its extensions, of traces, and those that the library writes. */
const FAMILIES =
  /^(?:accept|access-control|alt|cache|content|if|last|proxy|repr|sec|signature|upgrade|want|x-amz|x-forwarded|x-http-method)(?:-|$)/
const FIELDS =
  /^(?:age|allow|baggage|connection|cookie2|date|digest|etag|expect|expires|forwarded|from|host|http2-settings|keep-alive|link|location|max-forwards|origin|pragma|prefer|priority|range|referer|retry-after|server|te|trace(?:parent|state)|trailer|transfer-encoding|user-agent|vary|via|warning|www-authenticate)$/

const isReserved = (header: string): boolean => {
  const key = header.toLowerCase()
  return FAMILIES.test(key) || FIELDS.test(key) || SENSITIVE_IN_REPLY.has(key)
}

/** Returns why a setting is not valid, or `undefined`. */
export const problemOf = ({ header, format, methods }: IdempotencyKey): string | undefined => {
  if (!Headers.isName(header) || isReserved(header)) {
    const given = typeof header === 'string' ? ` ${JSON.stringify(header)}` : ''
    return `its header${given} must be a name that means nothing else, such as ${STANDARD_HEADER}`
  }
  if (format !== 'bare' && format !== 'quoted') return "its format must be 'bare' or 'quoted'"
  const isList = Array.isArray(methods) && methods.every((method: unknown) => typeof method === 'string')
  return isList ? undefined : "its methods must be a list of methods, such as ['POST', 'PATCH']"
}

/** Returns whether requests with a method get a key. */
export const appliesTo = ({ methods }: IdempotencyKey, method: string): boolean =>
  methods.some((one) => one.toUpperCase() === method.toUpperCase())

/** RFC 9562 5.4: the version is 4, the variant is binary 10. */
const toUuid = (hex: string): string => {
  const variant = (8 + (Number.parseInt(hex.charAt(16), 16) % 4)).toString(16)
  const digits = `${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

/** Returns the key of an exchange with that seed, as it is sent. */
export const mint = ({ format }: IdempotencyKey, entropy: string): string => {
  const uuid = toUuid(Entropy.draw(entropy, 'idempotency key'))
  return format === 'quoted' ? `"${uuid}"` : uuid
}

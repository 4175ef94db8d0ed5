/**
 * The options of an HTTP message signature, and its parameters (RFC 9421 2.3).
 *
 * Options are checked once, when the scheme is made. Untyped callers may pass anything.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Entropy from '../../values/Entropy.js'
import { quote } from '../../values/HeaderSyntax.js'
import * as Url from '../../values/Url.js'
import * as UserInput from '../../values/UserInput.js'
import type { Plan } from '../../wire/Plan.js'
import type { SignContext } from './Auth.js'
import * as SignatureBase from './SignatureBase.js'

/** A parameter of a signature (RFC 9421 2.3). */
export type Parameter = 'created' | 'expires' | 'keyid' | 'alg' | 'nonce' | 'tag'

/** What is signed, except for the key. */
export interface Coverage {
  /** Names the key for the server. */
  readonly keyId?: string
  /** Names the signature within the request; `sig1` by default. */
  readonly label?: string
  /**
   * What the signature covers, in this order: see the table of `SignatureBase`. By default `@method`, `@target-uri` and the
   * digest of the body.
   */
  readonly components?: ReadonlyArray<string>
  /** For how long the signature is valid, in whole seconds. By default the server decides. */
  readonly expiresIn?: number
  /** Names the application that the signature is for. */
  readonly tag?: string
  /** The parameters in their order. By default `created`, and those whose option is set: `expires`, `keyid`, `tag`. */
  readonly parameters?: ReadonlyArray<Parameter>
}

/** Options that were checked. */
export interface Checked {
  readonly label: string
  readonly components: ReadonlyArray<SignatureBase.Component>
  /** Whether the digest of the body is covered. `IfKnown`: nothing is wrong with a stream that has none. */
  readonly digest: 'Always' | 'IfKnown' | 'Never'
  /** Returns the parameters after the list of components. The left says why there are none. */
  readonly parametersAt: (context: SignContext, plan: Plan) => E.Either<string, string>
}

const DEFAULT_COMPONENTS: ReadonlyArray<string> = ['@method', '@target-uri']
const NAMES: ReadonlyArray<Parameter> = ['created', 'expires', 'keyid', 'alg', 'nonce', 'tag']

/** Printable ASCII, as a string of a structured field needs (RFC 9651 3.3.3). */
const isText = (value: unknown): boolean => typeof value === 'string' && /^[\x20-\x7e]*$/.test(value)
/** A key of a structured field (RFC 9651 3.1.2). */
const isLabel = (value: unknown): boolean => typeof value === 'string' && /^[a-z*][a-z\d_.*-]*$/.test(value)
const isList = (value: unknown): value is ReadonlyArray<unknown> => Array.isArray(value)
const hasDuplicate = (list: ReadonlyArray<unknown>): boolean => new Set(list).size < list.length

/** Returns what is wrong with options. Untyped callers may pass anything. */
const problemOf = ({ keyId, label, components, expiresIn, tag, parameters }: Coverage): string | undefined => {
  if (label !== undefined && !isLabel(label)) return 'label must be lower-case letters, digits and "_-.*", as in "sig1"'
  if (keyId !== undefined && !isText(keyId)) return 'keyId must be printable ASCII text'
  if (tag !== undefined && !isText(tag)) return 'tag must be printable ASCII text'
  if (components !== undefined && !isList(components)) return 'components must be a list, such as ["@method", "date"]'
  if (expiresIn !== undefined && !(Number.isSafeInteger(expiresIn) && expiresIn > 0)) {
    return 'expiresIn must be a whole number of seconds, greater than 0'
  }
  if (parameters === undefined) return undefined
  const given: unknown = parameters
  if (!isList(given) || hasDuplicate(given) || !given.every((name) => NAMES.some((known) => known === name))) {
    return `parameters must be a list of ${NAMES.join(', ')}, each at most once`
  }
  const options = { expires: expiresIn, keyid: keyId, tag }
  for (const [name, value] of Object.entries(options)) {
    if (given.includes(name) !== (value !== undefined))
      return `parameters and the option for "${name}" must be set together`
  }
  return undefined
}

const parseAll = (given: ReadonlyArray<unknown>): E.Either<string, ReadonlyArray<SignatureBase.Component>> => {
  const components: SignatureBase.Component[] = []
  for (const text of given) {
    const parsed = typeof text === 'string' ? SignatureBase.parse(text) : E.left('each component must be a string')
    if (E.isLeft(parsed)) return parsed
    components.push(parsed.right)
  }
  const isTwice = hasDuplicate(components.map(({ identifier }) => identifier))
  return isTwice ? E.left('each component must be listed at most once') : E.right(components)
}

const isDigest = ({ identifier }: SignatureBase.Component): boolean => /^"content-digest"/.test(identifier)

/** Returns the function that writes the parameters (RFC 9421 2.3). */
const writer = ({ keyId, expiresIn, tag, parameters }: Coverage, algorithm: string): Checked['parametersAt'] => {
  const isSet = { created: true, expires: expiresIn !== undefined, keyid: keyId !== undefined, tag: tag !== undefined }
  const names =
    parameters ?? NAMES.filter((name) => UserInput.get<Partial<Record<Parameter, boolean>>, Parameter>(isSet, name))
  return ({ now, entropy }, { method, url }) => {
    const created = Math.floor(now.getTime() / 1000)
    if (!Number.isSafeInteger(created)) return E.left('the time of the signature is not a valid date')
    if (names.includes('nonce') && entropy === '') return E.left('a nonce must be unpredictable: entropy is missing')
    const values: Readonly<Record<Parameter, () => string>> = {
      created: () => `${created}`,
      expires: () => `${created + (expiresIn ?? 0)}`,
      keyid: () => quote(keyId ?? ''),
      alg: () => quote(algorithm),
      nonce: () => quote(Entropy.draw(entropy, `signature nonce ${now.getTime()} ${method} ${Url.target(url)}`)),
      tag: () => quote(tag ?? ''),
    }
    return E.right(names.map((name) => `;${name}=${values[name]()}`).join(''))
  }
}

/** Checks options when a scheme is made. */
export const check = (given: Coverage, algorithm: string): E.Either<string, Checked> => {
  const options = UserInput.own(given)
  const problem = problemOf(options)
  if (problem !== undefined) return E.left(problem)
  const { label = 'sig1', components } = options
  const parsed = parseAll(components ?? DEFAULT_COMPONENTS)
  if (E.isLeft(parsed)) return parsed
  const digest = components === undefined ? 'IfKnown' : parsed.right.some(isDigest) ? 'Always' : 'Never'
  return E.right({ label, components: parsed.right, digest, parametersAt: writer(options, algorithm) })
}

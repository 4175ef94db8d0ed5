/**
 * Validates the header fields of session and request. Without `withSensitiveHeaders`, the fields of a session only once.
 *
 * | refused (`InvalidHeader`)                             | why                                             |
 * |-------------------------------------------------------|-------------------------------------------------|
 * | a name that is not a token, a value with CR, LF, NUL … | RFC 9110 5.6.2, 5.5 (D17)                      |
 * | `Expect`, `Upgrade`, `Keep-Alive`, `Connection` except `close` and `keep-alive` | only the transport may set them (D17) |
 * | `Transfer-Encoding` except `chunked`                  | RFC 9112 6.1                                    |
 * | two `Host`, `Content-Length`, `Transfer-Encoding` or `Content-Type`, a length that is not a number | request smuggling |
 *
 * The value of a sensitive header becomes secret here. `Redirect` also reads names, because a user may have edited the plan.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { HeaderSetting, Settings } from '../../session/Settings.js'
import { isSensitive } from '../../session/SettingsRecord.js'
import * as Headers from '../../values/Headers.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import type { Merged } from '../Merge.js'
import { invalidHeader, type PlanError } from '../PlanError.js'

const SINGLE_FIELDS: ReadonlySet<string> = new Set(['host', 'content-length', 'transfer-encoding', 'content-type'])
const TRANSPORT_ONLY: ReadonlySet<string> = new Set(['expect', 'upgrade', 'keep-alive'])

/** Returns why a user must not set a header that is valid in HTTP. */
export const headerProblem = (name: string, value: string): string | undefined =>
  problemOfKey(name.toLowerCase(), value)

const problemOfKey = (key: string, value: string): string | undefined => {
  if (TRANSPORT_ONLY.has(key)) return 'only the transport may set it'
  if (key === 'connection' && !/^(close|keep-alive)$/i.test(value)) return 'its value must be close or keep-alive'
  if (key === 'transfer-encoding' && !/^chunked$/i.test(value)) return 'its value must be chunked'
  if (key === 'content-length' && !/^\d+$/.test(value)) return 'its value must be a number of octets'
  return undefined
}

const problemOf = (key: string, name: string, given: Headers.Value): string | undefined => {
  if (!Headers.isName(name)) return 'its name is not a token (RFC 9110 5.6.2)'
  const value = Secret.textOf(given)
  if (value === undefined) return 'its value is not text'
  if (!Headers.isValue(value)) {
    return 'its value starts with white space or contains a character that HTTP does not allow (CR, LF, NUL, above U+00FF)'
  }
  return problemOfKey(key, value)
}

type Lines = E.Either<PlanError, ReadonlyArray<Headers.Field>>

/** Returns the lines of one setting, or why it is not valid. */
const linesOf = (key: string, { name, values }: HeaderSetting, sensitive: Settings['sensitive']): Lines => {
  if (values.length > 1 && SINGLE_FIELDS.has(key)) return E.left(invalidHeader(name, 'it may stand only once'))
  const isSecret = isSensitive(sensitive, key)
  const fields: Headers.Field[] = []
  for (const value of values) {
    const problem = problemOf(key, name, value)
    if (problem !== undefined) return E.left(invalidHeader(name, problem))
    fields.push([name, isSecret ? Secret.hide(value) : value])
  }
  return E.right(fields)
}

/** The lines of each header, by lower-case name. */
type Compiled = E.Either<PlanError, ReadonlyMap<string, ReadonlyArray<Headers.Field>>>

const compile = (headers: Settings['headers'], sensitive: Settings['sensitive']): Compiled => {
  const compiled = new Map<string, ReadonlyArray<Headers.Field>>()
  for (const [key, override] of headers) {
    if (override._tag !== 'Set') continue
    const made = linesOf(key, override.value, sensitive)
    if (E.isLeft(made)) return made
    compiled.set(key, made.right)
  }
  return E.right(compiled)
}

/** What is computed once for the headers of a session. */
interface CompiledHeaders {
  readonly byKey: Compiled
  readonly all: E.Either<PlanError, Headers.Headers>
}

const compiledHeaders = new WeakMap<Settings['headers'], CompiledHeaders>()

const flat = (compiled: Compiled): E.Either<PlanError, Headers.Headers> =>
  E.isLeft(compiled) ? compiled : E.right({ fields: [...compiled.right.values()].flat() })

const compiledOf = (headers: Settings['headers']): CompiledHeaders => {
  const found = compiledHeaders.get(headers)
  if (found !== undefined) return found
  const byKey = compile(headers, Override.noKeys)
  const made = { byKey, all: flat(byKey) }
  compiledHeaders.set(headers, made)
  return made
}

/** Returns the header fields of session and request, in order. Error: `InvalidHeader`. */
export const fields = ({ session, settings }: Merged): E.Either<PlanError, Headers.Headers> => {
  if (settings.sensitive.size > 0) return flat(compile(settings.headers, settings.sensitive))
  const base = compiledOf(session.settings.headers)
  if (settings.headers === session.settings.headers) return base.all
  // An invalid header of the session is not an error if the request replaces it.
  const compiled = E.isRight(base.byKey) ? base.byKey.right : undefined
  const all: Headers.Field[] = []
  for (const [key, override] of settings.headers) {
    if (override._tag !== 'Set') continue
    const before = session.settings.headers.get(key) === override ? compiled?.get(key) : undefined
    const made = before === undefined ? linesOf(key, override.value, settings.sensitive) : E.right(before)
    if (E.isLeft(made)) return made
    for (const line of made.right) all.push(line)
  }
  return E.right({ fields: all })
}

/**
 * Checks the header fields of a signed plan, and makes those that the scheme wrote secret, except public ones. Left: what is
 * wrong.
 */
export const validateSigned = (
  before: Headers.Headers,
  after: Headers.Headers,
  isPublic: (key: string) => boolean,
): E.Either<string, Headers.Headers> => {
  const fields: Headers.Field[] = []
  for (const field of after.fields) {
    const [name, value] = field
    if (before.fields.some(([other, held]) => other === name && held === value)) {
      fields.push(field)
      continue
    }
    const key = name.toLowerCase()
    const problem = problemOf(key, name, value)
    if (problem !== undefined) return E.left(`it wrote the header ${JSON.stringify(name)}, and ${problem}`)
    fields.push(isPublic(key) ? field : [name, Secret.hide(value)])
  }
  const twice = [...SINGLE_FIELDS].find((name) => Headers.valuesOf(after, name).length > 1)
  if (twice !== undefined) return E.left(`it wrote a second header ${JSON.stringify(twice)}`)
  return E.right({ fields })
}

/**
 * Finds the positions that a decoder rejected in the errors that it returned, whichever library it is from.
 *
 * | errors                                     | recognized by                            | expected type         |
 * |--------------------------------------------|------------------------------------------|-----------------------|
 * | io-ts `Errors`                             | a list with `context`                    | the name of the codec |
 * | Standard Schema, zod, valibot, arktype     | a list, or its `issues`, with `message`  | `expected`, if it is the name of a known type |
 * | anything else                              | no issue                                 |                       |
 *
 * A path is written as in JavaScript: `items[0].id`, `headers['content-type']`, and `$` for the whole value (RFC 9535).
 *
 * No text repeats a received value, because it may be secret: not the message of an issue, and not its `received`. Keys that
 * are received data too print as `[*]`: those of a dictionary (`t.record`), those that a schema of zod, valibot or arktype does
 * not declare (`SchemaKeys`), and very long ones. Without the schema they are not known: the errors of a decoder function,
 * other than those of io-ts, and the issues of a schema of another library show their keys, except rejected keys and keys of maps
 * of valibot.
 *
 * The time is linear, and bounded for long lists. Errors may be hostile: a getter that throws makes its issue disappear.
 */
import * as Printable from './Printable.js'
import * as SchemaKeys from './SchemaKeys.js'

/** A rejected position. */
export interface Issue {
  readonly path: string
  /** `missing`, `expected number, got string`, or `invalid string` if the expected type is not known. */
  readonly problem: string
}

/** What one entry of the errors says. `got` is undefined if the received value is not known. */
interface Finding {
  readonly path: string
  readonly expected: string | undefined
  readonly got: string | undefined
}

const MAX_SCANNED = 1_000
const MAX_PATHS = 100
const MAX_LISTED = 5
const MAX_EXPECTED = 4
const MAX_DEPTH = 32
const MAX_KEY_LENGTH = 40
const MAX_PATH_LENGTH = 200
const MAX_NAME_LENGTH = 40

const MISSING = 'missing'

type Fields = Readonly<Record<string, unknown>>

const isObject = (u: unknown): u is Fields => typeof u === 'object' && u !== null

/** Returns the first entries, also of a list that has its own `slice`. */
const first = (list: ReadonlyArray<unknown>, count: number): ReadonlyArray<unknown> =>
  Array.prototype.slice.call(list, 0, count)

const typeOf = (u: unknown): string => (u === null ? 'null' : Array.isArray(u) ? 'array' : typeof u)

// --- paths ---------------------------------------------------------------------------------------------------------

const ANY_KEY = '[*]'
const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*$/u
const INDEX = /^\d+$/

const quotedKey = (key: string): string =>
  `['${JSON.stringify(key).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}']`

/** Returns the text of one key. */
const segment = (key: unknown): string => {
  if (typeof key === 'number') return `[${key}]`
  if (typeof key !== 'string' || key.length > MAX_KEY_LENGTH) return ANY_KEY
  if (INDEX.test(key)) return `[${key}]`
  return NAME.test(key) ? `.${key}` : quotedKey(key)
}

const toPath = (segments: ReadonlyArray<string>, isWhole: boolean): string => {
  const path = `${segments.join('')}${isWhole ? '' : '…'}`.replace(/^\./, '')
  const printable = Printable.escapeControls(path === '' ? '$' : path)
  return printable.length > MAX_PATH_LENGTH ? `${printable.slice(0, MAX_PATH_LENGTH)}…` : printable
}

// --- io-ts ---------------------------------------------------------------------------------------------------------

const WRAPPERS: ReadonlySet<unknown> = new Set(['ExactType', 'ReadonlyType', 'RecursiveType'])
const MEMBERS: ReadonlySet<unknown> = new Set(['UnionType', 'IntersectionType'])
/** The structures whose keys are those of the codec, and not received data. */
const KEYED: ReadonlySet<unknown> = new Set([
  'InterfaceType',
  'PartialType',
  'StrictType',
  'ArrayType',
  'ReadonlyArrayType',
  'AnyArrayType',
  'TupleType',
])
const KINDS: Readonly<Record<string, string>> = {
  AnyArrayType: 'array',
  ArrayType: 'array',
  ReadonlyArrayType: 'array',
  TupleType: 'array',
  AnyDictionaryType: 'object',
  DictionaryType: 'object',
  InterfaceType: 'object',
  PartialType: 'object',
  StrictType: 'object',
}

/** Returns the codec inside codecs that add nothing to the context. A refinement has a name of its own. */
const unwrap = (codec: unknown, isWrapper: (tag: unknown) => boolean): Fields => {
  let inner = codec
  for (let depth = 0; depth < MAX_DEPTH && isObject(inner) && isWrapper(inner['_tag']); depth++) inner = inner['type']
  return isObject(inner) ? inner : {}
}

const structureOf = (codec: unknown): unknown =>
  unwrap(codec, (tag) => WRAPPERS.has(tag) || tag === 'RefinementType')['_tag']

const nameOf = (codec: unknown): string | undefined => {
  const { _tag, name } = unwrap(codec, (tag) => WRAPPERS.has(tag))
  if (typeof _tag === 'string' && Object.hasOwn(KINDS, _tag)) return KINDS[_tag]
  return typeof name === 'string' && name !== '' && name.length <= MAX_NAME_LENGTH ? name : undefined
}

/** Returns whether an entry is a member of the union or intersection before it, and not a property of its value. */
const isMember = (parent: Fields, entry: Fields): boolean =>
  MEMBERS.has(structureOf(parent['type'])) || (isObject(parent['actual']) && parent['actual'] === entry['actual'])

const ofIoTs = ({ context, value }: Fields): Finding | undefined => {
  if (!Array.isArray(context) || context.length === 0) return undefined
  const segments: string[] = []
  let parent: Fields | undefined
  for (const entry of first(context, MAX_DEPTH)) {
    if (!isObject(entry)) return undefined
    if (parent === undefined) {
      if (entry['key'] !== '') segments.push(segment(entry['key']))
    } else if (!isMember(parent, entry)) {
      segments.push(KEYED.has(structureOf(parent['type'])) ? segment(entry['key']) : ANY_KEY)
    }
    parent = entry
  }
  const last: unknown = context.at(-1)
  return {
    path: toPath(segments, context.length <= MAX_DEPTH),
    expected: isObject(last) ? nameOf(last['type']) : undefined,
    got: value === undefined ? MISSING : typeOf(value),
  }
}

// --- issues --------------------------------------------------------------------------------------------------------

/**
 * Returns whether an item of a path is a key of a map, or a key that valibot rejects: its items of records and objects are equal.
 * A key that is missing was not received.
 */
const isReceivedKey = (item: unknown, got: string | undefined): boolean =>
  isObject(item) &&
  (item['type'] === 'record' || item['type'] === 'map' || (item['origin'] === 'key' && got !== MISSING))

/** Names that no received value can be part of. arktype writes an article before them. */
const TYPE_NAME =
  /^(?:an? )?(string|number|int|integer|nan|bigint|boolean|null|undefined|object|array|tuple|record|map|set|date)$/i

const typeNameOf = (expected: unknown): string | undefined =>
  typeof expected === 'string' ? TYPE_NAME.exec(expected)?.[1]?.toLowerCase() : undefined

/** Returns the type of the value at a path, `missing`, or undefined if the path does not lead into the value. */
const typeAt = (json: unknown, keys: ReadonlyArray<unknown>): string | undefined => {
  let value = json
  for (const [depth, key] of keys.entries()) {
    if (!isObject(value) || (typeof key !== 'string' && typeof key !== 'number')) return undefined
    if (!Object.hasOwn(value, key)) return depth === keys.length - 1 ? MISSING : undefined
    value = value[key]
  }
  return typeOf(value)
}

const ofIssue = (json: unknown, schema: unknown, { message, path = [], expected }: Fields): Finding | undefined => {
  if (typeof message !== 'string' || !Array.isArray(path)) return undefined
  const items: ReadonlyArray<unknown> = first(path, MAX_DEPTH)
  const keys = items.map((item) => (isObject(item) ? item['key'] : item))
  const isWhole = path.length <= MAX_DEPTH
  const got = isWhole ? typeAt(json, keys) : undefined
  const declared = SchemaKeys.declaredKeys(schema, keys)
  return {
    path: toPath(
      items.map((item, i) => (declared?.[i] === false || isReceivedKey(item, got) ? ANY_KEY : segment(keys[i]))),
      isWhole,
    ),
    expected: typeNameOf(expected),
    got,
  }
}

// --- all -----------------------------------------------------------------------------------------------------------

const findingOf = (json: unknown, schema: unknown, error: unknown): Finding | undefined => {
  try {
    if (!isObject(error)) return undefined
    return 'context' in error ? ofIoTs(error) : ofIssue(json, schema, error)
  } catch {
    return undefined // a getter of a foreign error
  }
}

const entriesOf = (errors: unknown): ReadonlyArray<unknown> => {
  try {
    const list = isObject(errors) && !Array.isArray(errors) ? errors['issues'] : errors
    return Array.isArray(list) ? first(list, MAX_SCANNED) : []
  } catch {
    return []
  }
}

const problemOf = (expected: ReadonlyArray<string>, got: string | undefined): string => {
  if (got === MISSING) return MISSING
  if (expected.length === 0) return got === undefined ? 'invalid' : `invalid ${got}`
  const names = expected.slice(0, MAX_EXPECTED).join(' or ')
  const wanted = `expected ${names}${expected.length > MAX_EXPECTED ? ' or …' : ''}`
  return Printable.escapeControls(got === undefined ? wanted : `${wanted}, got ${got}`)
}

/**
 * Returns the rejected positions of a JSON value, each once. The list is empty if the errors are of an unknown kind. The schema is
 * `undefined` for the errors of a function.
 */
export const issuesOf = (json: unknown, errors: unknown, schema?: unknown): ReadonlyArray<Issue> => {
  const found = new Map<string, { readonly expected: Set<string>; got: string | undefined }>()
  for (const error of entriesOf(errors)) {
    const finding = findingOf(json, schema, error)
    if (finding === undefined) continue
    const { path, expected, got } = finding
    if (!found.has(path) && found.size >= MAX_PATHS) continue
    const at = found.get(path) ?? { expected: new Set(), got }
    if (expected !== undefined) at.expected.add(expected)
    found.set(path, at)
  }
  return Array.from(found, ([path, { expected, got }]) => ({ path, problem: problemOf([...expected], got) }))
}

/** Returns the first issues on one line: `id: expected number, got string; name: missing`. */
export const show = (issues: ReadonlyArray<Issue>): string => {
  const listed = issues.slice(0, MAX_LISTED).map(({ path, problem }) => `${path}: ${problem}`)
  return [...listed, ...(issues.length > MAX_LISTED ? ['…'] : [])].join('; ')
}

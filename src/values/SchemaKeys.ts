/**
 * Finds which keys of a path a schema declares, in schemas of zod 4, valibot 1 and arktype 2. Other keys are received data: those
 * of a record or an index signature, and those that a strict object rejects. The issues of these libraries do not distinguish them.
 *
 * | library | the schema is read from   | keys are declared by        |
 * |---------|---------------------------|-----------------------------|
 * | zod     | `_zod.def`                | `shape`                     |
 * | valibot | its own properties        | `entries`                   |
 * | arktype | `json`                    | `required`, `optional`      |
 *
 * What cannot be read, such as an alias of arktype or a class, declares no keys. Schemas are foreign code: no function throws.
 */

type Fields = Readonly<Record<string, unknown>>

/** Where a library keeps the parts of a schema. */
interface Library {
  /** Schemas of the same value: wrappers, unions, steps. */
  readonly same: ReadonlyArray<string>
  /** Schemas of declared keys: a record, or a list of entries with `key`. */
  readonly named: ReadonlyArray<string>
  /** Schemas of any other key or index. */
  readonly others: ReadonlyArray<string>
  /** Returns the properties of a part. */
  readonly partsOf: (node: Fields) => unknown
}

const own = (node: Fields): unknown => node

const LIBRARIES: Readonly<Record<string, Library>> = {
  zod: {
    same: ['innerType', 'in', 'out', 'left', 'right', 'options'],
    named: ['shape'],
    others: ['catchall', 'valueType', 'element', 'items', 'rest'],
    partsOf: ({ _zod }) => (isObject(_zod) ? _zod['def'] : undefined),
  },
  valibot: {
    same: ['wrapped', 'options', 'pipe'],
    named: ['entries'],
    others: ['value', 'item', 'items', 'rest'],
    partsOf: own,
  },
  arktype: {
    same: ['in', 'value', 'prefix', 'optionals', 'defaultables', 'variadic', 'postfix'],
    named: ['required', 'optional'],
    others: ['index', 'sequence'],
    partsOf: own,
  },
}

/** The most parts that are read for one key. */
const MAX_PARTS = 1_000

const isObject = (u: unknown): u is Fields => (typeof u === 'object' && u !== null) || typeof u === 'function'

/** Returns the schema that a recursive schema refers to. */
const referredBy = (parts: Fields): unknown => {
  const { type, getter } = parts
  return type === 'lazy' && typeof getter === 'function' ? Reflect.apply(getter, undefined, []) : undefined
}

/** Returns all parts that describe the same value. */
const sameValue = ({ same, partsOf }: Library, nodes: ReadonlyArray<unknown>): ReadonlyArray<Fields> => {
  const all = new Set<Fields>()
  const pending = [...nodes]
  for (let node = pending.pop(); node !== undefined || pending.length > 0; node = pending.pop()) {
    if (Array.isArray(node)) {
      pending.push(...node.slice(0, MAX_PARTS))
      continue
    }
    const parts = isObject(node) ? partsOf(node) : undefined
    if (!isObject(parts) || all.has(parts)) continue
    if (all.size >= MAX_PARTS) break
    all.add(parts)
    pending.push(...same.map((name) => parts[name]), referredBy(parts))
  }
  return [...all]
}

const entryOf = (named: unknown, key: PropertyKey): unknown => {
  if (Array.isArray(named)) return named.find((entry) => isObject(entry) && entry['key'] === key)
  return isObject(named) && Object.hasOwn(named, key) ? Reflect.get(named, key) : undefined
}

const declared = (library: Library, schema: unknown, path: ReadonlyArray<unknown>): ReadonlyArray<boolean> => {
  let nodes: ReadonlyArray<unknown> = [schema]
  return path.map((key) => {
    const parts = sameValue(library, nodes)
    const entries =
      typeof key === 'string'
        ? parts.flatMap((part) => library.named.map((name) => entryOf(part[name], key))).filter((entry) => entry)
        : []
    const others = parts.flatMap((part) => library.others.map((name) => part[name]))
    nodes = entries.length > 0 ? entries : others
    return typeof key === 'number' || entries.length > 0
  })
}

/** Returns the library of a schema and the part that describes its whole value. */
const rootOf = (schema: unknown): readonly [Library, unknown] | undefined => {
  const standard = isObject(schema) ? schema['~standard'] : undefined
  const vendor = isObject(standard) ? standard['vendor'] : undefined
  if (!isObject(schema) || typeof vendor !== 'string' || !Object.hasOwn(LIBRARIES, vendor)) return undefined
  const library = LIBRARIES[vendor]
  return library === undefined ? undefined : [library, vendor === 'arktype' ? schema['json'] : schema]
}

/**
 * Returns for each key of a path whether the schema declares it; an index of a list counts as declared. `undefined` if the
 * schema is of another library, so that it is not known.
 */
export const declaredKeys = (schema: unknown, path: ReadonlyArray<unknown>): ReadonlyArray<boolean> | undefined => {
  try {
    const root = rootOf(schema)
    return root === undefined ? undefined : declared(root[0], root[1], path)
  } catch {
    return path.map(() => false) // a getter of the schema
  }
}

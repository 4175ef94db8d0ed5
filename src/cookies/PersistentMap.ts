/**
 * A persistent map with text keys: `set` returns a map that shares almost everything with the old one.
 *
 * It is a hash array mapped trie (Bagwell, Ideal Hash Trees, 2001). Each level of the tree uses 5 bits of the 32-bit hash
 * of a key, so that 10,000 keys need about 3 levels.
 *
 * | node      | contents                                                                                 |
 * |-----------|------------------------------------------------------------------------------------------|
 * | Entry     | one key and its value; it is at the first level where no other key has the same bits     |
 * | Branch    | up to 32 nodes; bit i of `bits` tells that there is one for the 5 bits i                 |
 * | Collision | entries whose keys have the same hash, sorted                                            |
 *
 * Laws: it has the same entries as a `Map` after the same operations, in the order of their hashes. `set` of the value
 * that a key already has, and `delete` of a missing key, return the same map. Equal entries have equal trees.
 * `older.mergeWith((_, added) => added, now.changesSince(older))` has the entries of `now`, and of `older` those with other keys.
 */

/** An immutable map. Its copies share what did not change. */
export interface PersistentMap<A> extends Iterable<[string, A]> {
  readonly size: number
  has(key: string): boolean
  get(key: string): A | undefined
  set(key: string, value: A): PersistentMap<A>
  delete(key: string): PersistentMap<A>
  keys(): IterableIterator<string>
  values(): IterableIterator<A>
  entries(): IterableIterator<[string, A]>
  map<B>(f: (value: A, key: string) => B): PersistentMap<B>
  every(predicate: (value: A, key: string) => boolean): boolean
  some(predicate: (value: A, key: string) => boolean): boolean
  mergeWith(merge: (old: A, added: A, key: string) => A, other: Iterable<[string, A]>): PersistentMap<A>
  /** Returns the entries that are not the same in an older map. Skips the parts that both share. */
  changesSince(older: PersistentMap<A>): ReadonlyArray<[string, A]>
}

interface Entry<A> {
  readonly _tag: 'Entry'
  readonly hash: number
  readonly key: string
  readonly value: A
}

interface Branch<A> {
  readonly _tag: 'Branch'
  readonly bits: number
  readonly children: ReadonlyArray<Node<A>>
}

interface Collision<A> {
  readonly _tag: 'Collision'
  readonly hash: number
  readonly entries: ReadonlyArray<Entry<A>>
}

type Node<A> = Entry<A> | Branch<A> | Collision<A>

const EMPTY: Branch<never> = { _tag: 'Branch', bits: 0, children: [] }

const hashOf = (key: string): number => {
  let hash = 0
  for (let i = 0; i < key.length; i += 1) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0
  // The last bits of similar keys differ little, but the first levels use them.
  return hash ^ (hash >>> 15)
}

const BITS_PER_LEVEL = 5
const bitOf = (hash: number, shift: number): number => 1 << ((hash >>> shift) & 31)

const countBits = (bits: number): number => {
  const pairs = bits - ((bits >>> 1) & 0x55555555)
  const quads = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((quads + (quads >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The position of the child for a bit: children are in the order of their bits. */
const indexOf = (bits: number, bit: number): number => countBits(bits & (bit - 1))

const find = <A>(root: Node<A>, hash: number, key: string): Entry<A> | undefined => {
  let node = root
  for (let shift = 0; node._tag === 'Branch'; shift += BITS_PER_LEVEL) {
    const bit = bitOf(hash, shift)
    const child: Node<A> | undefined = (node.bits & bit) === 0 ? undefined : node.children[indexOf(node.bits, bit)]
    if (child === undefined) return undefined
    node = child
  }
  if (node._tag === 'Entry') return node.key === key ? node : undefined
  return node.entries.find((entry) => entry.key === key)
}

const withChild = <A>({ bits, children }: Branch<A>, index: number, child: Node<A>): Branch<A> => ({
  _tag: 'Branch',
  bits,
  children: children.with(index, child),
})

/** A branch of a node and an entry whose hashes differ at this level or at a later one. */
const split = <A>(node: Entry<A> | Collision<A>, added: Entry<A>, shift: number): Branch<A> => {
  const [bit, other] = [bitOf(node.hash, shift), bitOf(added.hash, shift)]
  const children =
    bit === other
      ? [split(node, added, shift + BITS_PER_LEVEL)]
      : // The sign bit is the last one.
        bit >>> 0 < other >>> 0
        ? [node, added]
        : [added, node]
  return { _tag: 'Branch', bits: bit | other, children }
}

/** Returns the node with the entry. It replaces the one with the same key. */
const insert = <A>(node: Node<A>, added: Entry<A>, shift: number): Node<A> => {
  if (node._tag === 'Branch') {
    const bit = bitOf(added.hash, shift)
    const index = indexOf(node.bits, bit)
    const child = (node.bits & bit) === 0 ? undefined : node.children[index]
    return child === undefined
      ? { _tag: 'Branch', bits: node.bits | bit, children: node.children.toSpliced(index, 0, added) }
      : withChild(node, index, insert(child, added, shift + BITS_PER_LEVEL))
  }
  if (node.hash !== added.hash) return split(node, added, shift)
  if (node._tag === 'Entry' && node.key === added.key) return added
  const others = node._tag === 'Entry' ? [node] : node.entries.filter(({ key }) => key !== added.key)
  const entries = [...others, added].sort((x, y) => (x.key < y.key ? -1 : 1))
  return { _tag: 'Collision', hash: node.hash, entries }
}

/** Returns the node without a key that it has; undefined if nothing remains. */
const remove = <A>(node: Node<A>, hash: number, key: string, shift: number): Node<A> | undefined => {
  if (node._tag === 'Entry') return undefined
  if (node._tag === 'Collision') {
    const entries = node.entries.filter((entry) => entry.key !== key)
    return entries.length === 1 ? entries[0] : { ...node, entries }
  }
  const bit = bitOf(hash, shift)
  const index = indexOf(node.bits, bit)
  const child = node.children[index]
  const rest = child === undefined ? undefined : remove(child, hash, key, shift + BITS_PER_LEVEL)
  const [only] = node.children.length === 2 ? node.children.toSpliced(index, 1) : []
  if (rest === undefined) {
    // An entry moves up, so that equal entries have equal trees.
    if (shift > 0 && only !== undefined && only._tag !== 'Branch') return only
    if (shift > 0 && node.children.length === 1) return undefined
    return { _tag: 'Branch', bits: node.bits & ~bit, children: node.children.toSpliced(index, 1) }
  }
  return shift > 0 && node.children.length === 1 && rest._tag !== 'Branch' ? rest : withChild(node, index, rest)
}

/** Adds what `select` returns for each entry. A generator for each node would take five times as long. */
const collect = <A, B>(node: Node<A>, select: (entry: Entry<A>) => B, found: B[] = []): B[] => {
  if (node._tag === 'Entry') found.push(select(node))
  else for (const child of node._tag === 'Branch' ? node.children : node.entries) collect(child, select, found)
  return found
}

const mapNode = <A, B>(node: Node<A>, f: (value: A, key: string) => B): Node<B> => {
  if (node._tag === 'Entry') return { ...node, value: f(node.value, node.key) }
  if (node._tag === 'Branch') return { ...node, children: node.children.map((child) => mapNode(child, f)) }
  return { ...node, entries: node.entries.map((entry) => ({ ...entry, value: f(entry.value, entry.key) })) }
}

/** Adds the entries of a node that are not the same in an older node at the same place, of which `old` is the map. */
const collectChanges = <A>(
  node: Node<A>,
  older: Node<A> | undefined,
  old: PersistentMap<A>,
  found: [string, A][] = [],
): [string, A][] => {
  if (node === older) return found
  if (node._tag === 'Entry') {
    const { key, value } = node
    if (!Object.is(old.get(key), value) || !old.has(key)) found.push([key, value])
    return found
  }
  if (node._tag === 'Collision') {
    for (const entry of node.entries) collectChanges(entry, undefined, old, found)
    return found
  }
  let rest = node.bits
  for (const child of node.children) {
    const bit = rest & -rest
    rest &= ~bit
    const isShared = older?._tag === 'Branch' && (older.bits & bit) !== 0
    collectChanges(child, isShared ? older.children[indexOf(older.bits, bit)] : undefined, old, found)
  }
  return found
}

class HashMap<A> implements PersistentMap<A> {
  /** Not private, because `assert.deepEqual` compares only what it sees. Maps with equal entries have equal trees. */
  constructor(
    readonly root: Node<A>,
    readonly size: number,
  ) {}

  has(key: string): boolean {
    return find(this.root, hashOf(key), key) !== undefined
  }

  get(key: string): A | undefined {
    return find(this.root, hashOf(key), key)?.value
  }

  set(key: string, value: A): PersistentMap<A> {
    const hash = hashOf(key)
    const old = find(this.root, hash, key)
    if (old !== undefined && Object.is(old.value, value)) return this
    const root = insert(this.root, { _tag: 'Entry', hash, key, value }, 0)
    return new HashMap(root, old === undefined ? this.size + 1 : this.size)
  }

  delete(key: string): PersistentMap<A> {
    const hash = hashOf(key)
    if (find(this.root, hash, key) === undefined) return this
    return new HashMap<A>(remove(this.root, hash, key, 0) ?? EMPTY, this.size - 1)
  }

  keys(): IterableIterator<string> {
    return collect(this.root, ({ key }) => key).values()
  }

  values(): IterableIterator<A> {
    return collect(this.root, ({ value }) => value).values()
  }

  entries(): IterableIterator<[string, A]> {
    return collect(this.root, ({ key, value }): [string, A] => [key, value]).values()
  }

  [Symbol.iterator](): IterableIterator<[string, A]> {
    return this.entries()
  }

  map<B>(f: (value: A, key: string) => B): PersistentMap<B> {
    return new HashMap(mapNode(this.root, f), this.size)
  }

  every(predicate: (value: A, key: string) => boolean): boolean {
    return collect(this.root, (entry) => entry).every(({ key, value }) => predicate(value, key))
  }

  some(predicate: (value: A, key: string) => boolean): boolean {
    return !this.every((value, key) => !predicate(value, key))
  }

  mergeWith(merge: (old: A, added: A, key: string) => A, other: Iterable<readonly [string, A]>): PersistentMap<A> {
    let { root, size } = this
    for (const [key, added] of other) {
      const hash = hashOf(key)
      const old = find(root, hash, key)
      const value = old === undefined ? added : merge(old.value, added, key)
      if (old !== undefined && Object.is(old.value, value)) continue
      root = insert(root, { _tag: 'Entry', hash, key, value }, 0)
      if (old === undefined) size += 1
    }
    return root === this.root ? this : new HashMap(root, size)
  }

  changesSince(older: PersistentMap<A>): ReadonlyArray<[string, A]> {
    if (older === this) return []
    return collectChanges(this.root, older instanceof HashMap ? older.root : undefined, older)
  }

  /** `console.log` shows the entries and not the tree. Secrets hide themselves. */
  [Symbol.for('nodejs.util.inspect.custom')](): ReadonlyMap<string, A> {
    return new Map(this)
  }

  toJSON(): Readonly<Record<string, A>> {
    return Object.fromEntries(this)
  }
}

/** Makes a map. Of several entries with one key, the last one is kept. */
export const make = <A>(entries: Iterable<readonly [string, A]> = []): PersistentMap<A> =>
  new HashMap<A>(EMPTY, 0).mergeWith((_, added) => added, entries)

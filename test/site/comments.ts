/** Counts the doc comments of the public API in the JSON of typedoc. */

interface Comment {
  readonly summary: ReadonlyArray<{ readonly text: string }>
  readonly blockTags?: ReadonlyArray<{ readonly tag: string }>
}

interface Type {
  readonly type: string
  readonly declaration?: Reflection
  readonly types?: ReadonlyArray<Type>
}

interface Reflection {
  readonly name: string
  readonly kind: number
  readonly comment?: Comment
  readonly children?: ReadonlyArray<Reflection>
  readonly signatures?: ReadonlyArray<Reflection>
  readonly type?: Type
  readonly inheritedFrom?: unknown
}

export type Project = Reflection

/** The values of `ReflectionKind`. */
const [MODULE, NAMESPACE, DOCUMENT, REFERENCE] = [2, 4, 8_388_608, 4_194_304]

interface Item {
  readonly path: string
  readonly reflection: Reflection
}

const hasText = ({ comment }: Reflection): boolean =>
  comment !== undefined &&
  (comment.summary.some(({ text }) => text.trim() !== '') ||
    (comment.blockTags ?? []).some(({ tag }) => tag === '@deprecated'))

/** The comment of a function is that of its signature. */
const isDocumented = (reflection: Reflection): boolean =>
  [reflection, ...(reflection.signatures ?? [])].some(hasText) ||
  (reflection.type?.declaration !== undefined && isDocumented(reflection.type.declaration))

/** Namespaces and their exports. An alias of another export is not counted again. */
const exportsOf = ({ children = [] }: Reflection, path = ''): ReadonlyArray<Item> =>
  children
    .filter(({ kind }) => kind !== REFERENCE && kind !== DOCUMENT)
    .flatMap((reflection) => {
      const item = { path: `${path}${reflection.name}`, reflection }
      const isContainer = reflection.kind === MODULE || reflection.kind === NAMESPACE
      return isContainer ? [item, ...exportsOf(reflection, `${item.path}.`)] : [item]
    })

const fieldsOfType = ({ declaration, types = [] }: Type): ReadonlyArray<Reflection> => [
  ...(declaration?.children ?? []),
  ...types.flatMap(fieldsOfType),
]

/** The fields of an interface, or of the members of a union. A tag explains itself. */
const fieldsOf = ({ reflection, path }: Item): ReadonlyArray<Item> =>
  (reflection.kind === MODULE || reflection.kind === NAMESPACE
    ? []
    : [...(reflection.children ?? []), ...(reflection.type === undefined ? [] : fieldsOfType(reflection.type))]
  )
    .filter(({ name, inheritedFrom }) => name !== '_tag' && name !== 'constructor' && inheritedFrom === undefined)
    .map((field) => ({ path: `${path}.${field.name}`, reflection: field }))

const count = (items: ReadonlyArray<Item>) => ({
  all: items.length,
  with: items.filter(({ reflection }) => isDocumented(reflection)).length,
})

/** Returns how many exports and fields have a comment. */
export const documented = (project: Project) => {
  const exported = exportsOf(project)
  return { exports: count(exported), fields: count(exported.flatMap(fieldsOf)) }
}

/** Returns the exports without a comment. */
export const undocumented = (project: Project): ReadonlyArray<string> =>
  exportsOf(project)
    .filter(({ reflection }) => !isDocumented(reflection))
    .map(({ path }) => path)

/** Returns the types that have a field without a comment. */
export const typesWithUndocumentedFields = (project: Project): ReadonlyArray<string> =>
  exportsOf(project)
    .filter((item) => fieldsOf(item).some(({ reflection }) => !isDocumented(reflection)))
    .map(({ path }) => path)
    .sort()

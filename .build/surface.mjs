// Describes the public API of the built package as JSON: `node .build/surface.mjs`, after `npm run build`.
//
//   reports     the text of each namespace: names and types without comments, for a reader of a diff
//   unnamed     types of public signatures that no public namespace exports
//   imports     the external modules that the declarations of each entry point reach
//
// `test/surface.test.ts` compares the reports with the files in `test/types/surface`. api-extractor was tried: it merges all
// namespaces into one list of names with numbers (`of_14`), and counts an imported public namespace as a missing export.
import { join, relative, sep } from 'node:path'
import { compiler, root } from './compilers.mjs'

const ts = compiler('5.9')
const declarations = join(root, 'dist', 'cjs')
const ENTRY_POINTS = { 'requests-ts': 'src/index.d.ts', 'requests-ts/laws': 'laws/index.d.ts' }

const program = ts.createProgram(
  Object.values(ENTRY_POINTS).map((path) => join(declarations, path)),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true, noEmit: true, types: [] },
)
const checker = program.getTypeChecker()
const printer = ts.createPrinter({ removeComments: true })

const target = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol)
const fileOf = (symbol) => symbol.declarations?.[0]?.getSourceFile()
const isOurs = (file) => file !== undefined && !relative(join(root, 'dist'), file.fileName).startsWith('..')
const isNamespace = (symbol) => symbol.declarations?.some(ts.isSourceFile) === true
const isDeprecated = (symbol) => symbol.getJsDocTags(checker).some(({ name }) => name === 'deprecated')
const byName = (a, b) => (a.name < b.name ? -1 : 1)
const exportsOf = (module) => checker.getExportsOfModule(module).toSorted(byName)

// --- public names ------------------------------------------------------------------------------------------------------

const prefixOf = (entryPoint) => (entryPoint === 'requests-ts' ? '' : 'laws.')
const entries = Object.entries(ENTRY_POINTS).flatMap(([entryPoint, path]) => {
  const module = checker.getSymbolAtLocation(program.getSourceFile(join(declarations, path)))
  return exportsOf(module).map((symbol) => ({
    entryPoint,
    name: symbol.name,
    path: `${prefixOf(entryPoint)}${symbol.name}`,
    deprecated: symbol.declarations.some(isDeprecatedExport),
    module: target(symbol),
  }))
})

/** `export * as Old from …` has its tag on the whole statement. */
function isDeprecatedExport(declaration) {
  const statement = ts.findAncestor(declaration, ts.isExportDeclaration) ?? declaration
  return ts.getJSDocDeprecatedTag(statement) !== undefined
}

/** A namespace and those in it, such as `OAuth2.DeviceCode`. */
const withNested = (entry) => [
  entry,
  ...exportsOf(entry.module)
    .filter((symbol) => isNamespace(target(symbol)))
    .map((symbol) => ({ ...entry, path: `${entry.path}.${symbol.name}`, module: target(symbol) })),
]
const namespaces = entries.filter(({ module }) => isNamespace(module)).flatMap(withNested)

/** The preferred public name of each symbol: not deprecated, unchanged, and in the namespace that declares it. */
const names = new Map()
const offer = (symbol, path, cost) => {
  if (cost < (names.get(symbol)?.cost ?? Number.POSITIVE_INFINITY)) names.set(symbol, { path, cost })
}
for (const entry of [...entries.filter(({ module }) => !isNamespace(module)), ...namespaces]) {
  const deprecated = entry.deprecated ? 8 : 0
  offer(entry.module, entry.path, deprecated)
  if (!isNamespace(entry.module)) continue
  for (const symbol of exportsOf(entry.module)) {
    const declared = target(symbol)
    const elsewhere = fileOf(declared) === fileOf(entry.module) ? 0 : 1
    const renamed = declared.name === symbol.name ? 0 : 2
    const old = isDeprecated(symbol) ? 4 : 0
    offer(declared, `${entry.path}.${symbol.name}`, deprecated + old + renamed + elsewhere)
  }
}

// --- references --------------------------------------------------------------------------------------------------------

const unnamed = new Set()

/** `Either` for the type that a module is about, otherwise `Either.Left`. */
const externalName = (symbol, file) => {
  const module = file.fileName.replace(/(?:\/index)?\.d\.[cm]?ts$/, '').split('/')
  if (file.fileName.includes('/io-ts/')) return `t.${symbol.name}`
  if (file.fileName.includes('/fast-check/')) return `fc.${symbol.name}`
  return module.at(-1) === symbol.name ? symbol.name : `${module.at(-1)}.${symbol.name}`
}

/** The name by which a user can write a reference, or undefined if it stays as it is. */
const publicName = (reference, from) => {
  const found = checker.getSymbolAtLocation(reference)
  if (found === undefined) return undefined
  const symbol = target(found)
  const known = names.get(symbol)
  if (known !== undefined) return known.path.startsWith(`${from.path}.`) ? symbolIn(known.path, from) : known.path
  const file = fileOf(symbol)
  if (file === undefined || program.isSourceFileDefaultLibrary(file)) return undefined
  const isLocal = symbol.declarations.every((declaration) => !isTopLevel(declaration))
  if (isLocal) return undefined
  if (!isOurs(file)) return program.isSourceFileFromExternalLibrary(file) ? externalName(symbol, file) : undefined
  const where = relative(declarations, file.fileName).split(sep).join('/').replace('.d.ts', '')
  unnamed.add(`${from.path}.${from.export}: ${symbol.name.replace(/^".*"$/, 'module')} of ${where}`)
  return `${where.split('/').at(-1)}.${symbol.name}`
}
const symbolIn = (path, { path: namespace }) => path.slice(namespace.length + 1)

/** A declaration of a module, not a type parameter, parameter or member. */
const isTopLevel = (declaration) =>
  ts.isSourceFile(declaration) ||
  ts.isSourceFile(declaration.parent) ||
  ts.isVariableDeclaration(declaration) ||
  (ts.isModuleBlock(declaration.parent) && !isOurs(declaration.getSourceFile()))

/** `keyof typeof CHECKS`: users see the keys, so `CHECKS` needs no public name. */
const isKeysOfValue = (node) =>
  ts.isTypeOperatorNode(node) && node.operator === ts.SyntaxKind.KeyOfKeyword && ts.isTypeQueryNode(node.type)

/** Sorted, because the order of a union that the compiler makes depends on other code. */
const keysOf = (type) => {
  const keys = (type.isUnion() ? type.types : [type]).map(({ value }) => value).sort()
  const literals = keys.map((key) => ts.setEmitFlags(ts.factory.createStringLiteral(key, true), ts.EmitFlags.NoAsciiEscaping))
  return ts.factory.createUnionTypeNode(literals.map((literal) => ts.factory.createLiteralTypeNode(literal)))
}

/** What an alias stands for that a module uses as an abbreviation and does not export. */
const localMeaning = ({ typeName, typeArguments }) => {
  const found = checker.getSymbolAtLocation(typeName)
  if (found === undefined || typeArguments !== undefined || names.has(target(found))) return undefined
  const alias = target(found).declarations?.find(ts.isTypeAliasDeclaration)
  return alias !== undefined && isOurs(alias.getSourceFile()) ? alias.type : undefined
}

const { factory } = ts
const isEntityName = (node) => ts.isIdentifier(node) || ts.isQualifiedName(node) || ts.isPropertyAccessExpression(node)

const withPublicNames = (declaration, from) => {
  const renamed = (reference) => {
    const name = publicName(reference, from)
    if (name !== undefined) return factory.createIdentifier(name)
    return ts.isQualifiedName(reference)
      ? factory.updateQualifiedName(reference, renamed(reference.left), reference.right)
      : reference
  }
  const visit = (context) => (node) => {
    // The printer reads a literal from the file that it prints, which need not be the literal's.
    if (ts.isStringLiteral(node)) {
      return ts.setEmitFlags(factory.createStringLiteral(node.text, true), ts.EmitFlags.NoAsciiEscaping)
    }
    if (ts.isNumericLiteral(node)) return factory.createNumericLiteral(node.text)
    if (isKeysOfValue(node)) return keysOf(checker.getTypeFromTypeNode(node))
    const meaning = ts.isTypeReferenceNode(node) ? localMeaning(node) : undefined
    if (meaning !== undefined) return ts.visitNode(meaning, visit(context))
    const deeper = ts.visitEachChild(node, visit(context), context)
    if (ts.isTypeReferenceNode(node)) {
      return factory.updateTypeReferenceNode(deeper, renamed(node.typeName), deeper.typeArguments)
    }
    if (ts.isTupleTypeNode(node)) return ts.setEmitFlags(deeper, ts.EmitFlags.SingleLine)
    if (ts.isTypeQueryNode(node)) {
      return factory.updateTypeQueryNode(deeper, renamed(node.exprName), deeper.typeArguments)
    }
    if (ts.isExpressionWithTypeArguments(node) && isEntityName(node.expression)) {
      return factory.updateExpressionWithTypeArguments(deeper, renamed(node.expression), deeper.typeArguments)
    }
    if (ts.isImportTypeNode(node)) {
      const name = publicName(node.qualifier ?? node, from)
      if (name === undefined) return deeper
      return node.isTypeOf
        ? factory.createTypeQueryNode(factory.createIdentifier(name), deeper.typeArguments)
        : factory.createTypeReferenceNode(name, deeper.typeArguments)
    }
    if (ts.isComputedPropertyName(node) && isEntityName(node.expression)) {
      return factory.updateComputedPropertyName(deeper, renamed(node.expression))
    }
    return deeper
  }
  const { transformed } = ts.transform(declaration, [(context) => (node) => ts.visitNode(node, visit(context))])
  return transformed[0]
}

// --- reports -----------------------------------------------------------------------------------------------------------

const textOf = (declaration, from) => {
  const file = declaration.getSourceFile()
  const shown = printer.printNode(ts.EmitHint.Unspecified, withPublicNames(declaration, from), file)
  const keyword = ts.isVariableDeclaration(declaration) ? 'const ' : ''
  const text = keyword + shown.replace(/^(?:export )?(?:declare )?/, '').replace(/;$/gm, '')
  const declared = declaration.name?.text
  // `export { type Input as ChallengeInput }`
  return declared === undefined ? text : text.replace(new RegExp(`^([a-z ]+ )${declared}\\b`), `$1${from.export}`)
}

const describe = (symbol, namespace) => {
  const declared = target(symbol)
  const from = { path: namespace.path, export: symbol.name }
  const mark = isDeprecated(symbol) ? '/** @deprecated */\n' : ''
  const known = names.get(declared)?.path
  if (known !== `${namespace.path}.${symbol.name}` && known !== symbol.name) return `${mark}export ${symbol.name} = ${known}`
  if (isNamespace(declared)) return `${mark}namespace ${symbol.name}`
  return `${mark}${declared.declarations.map((declaration) => textOf(declaration, from)).join('\n')}`
}

/** `declare module 'fp-ts/HKT'`: what a namespace adds to the types of another package. */
const augmentations = (namespace) =>
  (fileOf(namespace.module)?.statements ?? [])
    .filter((statement) => ts.isModuleDeclaration(statement) && ts.isStringLiteral(statement.name))
    .map((statement) => textOf(statement, { path: namespace.path, export: 'module' }))

const reports = {}
for (const namespace of namespaces) {
  if (names.get(namespace.module).path !== namespace.path) continue
  const parts = exportsOf(namespace.module).map((symbol) => describe(symbol, namespace))
  reports[namespace.path] = `${[...augmentations(namespace), ...parts].join('\n')}\n`
}
for (const entryPoint of Object.keys(ENTRY_POINTS)) {
  const lines = entries.filter((entry) => entry.entryPoint === entryPoint).map((entry) => {
    const mark = entry.deprecated ? '/** @deprecated */ ' : ''
    const known = names.get(entry.module).path
    if (isNamespace(entry.module)) return `${mark}namespace ${entry.name}${known === entry.path ? '' : ` = ${known}`}`
    const from = { path: entryPoint, export: entry.name }
    return mark + entry.module.declarations.map((declaration) => textOf(declaration, from)).join('\n')
  })
  reports[`${prefixOf(entryPoint)}index`] = `${lines.join('\n')}\n`
}

// --- imports -----------------------------------------------------------------------------------------------------------

const importsOf = (entryPoint) => {
  const [seen, external] = [new Set(), new Set()]
  const visit = (file) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const name of file.imports) {
      if (!name.text.startsWith('.')) external.add(name.text)
      const module = checker.getSymbolAtLocation(name)
      if (name.text.startsWith('.') && module !== undefined) visit(fileOf(module))
    }
    for (const { fileName } of file.typeReferenceDirectives) external.add(fileName)
  }
  visit(program.getSourceFile(join(declarations, ENTRY_POINTS[entryPoint])))
  return [...external].sort()
}
const imports = Object.fromEntries(Object.keys(ENTRY_POINTS).map((entryPoint) => [entryPoint, importsOf(entryPoint)]))

process.stdout.write(JSON.stringify({ reports, unnamed: [...unnamed].sort(), imports }, null, 2))

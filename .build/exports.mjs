// Writes `exports` and `imports` of package.json: `node .build/exports.mjs`. With `--print` prints them instead.
//
// Each namespace has its own path, `requests-ts/Http`. There is no wildcard, so that no internal module can be imported.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const index = readFileSync(join(root, 'src', 'index.ts'), 'utf8')

/** The public namespaces and their modules in `src`, in the order of `src/index.ts`. */
export const namespaces = Array.from(index.matchAll(/^export \* as (\w+) from '\.\/(.+)\.js'$/gm), ([, name, path]) => ({
  name,
  path,
}))

const modules = (path) => `./dist/modules/${path}.js`
const forEach = (keys, value) => Object.fromEntries(keys.map((key) => [key, value]))

/** The conditions of bundlers for a runtime without the modules of Node. */
const BROWSERS = ['browser', 'worker', 'workerd', 'edge-light']

/**
 * Bundlers choose `module`: of these files they can drop what a program does not use. Those that do not know `module` choose
 * the same for a browser, and else what Node loads.
 */
const entryPoint = (path, types = path) => ({
  module: modules(path),
  import: {
    types: `./dist/esm/${types}.d.ts`,
    ...forEach(BROWSERS, modules(path)),
    default: `./dist/esm/${types}.js`,
  },
  require: { types: `./dist/cjs/${types}.d.ts`, default: `./dist/cjs/${types}.js` },
})
/** TypeScript finds the declarations beside the module. */
const short = ({ name, path }) => ({ ...entryPoint(`src/${path}`, name), require: `./dist/cjs/${name}.js` })

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })

/**
 * The modules that need Node and have another one for browsers next to them. Their names in `imports` of package.json begin
 * with `#`; only the files in `dist/modules` use these names. `node` comes first: where it is set, the modules of Node exist.
 */
export const replaced = sources.flatMap((path) => {
  const [, module, name] = /^((?:.*[\\/])?(\w+))\.browser\.ts$/.exec(path) ?? []
  return module === undefined ? [] : [{ name: `#${name}`, path: `src/${module.replaceAll('\\', '/')}` }]
})

const byName = (x, y) => (x.name < y.name ? -1 : 1)

const exported = {
  '.': entryPoint('src/index'),
  './laws': entryPoint('laws/index'),
  './package.json': './package.json',
  ...Object.fromEntries(namespaces.toSorted(byName).map((namespace) => [`./${namespace.name}`, short(namespace)])),
}

const imported = Object.fromEntries(
  replaced.toSorted(byName).map(({ name, path }) => [
    name,
    { node: modules(path), ...forEach(BROWSERS, modules(`${path}.browser`)), default: modules(path) },
  ]),
)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--print')) {
    console.log(JSON.stringify({ exports: exported, imports: imported }))
  } else {
    const manifest = join(root, 'package.json')
    const { exports: _, imports: __, ...others } = JSON.parse(readFileSync(manifest, 'utf8'))
    const content = Object.fromEntries(
      Object.entries(others).flatMap(([key, value]) =>
        // They keep their place in the file.
        key === 'typesVersions' ? [[key, value], ['exports', exported], ['imports', imported]] : [[key, value]],
      ),
    )
    writeFileSync(manifest, `${JSON.stringify(content, null, 2)}\n`)
  }
}

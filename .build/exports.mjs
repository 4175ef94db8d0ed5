// Writes `exports` of package.json from `src/index.ts`: `node .build/exports.mjs`. With `--print` prints it instead.
//
// Each namespace has its own path, `requests-ts/Http`. There is no wildcard, so that no internal module can be imported.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const index = readFileSync(join(root, 'src', 'index.ts'), 'utf8')

/** The public namespaces and their modules in `src`, in the order of `src/index.ts`. */
export const namespaces = Array.from(index.matchAll(/^export \* as (\w+) from '\.\/(.+)\.js'$/gm), ([, name, path]) => ({
  name,
  path,
}))

/** Bundlers choose the first: there, they can drop what a program does not use. */
const modules = (path) => `./dist/modules/${path}.js`
const conditions = (kind, path) => ({ types: `./dist/${kind}/${path}.d.ts`, default: `./dist/${kind}/${path}.js` })
const entryPoint = (path) => ({
  module: modules(path),
  import: conditions('esm', path),
  require: conditions('cjs', path),
})
/** TypeScript finds the declarations beside the module. */
const short = ({ name, path }) => ({
  module: modules(`src/${path}`),
  import: `./dist/esm/${name}.js`,
  require: `./dist/cjs/${name}.js`,
})
const byName = (x, y) => (x.name < y.name ? -1 : 1)

const exported = {
  '.': entryPoint('src/index'),
  './laws': entryPoint('laws/index'),
  './package.json': './package.json',
  ...Object.fromEntries(namespaces.toSorted(byName).map((namespace) => [`./${namespace.name}`, short(namespace)])),
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--print')) {
    console.log(JSON.stringify(exported))
  } else {
    const manifest = join(root, 'package.json')
    const content = { ...JSON.parse(readFileSync(manifest, 'utf8')), exports: exported }
    writeFileSync(manifest, `${JSON.stringify(content, null, 2)}\n`)
  }
}

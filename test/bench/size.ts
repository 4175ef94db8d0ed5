/** The size of the published package, and of what a bundler makes of a part of it. */
import { execFileSync } from 'node:child_process'
import { build } from 'esbuild'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { type Measured, sampled } from './measure.js'

const Packed = t.tuple([t.type({ unpackedSize: t.number })])

/** Returns the megabytes of the unpacked package. The package is already built. */
export const unpacked = async (): Promise<Measured> => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'])
  const packed = Packed.decode(JSON.parse(String(output)))
  if (E.isLeft(packed)) throw new Error('npm pack printed no unpackedSize')
  return sampled([packed.right[0].unpackedSize / 1e6])
}

/** Only plans: no transport, and no public suffix list. */
const PLANNING = `
  import { pipe } from 'fp-ts/function'
  import * as Plan from 'requests-ts/Plan'
  import * as Request from 'requests-ts/Request'
  import * as Session from 'requests-ts/Session'
  const session = pipe(Session.defaults, Session.withBearer('token'))
  globalThis.planned = pipe(Request.post('https://example.com/'), Request.withJson({ a: 1 }), Plan.plan({ session }))
`

/** Returns the kilobytes of a minified bundle for browsers that plans a request, with fp-ts. */
export const bundled = async (): Promise<Measured> => {
  const { outputFiles } = await build({
    stdin: { contents: PLANNING, resolveDir: process.cwd() },
    conditions: ['module'],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  })
  return sampled([(outputFiles[0]?.contents.length ?? Number.NaN) / 1e3])
}

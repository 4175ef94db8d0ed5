/** The size of the published package. */
import { execFileSync } from 'node:child_process'
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

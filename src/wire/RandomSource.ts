/** The random source of the runtime. The only module that reads one for seeds; everything else takes a seed as argument. */
import type { IO } from 'fp-ts/lib/IO.js'

/** Returns 128 unpredictable bits as hexadecimal digits. Browsers have `crypto.randomUUID` in secure contexts only. */
export const seed: IO<string> = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, '0')).join('')

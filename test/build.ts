/** Builds the package once before the tests that use it as its users do. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const setup = (): void => {
  execFileSync(process.execPath, [fileURLToPath(new URL('../.build/build.mjs', import.meta.url))], { stdio: 'inherit' })
}

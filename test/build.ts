/** Builds the package, and installs the compilers of its users, once before the tests that need them. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const setup = (): void => {
  for (const script of ['build', 'compilers']) {
    const path = fileURLToPath(new URL(`../.build/${script}.mjs`, import.meta.url))
    execFileSync(process.execPath, [path], { stdio: 'inherit' })
  }
}

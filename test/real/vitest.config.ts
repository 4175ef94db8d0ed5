import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { ALIAS } from '../vitest.config.js'

/** Tests against real servers. `run.sh` builds the package before, for the test of the page that imports it. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias: ALIAS },
  test: { include: ['test/real/**/*.real.ts'], testTimeout: 20_000, hookTimeout: 180_000, reporters: ['default'] },
})

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { ALIAS } from '../vitest.config.js'

/** Tests of many workers with real servers. `run.sh` builds the package and the workers before. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  resolve: { alias: ALIAS },
  test: {
    include: ['test/fleet/**/*.fleet.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    reporters: ['default'],
  },
})

import { defineConfig } from 'vitest/config'
import base from '../vitest.config.js'

/** The same aliases, other tests; nothing is built, since no test here looks at the package. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/real/**/*.real.ts'], globalSetup: [], testTimeout: 20_000 },
})

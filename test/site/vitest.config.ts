import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests of the API reference site. `run.sh` installs the browser. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: { include: ['test/site/**/*.site.ts'], testTimeout: 60_000, hookTimeout: 180_000, reporters: ['default'] },
})

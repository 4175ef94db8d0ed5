import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: at('..'),
  resolve: {
    alias: [
      { find: /^requests-ts$/, replacement: at('../src/index.ts') },
      { find: /^requests-ts\/laws$/, replacement: at('../laws/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: at('./build.ts'),
    testTimeout: 30_000,
    hookTimeout: 180_000,
    reporters: ['default'],
  },
})

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** Resolves imports of the package to its sources. */
export const ALIAS = [
  { find: /^requests-ts$/, replacement: at('../src/index.ts') },
  { find: /^requests-ts\/laws$/, replacement: at('../laws/index.ts') },
]

/** Tests of the built package: the tarball, the command as a process, the documentation. Only these tests need a build. */
export const PACKAGE = [
  'test/{package,docs,surface,consumers}.test.ts',
  'test/cli/{look,oauth2,send}.test.ts',
  'test/transport/exit.test.ts',
]

/** Tests that open sockets, start processes, or replace a module of Node. */
export const INTEGRATION = [
  'test/{faults,transport}/**/*.test.ts',
  'test/conformance/upstream/**/*.test.ts',
  'test/bad-input/{names,cookies,foreign,pollution,requests,surroundings}.test.ts',
  'test/laws/{RuleSet,transport}.test.ts',
  'test/inspect/{curl,fromCurl,socks}.test.ts',
  'test/{download,parts}.test.ts',
  'test/programs/programs.test.ts',
]

/**
 * Three projects: `unit` needs only the sources, `integration` opens sockets and runs other programs, `package` builds
 * `dist` first. A test file is a unit test unless a list above contains it; `test/layers.test.ts` checks the lists.
 */
export default defineConfig({
  root: at('..'),
  resolve: { alias: ALIAS },
  test: {
    testTimeout: 30_000,
    // By default vitest leaves one processor free, which is half of a small machine.
    maxWorkers: availableParallelism(),
    hookTimeout: 180_000,
    maxConcurrency: 2,
    reporters: ['default'],
    // `npm run coverage`: measures the unit tests only, which need no sockets and no build.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'laws/**/*.ts'],
      reporter: ['text-summary', 'lcov'],
      reportsDirectory: at('../.cache/coverage'),
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...INTEGRATION, ...PACKAGE],
          // Test files of a worker share modules, because loading them costs more than most tests.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'integration', include: INTEGRATION, exclude: PACKAGE } },
      { extends: true, test: { name: 'package', include: PACKAGE, globalSetup: at('./build.ts') } },
    ],
  },
})

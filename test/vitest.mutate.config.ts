import { defineConfig } from 'vitest/config'

// The tests of what is pure, for `npm run mutate`: no sockets, no builds, no lawbreakers, which prove the laws and not
// the code, no laws of the floors above, nothing that measures time, and no conformance, whose thousands of cases are
// one test that every mutant would run whole. Files share their modules: loading them costs more than most tests.
export default defineConfig({
  test: {
    include: ['test/{values,session,stages,laws}/**/*.test.ts', 'test/saved.test.ts', 'test/Http.test.ts'],
    exclude: [
      'test/values/linear.test.ts',
      'test/laws/{lawbreakers,RuleSet,generators,transport,hostile,integration,explain,parts,retry,tape}.test.ts',
    ],
    env: { LAW_RUNS: '40' },
    isolate: false,
    testTimeout: 60_000,
    reporters: ['default'],
  },
})

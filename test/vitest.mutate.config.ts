import { defineConfig } from 'vitest/config'

// The tests of what is pure, for `npm run mutate`: no sockets, no builds, no lawbreakers, which prove the laws and not
// the code, and no conformance, whose thousands of cases are one test that every mutant would run whole.
export default defineConfig({
  test: {
    include: ['test/{values,session,stages,laws}/**/*.test.ts', 'test/saved.test.ts', 'test/Http.test.ts'],
    exclude: ['test/laws/{lawbreakers,RuleSet,generators,transport,hostile,integration}.test.ts'],
    env: { LAW_RUNS: '60' },
    testTimeout: 60_000,
    reporters: ['default'],
  },
})

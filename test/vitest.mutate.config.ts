import { defineConfig } from 'vitest/config'

/** The tests that judge a floor: its own, and the laws that are about it. */
const TESTS: Readonly<Record<string, ReadonlyArray<string>>> = {
  values: ['test/values/*.test.ts', 'test/laws/{Jar,monoids}.test.ts'],
  session: ['test/session/*.test.ts', 'test/laws/monoids.test.ts'],
  stages: ['test/stages/*.test.ts', 'test/laws/exchange.test.ts', 'test/Http.test.ts'],
}

const { MUTATE_FLOOR: floor } = process.env

// The tests of what is pure, for `npm run mutate`: no sockets, no builds, nothing that measures time, and no conformance,
// whose thousands of cases are one test that every mutant would run whole. A floor is judged by its own tests, for those
// of the others would cost an hour and tell no reader where a thing is held. Files share their modules: loading them
// costs more than most tests.
export default defineConfig({
  test: {
    include: [...(floor === undefined ? Object.values(TESTS).flat() : (TESTS[floor] ?? []))],
    exclude: ['test/values/linear.test.ts'],
    env: { LAW_RUNS: '40' },
    isolate: false,
    testTimeout: 60_000,
    reporters: ['default'],
  },
})

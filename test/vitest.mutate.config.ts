import { statSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The tests that judge a floor: its own, and the laws that are about it. */
const TESTS: Readonly<Record<string, ReadonlyArray<string>>> = {
  values: ['test/values/*.test.ts', 'test/laws/{Jar,monoids}.test.ts'],
  session: ['test/session/*.test.ts', 'test/laws/monoids.test.ts'],
  stages: ['test/stages/*.test.ts', 'test/laws/exchange.test.ts', 'test/Http.test.ts'],
}

const { MUTATE_FLOOR: floor } = process.env

/** Small files first and laws last: the first test that fails ends it, and a small file is about one thing. */
class SmallFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const weight = ({ moduleId }: TestSpecification): number =>
      statSync(moduleId).size + (moduleId.includes('/laws/') ? 1e9 : 0)
    return [...files].sort((x, y) => weight(x) - weight(y))
  }
}

// The tests of what is pure, for `npm run mutate`: no sockets, no builds, nothing that measures time, and no conformance,
// whose thousands of cases are one test that every mutant would run whole. A floor is judged by its own tests, for those
// of the others would cost an hour and tell no reader where a thing is held. Files share their modules: loading them
// costs more than most tests.
export default defineConfig({
  test: {
    include: [...(floor === undefined ? Object.values(TESTS).flat() : (TESTS[floor] ?? []))],
    exclude: ['test/values/linear.test.ts'],
    env: { LAW_RUNS: '30' },
    sequence: { sequencer: SmallFirst },
    isolate: false,
    testTimeout: 60_000,
    reporters: ['default'],
  },
})

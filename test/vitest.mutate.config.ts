import { statSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The tests of each layer: its own, the laws about it, and tests that see its decisions in another layer. */
const TESTS: Readonly<Record<string, ReadonlyArray<string>>> = {
  values: ['test/values/*.test.ts', 'test/laws/monoids.test.ts'],
  cookies: ['test/cookies/*.test.ts', 'test/laws/Jar.test.ts'],
  session: ['test/session/*.test.ts', 'test/laws/monoids.test.ts'],
  stages: [
    'test/stages/**/*.test.ts',
    'test/laws/exchange.test.ts',
    'test/Http.test.ts',
    // What the stages record is seen in explanations; what they hide and retry, in replies.
    'test/inspect/explain.test.ts',
    'test/secrets.test.ts',
    'test/transport/retryCookies.test.ts',
  ],
}

const { MUTATE_LAYER: layer } = process.env

/** Runs small files first and laws last: the first failure ends the run, and a small file fails fast. */
class SmallFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const weight = ({ moduleId }: TestSpecification): number =>
      statSync(moduleId).size + (moduleId.includes('/laws/') ? 1e9 : 0)
    return [...files].sort((x, y) => weight(x) - weight(y))
  }
}

// The tests of the pure layers, for `npm run mutate`. Tests that open sockets, build the package or measure time are not
// included. Neither are the conformance tests: each mutant would run thousands of cases. A mutant is tested only by the
// tests of its own layer: all tests would take an hour, and a layer should be covered by its own tests. Files share
// their modules, because loading them costs more than most tests.
export default defineConfig({
  test: {
    include: [...(layer === undefined ? Object.values(TESTS).flat() : (TESTS[layer] ?? []))],
    exclude: ['test/values/linear.test.ts'],
    env: { LAW_RUNS: '30' },
    sequence: { sequencer: SmallFirst },
    isolate: false,
    testTimeout: 60_000,
    reporters: ['default'],
  },
})

/**
 * Bytes allocated on the JavaScript heap. A block begins with a collection, and the difference of `heapUsed` is what it
 * allocated, as long as nothing is collected before it ends. So the young generation must be larger than what a block
 * allocates (`FLAGS`), and a block in which the collector ran nevertheless is measured again.
 */
import { GCProfiler } from 'node:v8'
import { type Block, collect, type Work } from './measure.js'

/** Flags of the process: a young generation of 64 MB from the start, which is eight times a block of 500 requests. */
export const FLAGS = ['--min-semi-space-size=64', '--max-semi-space-size=64'] as const

const MAX_ATTEMPTS = 20

/** Returns a block that measures the bytes for one run. Needs `--expose-gc` and `FLAGS`. */
export const bytes =
  (work: Work, times: number): Block =>
  async () => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      collect()
      const profiler = new GCProfiler()
      profiler.start()
      const before = process.memoryUsage().heapUsed
      await work(times)
      const after = process.memoryUsage().heapUsed
      if (profiler.stop().statistics.length === 0) return (after - before) / times
    }
    throw new Error(`The collector ran in each of ${MAX_ATTEMPTS} blocks of ${times} runs: use fewer runs`)
  }

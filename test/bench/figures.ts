/** All figures, with goal, barrier and the function that measures them. A new figure is a new row. */
import * as Allocation from './allocation.js'
import * as Cookies from './cookies.js'
import type { Measured } from './measure.js'
import * as Planning from './planning.js'
import * as Requests from './requests.js'
import * as Size from './size.js'
import * as Start from './start.js'
import type { Limits } from './statistics.js'
import * as Stores from './stores.js'
import * as Streams from './streams.js'
import * as Workers from './workers.js'

export interface Figure extends Limits {
  readonly title: string
  /** `ratio` if the figure is compared with a base. */
  readonly unit: 'ratio' | 'us' | 'MB' | 'kB'
  readonly measure: () => Promise<Measured>
  /** Flags of the process that measures the figure, besides `--expose-gc`. */
  readonly flags?: ReadonlyArray<string>
  /** A program that must be installed; otherwise the figure is skipped. */
  readonly needs?: string
}

/** Returns the measurement of a GET, so many at once. */
const get = (concurrency: number) => (): Promise<Measured> => Requests.cpuOf({ path: '/json', concurrency })

export const FIGURES: Readonly<Record<string, Figure>> = {
  // Requests to a server on loopback, compared with undici.request by hand.
  'get-1': { title: 'CPU of a GET with 100 cookies held', unit: 'ratio', goal: 0.95, barrier: 1.08, measure: get(1) },
  'get-16': { title: '… 16 at once', unit: 'ratio', goal: 0.7, barrier: 0.9, measure: get(16) },
  'get-64': { title: '… 64 at once', unit: 'ratio', goal: 0.7, barrier: 0.9, measure: get(64) },
  'get-256': { title: '… 256 at once', unit: 'ratio', goal: 0.7, barrier: 0.9, measure: get(256) },
  'get-1024': { title: '… 1,024 at once', unit: 'ratio', goal: 0.7, barrier: 0.9, measure: get(1024) },
  redirect: {
    title: 'CPU of a GET with a redirect',
    unit: 'ratio',
    goal: 1,
    barrier: 1.12,
    measure: () => Requests.cpuOf({ path: '/redirect', concurrency: 1 }),
  },
  'set-cookie': {
    title: 'CPU of a GET with 10 Set-Cookie',
    unit: 'ratio',
    goal: 1.05,
    barrier: 1.25,
    measure: () => Requests.cpuOf({ path: '/cookies', concurrency: 1 }),
  },
  bytes: {
    title: 'heap allocated for a GET',
    unit: 'ratio',
    goal: 1,
    barrier: 1.15,
    measure: () => Requests.bytesOf({ path: '/json', concurrency: 1 }),
    flags: Allocation.FLAGS,
  },
  // Planning, compared with new Request, and cookies: no network.
  'plan-post': {
    title: 'POST planned, to new Request',
    unit: 'ratio',
    goal: 0.45,
    barrier: 0.6,
    measure: Planning.post,
  },
  'plan-get': { title: 'GET planned, to new Request', unit: 'ratio', goal: 0.5, barrier: 0.8, measure: Planning.get },
  'pick-1000': {
    title: '10 cookies of 1,000, to 10 of 10',
    unit: 'ratio',
    goal: 1.15,
    barrier: 1.5,
    measure: () => Cookies.pick(1000),
  },
  'pick-10000': {
    title: '10 cookies of 10,000, to 10 of 10',
    unit: 'ratio',
    goal: 1.15,
    barrier: 1.5,
    measure: () => Cookies.pick(10_000),
  },
  'write-10': { title: 'Set-Cookie, 10 held', unit: 'us', goal: 3, barrier: 6, measure: () => Cookies.write(10) },
  'write-10000': {
    title: 'Set-Cookie, 10,000 held',
    unit: 'us',
    goal: 3,
    barrier: 6,
    measure: () => Cookies.write(10_000),
  },
  // A jar that workers share. The round trip reads all records of the jar, or writes a row.
  'jar-json': { title: 'JSON of 80 cookies, both ways', unit: 'us', goal: 500, barrier: 1000, measure: Stores.json },
  'store-redis': {
    title: 'load and merge, to a round trip',
    unit: 'ratio',
    goal: 1.5,
    barrier: 2.5,
    measure: Stores.onRedis,
    needs: 'redis-server',
  },
  'store-postgres': {
    title: '… with PostgreSQL',
    unit: 'ratio',
    goal: 1.5,
    barrier: 2.5,
    measure: Stores.onPostgres,
    needs: 'initdb',
  },
  // The inverse of the throughput: 0.8 and 0.6 of it are 1.25 and 1.67.
  'workers-redis': {
    title: '8 workers with one jar, to a jar each',
    unit: 'ratio',
    goal: 1.25,
    barrier: 1.67,
    measure: Workers.onRedis,
    needs: 'redis-server',
  },
  // Large bodies, compared with undici's own streams.
  download: {
    title: 'CPU of a download',
    unit: 'ratio',
    goal: 1.05,
    barrier: 1.25,
    measure: () => Streams.cpuOf('down'),
  },
  upload: { title: 'CPU of an upload', unit: 'ratio', goal: 1.1, barrier: 1.3, measure: () => Streams.cpuOf('up') },
  'download-memory': {
    title: 'peak memory, 1 GiB less 64 MiB down',
    unit: 'MB',
    goal: 32,
    barrier: 64,
    measure: () => Streams.memoryOf('down'),
  },
  'upload-memory': {
    title: 'peak memory, 1 GiB less 64 MiB up',
    unit: 'MB',
    goal: 32,
    barrier: 64,
    measure: () => Streams.memoryOf('up'),
  },
  // What a program pays before its first request: import, size of the package and of a bundle.
  'import-esm': {
    title: 'import, to that of undici',
    unit: 'ratio',
    goal: 1.2,
    barrier: 1.5,
    measure: () => Start.imported('requests-ts'),
  },
  'import-cjs': {
    title: 'require, to import of undici',
    unit: 'ratio',
    goal: 1.2,
    barrier: 1.5,
    measure: Start.required,
  },
  'bundle-size': {
    title: 'bundle that plans, minified',
    unit: 'kB',
    goal: 130,
    barrier: 200,
    measure: Size.bundled,
  },
  'package-size': { title: 'package, unpacked', unit: 'MB', goal: 2, barrier: 3, measure: Size.unpacked },
}

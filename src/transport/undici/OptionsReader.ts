/**
 * Reads the options of `undici`, and says what is wrong with them. A transport with an invalid option sends nothing: each request fails
 * with `Unsupported`, which names the option.
 */
import { isIP } from 'node:net'
import * as UserInput from '../../values/UserInput.js'
import { MAX_DELAY_MS } from '../../wire/Clock.js'
import * as Fault from '../../wire/Fault.js'
import * as Lookup from '../Lookup.js'
import * as AddressGuard from './AddressGuard.js'
import type { Settings } from './Agent.js'
import type { Dispatcher } from './Dispatcher.js'
import { systemLookup } from './HappyEyeballs.js'
import type { Options } from './TransportOptions.js'

// --- what is wrong ---------------------------------------------------------------------------------------------------

const isAtLeast = (least: number, value: unknown): boolean => typeof value === 'number' && value >= least

const isHttp2 = (value: unknown): boolean => {
  if (typeof value === 'boolean') return true
  const { streams }: { readonly streams?: unknown } = UserInput.isRecord(value) ? UserInput.own(Object(value)) : {}
  return isAtLeast(1, streams)
}

const isLookupCache = (value: unknown): boolean => {
  if (!UserInput.isRecord(value)) return false
  const { ttl = 0, maxEntries = 1 }: { readonly ttl?: unknown; readonly maxEntries?: unknown } = UserInput.own(
    Object(value),
  )
  return isAtLeast(0, ttl) && isAtLeast(1, maxEntries)
}

interface Rule {
  readonly isValid: (value: unknown) => boolean
  /** What the option must be. */
  readonly expected: string
}

const positive: Rule = { isValid: (value) => isAtLeast(1, value), expected: 'a number of at least 1' }

/** `addressPolicy` is not here: an invalid one refuses every address. */
const RULES: Readonly<Partial<Record<keyof Options, Rule>>> = {
  connections: positive,
  keepAlive: { isValid: (value) => isAtLeast(0, value), expected: 'a number of milliseconds' },
  maxHeaderSize: positive,
  http2: { isValid: isHttp2, expected: 'true, false, or { streams } with at least 1' },
  socketPath: { isValid: (value) => typeof value === 'string' && value !== '', expected: 'a path' },
  localAddress: { isValid: (value) => typeof value === 'string' && isIP(value) !== 0, expected: 'an IP address' },
  lookup: { isValid: (value) => typeof value === 'function', expected: 'a function' },
  lookupCache: {
    isValid: isLookupCache,
    expected: '{ ttl, maxEntries } with a ttl of at least 0 and a maxEntries of at least 1',
  },
  timings: { isValid: (value) => typeof value === 'boolean', expected: 'true or false' },
}

const refusal = (option: string, problem: string): Fault.Fault<'Unsupported'> => ({
  ...Fault.make('Unsupported', `Cannot send: ${problem}`),
  unsupported: [option],
  unsent: true,
})

const isValid = (rule: Rule, value: unknown): boolean => {
  try {
    return rule.isValid(value)
  } catch {
    return false // a proxy, or a getter that throws
  }
}

const problemOf = (options: Options): Fault.Fault<'Unsupported'> | undefined => {
  for (const [name, rule] of Object.entries(RULES)) {
    const value: unknown = Reflect.get(options, name)
    if (value !== undefined && !isValid(rule, value))
      return refusal(name, `the option ${name} must be ${rule.expected}`)
  }
  return undefined
}

// --- reading ---------------------------------------------------------------------------------------------------------

const resolverOf = ({ lookup, lookupCache }: Options): Lookup.Resolve => {
  const resolve = lookup === undefined ? systemLookup : Lookup.checked(lookup)
  return lookupCache === undefined ? resolve : Lookup.cached(lookupCache, resolve, () => performance.now())
}

const streamsOf = (http2: Options['http2']): number =>
  typeof http2 === 'object' ? UserInput.atLeast(1, UserInput.get(http2, 'streams') ?? 1) : 1

/** HTTP/2 has 32 bits for it. */
const MAX_HEADER_SIZE = 4_294_967_295

const settingsOf = (options: Options): Settings => ({
  connections: options.connections ?? 128,
  // undici and timers accept no other numbers.
  keepAlive: Math.min(Math.max(options.keepAlive ?? 4_000, 1), MAX_DELAY_MS),
  maxHeaderSize: Math.min(Math.floor(options.maxHeaderSize ?? 65_536), MAX_HEADER_SIZE),
  http2: options.http2 !== undefined && options.http2 !== false,
  streams: streamsOf(options.http2),
  socketPath: options.socketPath,
  localAddress: options.localAddress,
  resolve: resolverOf(options),
  guard: options.addressPolicy === undefined ? undefined : AddressGuard.make(options.addressPolicy, options.socketPath),
})

/** What the options say. */
export interface Read {
  readonly settings: Settings
  /** Why no request is sent, if an option is not valid. */
  readonly problem: Fault.Fault<'Unsupported'> | undefined
  readonly recordsTimings: boolean
  /** The dispatcher of the user, and the names of the options that cannot be combined with it. */
  readonly given: readonly [dispatcher: Dispatcher, others: ReadonlyArray<string>] | undefined
}

const unreadable = (problem: Fault.Fault<'Unsupported'>): Read => ({
  settings: settingsOf({}),
  problem,
  recordsTimings: false,
  given: undefined,
})

/** Reads the options. Never throws. */
export const read = (options: unknown): Read => {
  try {
    const { dispatcher, timings, ...others } = UserInput.own<Options>(Object(options))
    const problem = problemOf({ ...others, ...(timings === undefined ? {} : { timings }) })
    if (problem !== undefined) return unreadable(problem)
    const names = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]))
    return {
      settings: settingsOf(UserInput.own(others)),
      problem: undefined,
      recordsTimings: timings === true,
      given: dispatcher === undefined ? undefined : [dispatcher, names],
    }
  } catch (error) {
    return unreadable(refusal('options', `the options cannot be read: ${Fault.messageOf(error)}`))
  }
}

/** The machine of one exchange, and its run against a pure server. See `stages/Exchange.ts`. */
export * from './stages/Exchange.js'
export { simulate, type Trace, type TracedHop } from './stages/Simulate.js'
export type { Server } from './wire/Reply.js'

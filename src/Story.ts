/** What happened in an exchange, hop by hop, as data, as text and as a diagram. See `inspect/Story.ts`. */

export { toMermaid } from './inspect/Mermaid.js'
export * from './inspect/Story.js'

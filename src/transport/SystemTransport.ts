/**
 * The transports of the runtime. This is the module for Node, Bun and Deno. A bundle for a browser or a worker has
 * `SystemTransport.browser.ts` instead: see the table in `.build/bundle.mjs`.
 */
export { undici, undici as openDefault } from './undici/Undici.js'

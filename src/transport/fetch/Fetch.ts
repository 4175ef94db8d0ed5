/**
 * What fetch functions can do, and which plans they cannot send: decisions as data. `Transport.fetch` sends.
 *
 * @example
 * import { Fetch } from 'requests-ts'
 *
 * const titles = Fetch.restrictions.map(({ title }) => title)
 * assert.equal(titles.includes('a proxy'), true)
 */
export { browser, bun, type Capabilities, deno, detect, node, workerd } from './Capabilities.js'
export { type Refusal, type Restriction, type RestrictionName, refusals, restrictions } from './Restrictions.js'

/** What all requests have in common, and its form as JSON. See `session/Session.ts`. */
export * from './session/Session.js'
export { decode, encode, SessionJson } from './session/SessionJson.js'

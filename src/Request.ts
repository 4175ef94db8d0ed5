/** What one request asks, and the request of a curl line. See `session/Request.ts`. */

export { type FromCurl, fromCurl, type InvalidCurl, type LeftOut } from './inspect/FromCurl.js'
export * from './session/Request.js'

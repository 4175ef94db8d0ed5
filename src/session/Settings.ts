/**
 * Settings of a session or a request: one record of overrides, and the `with*` functions that change it.
 *
 * | setting                                                    | a later value                                            |
 * |------------------------------------------------------------|----------------------------------------------------------|
 * | headers, cookies, timeouts, limits, sensitive names        | replaces the value of the same key; header names ignore case |
 * | query or proxies, given as a record                        | replaces the value of the same key                       |
 * | query given as pairs or text; a single proxy               | replaces everything before it, as in requests            |
 * | hooks, observers, redirect policies                        | is added; `withHooks`, `withObservers` and `withRedirectPolicy` replace |
 * | auth, verify, CA, certificate, base URL, maximum, progress, idempotency key, compression | replaces the earlier value |
 *
 * Laws: `Monoid` is a monoid, `withSettings` is its action, and every `with*` is a `withSettings`.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Override, Request, Settings } from 'requests-ts'
 *
 * const request = pipe(Request.get('/'), Request.withHeader('X-A', '1'), Request.withoutHeader('x-a'))
 * assert.deepEqual(request.settings.headers.get('x-a'), Override.unset)
 * assert.equal(Settings.Monoid.concat(Settings.empty, request.settings), request.settings)
 */
export * from './Configure.js'
export { Eq } from './SettingsEq.js'
export {
  baseUrl,
  type Configurable,
  type Configure,
  empty,
  type HeaderSetting,
  type Hook,
  Monoid,
  type OnProgress,
  type Progress,
  type Proxies,
  SENSITIVE,
  type Settings,
} from './SettingsRecord.js'
export { Show } from './SettingsText.js'
export type { Compression, CompressionCoding, CompressionOptions } from './sending/Compression.js'
export type { IdempotencyKey, KeyFormat, KeyOptions } from './sending/IdempotencyKey.js'

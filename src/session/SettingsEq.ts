/**
 * Equality of settings. Equal settings of equal sessions and requests plan equal plans.
 *
 * | setting                                          | compared by                                              |
 * |--------------------------------------------------|----------------------------------------------------------|
 * | headers                                          | order, spelling of names, values, and whether they are secret |
 * | query, cookies                                   | order and values                                         |
 * | proxies, timeouts, limits, sensitive names       | key and value, in any order                              |
 * | auth, certificate                                | content, with secrets; the functions of signers and tokens by reference |
 * | idempotency key, compression                     | content                                                  |
 * | hooks, observers, redirect policies, progress    | reference, in order                                      |
 */
import type { Eq as EqOf } from 'fp-ts/lib/Eq.js'
import { getEq as getArrayEq } from 'fp-ts/lib/ReadonlyArray.js'
import { same, struct } from '../values/Equality.js'
import type * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import { CertificateEq } from '../wire/Plan.js'
import * as Auth from './auth/Auth.js'
import type { HeaderSetting, Settings } from './SettingsRecord.js'
import type { Compression } from './sending/Compression.js'
import type { IdempotencyKey } from './sending/IdempotencyKey.js'

const HeaderEq: EqOf<HeaderSetting> = struct<HeaderSetting>({
  name: same,
  values: getArrayEq<Headers.Value>(Secret.EqStrict),
})

/** The methods are those that an untyped caller passed, maybe not a list. */
const KeyEq: EqOf<IdempotencyKey> = struct<IdempotencyKey>({
  header: same,
  format: same,
  methods: { equals: (x, y) => x === y || (Array.isArray(x) && Array.isArray(y) && getArrayEq(same).equals(x, y)) },
})

/**
 * Compares settings. Equal settings send the same; functions are compared by reference, secrets by content.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Request, Settings } from 'requests-ts'
 *
 * const signedIn = pipe(Request.get('/'), Request.withBearer('token'))
 * const again = pipe(Request.get('/'), Request.withBearer('token'))
 * assert.equal(Settings.Eq.equals(signedIn.settings, again.settings), true)
 */
export const Eq: EqOf<Settings> = struct<Settings>({
  headers: Override.getKeyedEq(HeaderEq),
  query: Override.getLayerEq(Query.SourceEq),
  cookies: Override.getKeyedEq(Secret.EqStrict),
  proxies: Override.getLayerEq(Override.getUnorderedEq(Secret.EqStrict)),
  auth: Override.getEq(Auth.Eq),
  baseUrl: Override.getEq(Secret.EqStrict),
  verify: Override.getEq(same),
  ca: Override.getEq(same),
  certificate: Override.getEq(CertificateEq),
  timeouts: Override.getUnorderedEq(same),
  limits: Override.getUnorderedEq(same),
  maxRedirects: Override.getEq(same),
  redirects: Override.getLayerEq(getArrayEq(same)),
  hooks: Override.getLayerEq(getArrayEq(same)),
  observers: Override.getLayerEq(getArrayEq(same)),
  sensitive: Override.getUnorderedEq(same),
  progress: Override.getEq(same),
  idempotencyKey: Override.getEq(KeyEq),
  compression: Override.getEq(struct<Compression>({ coding: same, minimumSize: same })),
})

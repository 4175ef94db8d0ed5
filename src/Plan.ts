/**
 * What would go over the wire, before it goes.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const plan = pipe(
 *   Request.get('https://api.example.com/search'), Request.withQuery({ q: 'monoid' }),
 *   Plan.plan({ session: Session.empty }))
 * assert.deepEqual(pipe(plan, E.map(Plan.show)), E.right('GET https://api.example.com/search?q=monoid'))
 */
import type * as E from 'fp-ts/lib/Either.js'
import type { Request } from './session/Request.js'
import { merge } from './stages/Merge.js'
import { type Context, type PlanError, prepare } from './stages/Prepare.js'
import type { BodyLimit, Plan } from './wire/Plan.js'

export { toCurl } from './inspect/Curl.js'
export { diff } from './inspect/Diff.js'
export { explain } from './inspect/Explain.js'
export { toHar } from './inspect/Har.js'
export { lint } from './inspect/Lint.js'
export { canonical, toHttp } from './inspect/PlanText.js'
export type { Reveal } from './inspect/Reveal.js'
export { matchError } from './stages/PlanError.js'
export type { Context, PlanError, World } from './stages/Prepare.js'
export {
  type BodyLimit,
  type Cause,
  CertificateEq,
  type ClientCertificate,
  Eq,
  isReplayable,
  type Plan,
  type Route,
  Show,
  show,
  type Timeouts,
  type Tls,
  type Wire,
  wire,
  withHeaders,
  withQuery,
} from './wire/Plan.js'

/** @deprecated Use `BodyLimit`. */
export type Limits = BodyLimit

/** Merges and prepares: the first plan that sending would send. Errors: `PlanError`. */
export const plan =
  (context: Context) =>
  (request: Request): E.Either<PlanError, Plan> =>
    prepare(context)(merge(context.session)(request))

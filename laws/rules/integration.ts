/**
 * The laws of a program of the user's own, as a rule set over the program and the world it is written for.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
 * import { Http, Response, Session } from 'requests-ts'
 * import { RuleSet, integration } from 'requests-ts/laws'
 *
 * const program = pipe(Http.get('items'), SRTE.flatMapEither(Response.ok), SRTE.map(Response.text))
 * const rules = integration({
 *   program,
 *   session: pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withBearer('s3cr3t'),
 *     Session.withMaxRedirects(3)),
 *   server: { 'GET /items': { status: 200, body: '[]' } },
 *   home: ['https://api.test'],
 *   requests: 5 })
 * assert.deepEqual(await RuleSet.refuted(rules), new Map())
 */
import * as fc from 'fast-check'
import { disturbancesAround } from '../arbitrary/FaultInjection.js'
import * as Laws from '../Integration.js'
import type { RuleSet } from '../RuleSet.js'
import { complaining } from './reportingProperty.js'

/** The names of the laws. */
export type IntegrationLaw =
  | 'it never sends a secret to another origin'
  | 'it ends within its requests'
  | 'it comes to the same when replayed'
  | 'it does not depend on the order of replies'

/** What a program must keep to, whatever its servers do. Its first home is what the neighbours are those of. */
export const integration = (subject: Laws.Integration): RuleSet => {
  const [home = 'https://a.test'] = subject.home
  const patience = subject.patience ?? Laws.PATIENCE
  const disturbances = disturbancesAround(home)
  const choices = fc.array(fc.nat({ max: 3 }), { maxLength: 4 })
  return {
    'it never sends a secret to another origin': complaining(disturbances, Laws.keepsSecrets(subject), patience),
    'it ends within its requests': complaining(disturbances, Laws.endsWithin(subject), patience),
    'it comes to the same when replayed': complaining(disturbances, Laws.repeatsItself(subject), patience),
    'it does not depend on the order of replies': complaining(
      fc.tuple(disturbances, choices),
      ([disturbed, order]) => Laws.ignoresReplyOrder(subject)(disturbed, order),
      patience,
    ),
  }
}

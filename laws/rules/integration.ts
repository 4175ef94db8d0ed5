/**
 * The laws of a program that uses the library, as a rule set over the program and its servers.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Http, Response, Session } from 'requests-ts'
 * import { RuleSet, integration } from 'requests-ts/laws'
 *
 * const program = pipe(Http.get('items'), Http.flatMapEither(Response.ok), Http.map(Response.text))
 * const rules = integration({
 *   program,
 *   session: pipe(Session.empty, Session.withBaseUrl('https://api.test'), Session.withBearer('s3cr3t'),
 *     Session.withMaxRedirects(3)),
 *   server: { 'GET /items': { status: 200, body: '[]' } },
 *   home: ['https://api.test'],
 *   requests: 5 })
 * assert.deepEqual(await RuleSet.refutations()(rules), new Map())
 */
import * as fc from 'fast-check'
import { faultInjections } from '../arbitrary/FaultInjection.js'
import * as Laws from '../Integration.js'
import type { RuleSet } from '../RuleSet.js'
import { reportingProperty } from './reportingProperty.js'

/** The names of the laws. */
export type IntegrationLaw =
  | 'it never sends a secret to another origin'
  | 'it ends within its requests'
  | 'it has the same outcome when replayed'
  | 'it does not depend on the order of replies'

/** The laws of a program, whatever its servers do. Faults redirect to hosts that are similar to its first `home`. */
export const integration = (subject: Laws.Integration): RuleSet => {
  const [home = 'https://a.test'] = subject.home
  const patience = subject.patience ?? Laws.PATIENCE
  const faults = faultInjections(home)
  const choices = fc.array(fc.nat({ max: 3 }), { maxLength: 4 })
  return {
    'it never sends a secret to another origin': reportingProperty(faults, Laws.keepsSecrets(subject), patience),
    'it ends within its requests': reportingProperty(faults, Laws.endsWithin(subject), patience),
    'it has the same outcome when replayed': reportingProperty(faults, Laws.isDeterministic(subject), patience),
    'it does not depend on the order of replies': reportingProperty(
      fc.tuple(faults, choices),
      ([injected, order]) => Laws.ignoresReplyOrder(subject)(injected, order),
      patience,
    ),
  }
}

/** The laws of explaining a plan, as a rule set. */
import * as fc from 'fast-check'
import * as Environment from '../../src/session/Environment.js'
import * as Session from '../../src/session/Session.js'
import * as Jar from '../../src/values/Jar.js'
import { chain } from '../arbitrary/Chain.js'
import { request, session } from '../arbitrary/Settings.js'
import * as Laws from '../Explain.js'
import type { RuleSet } from '../RuleSet.js'

const NOW = new Date('2026-01-01T00:00:00Z')
const [JAR] = Jar.absorb(new URL('http://h.test/'), ['a=jar', 'held=1; Path=/x'], NOW)(Jar.empty)

const world = fc.record({
  jar: fc.constantFrom(Jar.empty, JAR),
  now: fc.constant(NOW),
  environment: fc.constantFrom(
    Environment.empty,
    Environment.make({ http_proxy: 'http://e:5', no_proxy: 'other.test' }, 'machine h.test login me password pw'),
  ),
})

const trusting = session.chain((one) =>
  fc.boolean().map((trusts) => Session.withTrust({ netrc: trusts, proxies: trusts })(one)),
)

export const explaining = (explain: Laws.Explain): RuleSet => ({
  'the entries rebuild the plan of every hop': fc.property(chain, (one) =>
    Laws.plansOf(one).every(Laws.rebuilds(explain)),
  ),
  'an entry names the layer that gave it': fc.property(trusting, request, world, Laws.namesTheLayer(explain)),
  'an explanation shows no secret': fc.property(chain, Laws.showsNoSecret(explain)),
})

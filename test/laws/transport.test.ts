import * as TE from 'fp-ts/lib/TaskEither.js'
import { describe, expect, it, test } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { serving, type TransportLaw, transport } from '../../laws/rules/transport.js'
import * as Transport from '../../src/Transport.js'

RuleSet.suite({ describe, test }, { numRuns: 40 })(
  'undici',
  transport(() => Transport.undici()),
)
RuleSet.suite({ describe, test })('memory', serving(Transport.memory))

const unheard = Transport.record(() => () => undefined)
RuleSet.suite({ describe, test }, { numRuns: 25 })(
  'a recorder around undici',
  transport(() => unheard(Transport.undici())),
)
RuleSet.suite({ describe, test })(
  'a recorder around memory',
  serving((server) => unheard(Transport.memory(server))),
)
RuleSet.suite({ describe, test }, { numRuns: 25 })(
  'a limit around undici',
  transport(() => Transport.withLimit({ concurrency: 4 })(Transport.undici())),
)
const permitting: Transport.SharedLimit = { take: () => TE.right({ waitMs: 0 }) }
RuleSet.suite({ describe, test }, { numRuns: 25 })(
  'a shared limit around undici',
  transport(() => Transport.withSharedLimit(permitting)(Transport.undici())),
)
RuleSet.suite({ describe, test })(
  'a shared limit around memory',
  serving((server) => Transport.withSharedLimit(permitting)(Transport.memory(server))),
)

/** The laws that no transport over the fetch of Node can satisfy, as in `laws/README.md`. */
const CANNOT: ReadonlyArray<TransportLaw> = [
  'the server receives the request of the plan', // a body with GET or HEAD is refused
  'no header is added, lost or moved', // accept, accept-language, sec-fetch-mode, user-agent, accept-encoding
  'the reply is what the server answered', // lines of one name are joined, and names are sorted
  'nothing is sent again', // 421 is sent a second time
  'no connection stays open', // its pool is global and cannot be closed
]
/**
 * Laws whose result depends on the version of Node: before Node 24, undici replaces the connection of a body that was discarded by a
 * new one, which is idle.
 */
const MAY_NOT: ReadonlyArray<TransportLaw> = ['a discarded body releases its connection']

describe('a transport over the fetch of Node', () => {
  it('violates the laws that the guide describes, and satisfies the others', async () => {
    const found = await RuleSet.refuted(transport(Transport.fetch, { patience: 1000 }), { numRuns: 100 })
    const laws = [...found.keys()]
    expect(CANNOT.filter((law) => !laws.includes(law))).toEqual([])
    expect(laws.filter((law) => ![...CANNOT, ...MAY_NOT].some((other) => other === law))).toEqual([])
  }, 120_000)
})

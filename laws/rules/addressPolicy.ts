/** The laws of a decision about addresses, as a rule set. */
import * as fc from 'fast-check'
import type * as AddressPolicy from '../../src/values/AddressPolicy.js'
import * as Laws from '../AddressLaws.js'
import { address, type Bytes, embeddings, ipv4, isIn, type Network, network, spellings } from '../arbitrary/Address.js'
import type { RuleSet } from '../RuleSet.js'

const rules = fc.array(
  fc.record({
    effect: fc.constantFrom('Allow' as const, 'Deny' as const),
    networks: fc.array(network, { minLength: 1, maxLength: 3 }),
    except: fc.array(network, { maxLength: 1 }),
  }),
  { maxLength: 3 },
)

/** Rules that refuse an address, so that most examples test a refusal. */
const rulesAbout = (bytes: Bytes): fc.Arbitrary<ReadonlyArray<Laws.Rule>> =>
  fc.oneof(
    rules,
    fc
      .integer({ min: 0, max: bytes.length * 8 })
      .map((length) => [{ effect: 'Deny' as const, networks: [{ bytes, length }], except: [] }]),
  )

const spelled = address.chain((bytes) =>
  fc.tuple(
    rulesAbout(bytes),
    spellings(bytes).map((text): readonly [Bytes, string] => [bytes, text]),
  ),
)

const embedded = ipv4.chain((bytes) =>
  fc.tuple(
    rulesAbout(bytes),
    embeddings(bytes).map((found) => [bytes, found] as const),
  ),
)

/** Other spellings of 127.0.0.1 and of 10.1.2.3 that some parsers accept, and text that no parser accepts. */
const other = fc.oneof(
  fc.constantFrom('127.1', '127.0.1', '0x7f.0.0.1', '0x7f.1', '0177.0.0.1', '2130706433', '0x7f000001', '127.0.0.1.'),
  fc.constantFrom(
    '010.1.2.3',
    '10.1.2.03',
    '10.1.2',
    '10.1.2.3/32',
    ' 10.1.2.3',
    '10.1.2.3\n',
    '１０.1.2.3',
    '10.1.2.256',
  ),
  fc.constantFrom(
    '',
    'localhost',
    'h.test',
    '[10.1.2.3]x',
    '::1::',
    ':::1',
    '1:2:3:4:5:6:7',
    '::ffff:10.1.2',
    '::10.1.2.3.4',
  ),
  fc.domain(),
)

const invalid: fc.Arbitrary<AddressPolicy.AddressRule> = fc
  .tuple(
    fc.constantFrom('Allow' as const, 'Deny' as const),
    fc.constantFrom(
      '',
      '10.0.0.0/33',
      '::/129',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10/8',
      '10.0.0.0/x',
      'h.test',
    ),
  )
  .map(([effect, text]) => ({ effect, networks: [text] }))

/** Takes the first bits of a network, and the rest of other bytes. */
const within = ({ bytes, length }: Network, rest: Bytes): Bytes =>
  bytes.map((byte, i) => {
    const mask = (0xff << Math.max(0, 8 - Math.max(0, length - 8 * i))) & 0xff
    return (byte & mask) | ((rest[i] ?? 0) & ~mask)
  })

const bytes = (size: number): fc.Arbitrary<Bytes> => fc.array(fc.nat(255), { minLength: size, maxLength: size })

const special = fc.tuple(fc.constantFrom(...Laws.specialNetworks), bytes(16)).map(([one, rest]) => within(one, rest))

/** The ninth byte cannot begin an identifier of ISATAP. */
const unicast = bytes(16).map((all) => [0x20 | ((all[0] ?? 0) & 0x1f), ...all.slice(1, 8), 1, ...all.slice(9)])

const common = fc.oneof(bytes(4), unicast).filter((one) => !Laws.specialNetworks.some((network) => isIn(network, one)))

/**
 * Returns the laws of a decision about addresses: of one that reads policies as `AddressPolicy.decide` does.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { AddressPolicy } from 'requests-ts'
 * import { RuleSet, addressPolicy } from 'requests-ts/laws'
 *
 * const careless: typeof AddressPolicy.decide = (policy) => (address) =>
 *   address === '127.1' ? { _tag: 'Allowed' } : AddressPolicy.decide(policy)(address)
 * const found = await RuleSet.refutations({ numRuns: 1000 })(addressPolicy(careless))
 * assert.deepEqual([...found.keys()], ['text that is not an address is not allowed'])
 */
export const addressPolicy = (decide: Laws.Decide): RuleSet => ({
  'the last rule with the address decides': fc.property(rules, address, Laws.lastRuleDecides(decide)),
  'all spellings of an address are decided alike': fc.property(spelled, ([about, one]) =>
    Laws.readsAllSpellings(decide)(about, one),
  ),
  'an address that leads to a refused address is refused': fc.property(embedded, ([about, one]) =>
    Laws.checksEmbedded(decide)(about, one),
  ),
  'text that is not an address is not allowed': fc.property(rules, other, Laws.refusesOtherText(decide)),
  'a policy with an invalid network refuses every address': fc.property(
    rules,
    invalid,
    rules,
    address,
    Laws.refusesInvalid(decide),
  ),
  'publicOnly refuses special addresses': fc.property(special, Laws.knowsSpecial(decide)),
  'publicOnly allows the others': fc.property(common, Laws.knowsPublic(decide)),
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InFlight, type InFlightMember } from '../../src/transport/undici/InFlight.js'

const members = Array.from({ length: 6 }, (): InFlightMember => ({ index: -1 }))
const step = fc.tuple(fc.constantFrom('add', 'remove'), fc.nat({ max: members.length - 1 }))

describe('InFlight (specification)', () => {
  it('contains the same members as a Set after any additions and removals', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [inFlight, set] = [new InFlight<InFlightMember>(), new Set<InFlightMember>()]
        for (const member of members) member.index = -1
        for (const [act, i] of steps) {
          const member = members[i]
          if (member === undefined || (act === 'add' && set.has(member))) continue
          inFlight[act as 'add' | 'remove'](member) // the cast: `constantFrom` widens to string
          set[act === 'add' ? 'add' : 'delete'](member)
        }
        expect(new Set(inFlight.all())).toEqual(set)
        expect(inFlight.all()).toHaveLength(set.size)
        for (const [index, member] of inFlight.all().entries()) expect(member.index).toBe(index)
        for (const member of members) expect(member.index >= 0).toBe(set.has(member))
      }),
    )
  })

  it('returns a copy, so that members can be removed while they are iterated', () => {
    const inFlight = new InFlight<InFlightMember>()
    const three = [{ index: -1 }, { index: -1 }, { index: -1 }]
    for (const member of three) inFlight.add(member)
    const seen = inFlight.all()
    for (const member of seen) inFlight.remove(member)
    expect([seen.length, inFlight.all().length]).toEqual([3, 0])
  })
})

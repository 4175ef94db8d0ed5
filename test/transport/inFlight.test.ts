import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { InFlight, type Member } from '../../src/transport/undici/InFlight.js'

const members = Array.from({ length: 6 }, (): Member => ({ place: -1 }))
const step = fc.tuple(fc.constantFrom('add', 'remove'), fc.nat({ max: members.length - 1 }))

it('holds what a Set would, and takes away what is not there without harm', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [roster, set] = [new InFlight<Member>(), new Set<Member>()]
      for (const member of members) member.place = -1
      for (const [act, i] of steps) {
        const member = members[i]
        if (member === undefined || (act === 'add' && set.has(member))) continue
        roster[act as 'add' | 'remove'](member) // the cast: `constantFrom` widens to string
        set[act === 'add' ? 'add' : 'delete'](member)
      }
      expect(new Set(roster.all())).toEqual(set)
      expect(roster.all()).toHaveLength(set.size)
      for (const [place, member] of roster.all().entries()) expect(member.place).toBe(place)
      for (const member of members) expect(member.place >= 0).toBe(set.has(member))
    }),
  )
})

it('is left as it was taken by whoever removes while looking', () => {
  const roster = new InFlight<Member>()
  const three = [{ place: -1 }, { place: -1 }, { place: -1 }]
  for (const member of three) roster.add(member)
  const seen = roster.all()
  for (const member of seen) roster.remove(member)
  expect([seen.length, roster.all().length]).toEqual([3, 0])
})

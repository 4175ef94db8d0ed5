import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { Chain, type Link } from '../../src/transport/undici/Chain.js'

interface Member extends Link<Member> {
  readonly name: number
}

const member = (name: number): Member => ({ name, previous: undefined, next: undefined, chain: undefined })
const step = fc.tuple(fc.constantFrom('push', 'unshift', 'shift', 'pop', 'remove'), fc.nat({ max: 5 }))

it('keeps the order that a list would, with removals from the middle', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const members = Array.from({ length: 6 }, (_, name) => member(name))
      const [chain, other] = [new Chain<Member>(), new Chain<Member>()]
      let list: Member[] = []
      for (const [act, i] of steps) {
        const one = members[i]
        if (one === undefined) continue
        if ((act === 'push' || act === 'unshift') && !list.includes(one)) {
          list[act](one)
          chain[act](one)
        } else if (act === 'shift' || act === 'pop') expect(chain[act]()).toBe(list[act]())
        else if (act === 'remove') {
          other.remove(one)
          chain.remove(one)
          list = list.filter((kept) => kept !== one)
        }
        expect(chain.size).toBe(list.length)
      }
      for (const expected of list) expect(chain.shift()).toBe(expected)
      expect(chain.shift()).toBeUndefined()
    }),
  )
})

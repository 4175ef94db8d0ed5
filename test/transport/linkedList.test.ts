import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LinkedList, type LinkedListNode } from '../../src/transport/undici/LinkedList.js'

interface Member extends LinkedListNode<Member> {
  readonly name: number
}

const member = (name: number): Member => ({ name, previous: undefined, next: undefined, list: undefined })
const step = fc.tuple(fc.constantFrom('push', 'unshift', 'shift', 'pop', 'remove'), fc.nat({ max: 5 }))

describe('LinkedList (specification)', () => {
  it('keeps the order of an array when members are removed from the middle', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const members = Array.from({ length: 6 }, (_, name) => member(name))
        const [list, other] = [new LinkedList<Member>(), new LinkedList<Member>()]
        let array: Member[] = []
        for (const [act, i] of steps) {
          const one = members[i]
          if (one === undefined) continue
          if ((act === 'push' || act === 'unshift') && !array.includes(one)) {
            array[act](one)
            list[act](one)
          } else if (act === 'shift' || act === 'pop') expect(list[act]()).toBe(array[act]())
          else if (act === 'remove') {
            other.remove(one)
            list.remove(one)
            array = array.filter((kept) => kept !== one)
          }
          expect(list.size).toBe(array.length)
        }
        for (const expected of array) expect(list.shift()).toBe(expected)
        expect(list.shift()).toBeUndefined()
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'
import * as RuleSet from '../../laws/RuleSet.js'
import { jar as jarRules } from '../../laws/rules/jar.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Secret from '../../src/values/Secret.js'
import { runs } from './effort.js'

describe('Jar', () => RuleSet.toTests(it, { numRuns: runs(400) })(jarRules(Jar)))

it('does not extend the lifetime of a cookie when it is read', () => {
  const at = new URL('https://example.com/')
  const [jar] = Jar.absorb(at, ['a=1; Max-Age=60'], new Date(0))(Jar.empty)
  expect(Secret.reveal(Jar.header(at, new Date(59_999))(jar) ?? '')).toBe('a=1')
  expect(Jar.header(at, new Date(60_000))(jar)).toBeUndefined()
})

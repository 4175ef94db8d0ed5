import * as E from 'fp-ts/lib/Either.js'
import { describe, test } from 'vitest'
import * as Setting from '../../laws/arbitrary/Settings.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { codec, redirectPolicy } from '../../laws/rules/parts.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import type * as Override from '../../src/values/Override.js'
import { codecs, policies, schemes } from './breakers/parts.js'

const suite = RuleSet.suite({ describe, test })

for (const { set, lawful } of [schemes, policies, codecs]) suite(set, lawful)
for (const [name, policy] of Object.entries({
  follow: RedirectPolicy.follow,
  none: RedirectPolicy.none,
  'limit(1)': RedirectPolicy.limit(1),
  httpsOnly: RedirectPolicy.httpsOnly,
  both: RedirectPolicy.Monoid.concat(RedirectPolicy.sameOrigin, RedirectPolicy.httpsOnly),
})) {
  suite(name, redirectPolicy(policy))
}

type Number = Override.Override<number>
const isNumber = (json: unknown): json is Number =>
  typeof json === 'object' && json !== null && '_tag' in json && ['Inherit', 'Unset', 'Set'].includes(String(json._tag))
suite(
  'a custom codec',
  codec<Number>(
    { encode: (value) => value, decode: (json) => (isNumber(json) ? E.right(json) : E.left('no override')) },
    Setting.override,
  ),
)

/** Lists the families of cases, in the order in which they run. */
import type { Family, Meta } from '../subject.js'
import { judge, type RawCase, type Verdict } from '../verdict.js'
import * as cookies from './cookies.js'
import * as digest from './digest.js'
import * as merge from './merge.js'
import * as netrc from './netrc.js'
import * as prepare from './prepare.js'
import * as proxies from './proxies.js'
import * as redirect from './redirect.js'
import * as response from './response.js'
import * as stripAuth from './strip-auth.js'

/** A family without the types of its inputs and outputs. */
export interface FamilyRunner {
  readonly name: string
  readonly judge: (meta: Meta, raw: RawCase) => Promise<Verdict>
}

const runnerOf = <I, O>(family: Family<I, O>): FamilyRunner => ({
  name: family.name,
  judge: (meta, raw) => judge(family, meta, raw),
})

export const FAMILIES: ReadonlyArray<FamilyRunner> = [
  runnerOf(merge.family),
  runnerOf(stripAuth.family),
  runnerOf(netrc.family),
  runnerOf(proxies.family),
  runnerOf(prepare.family),
  runnerOf(redirect.family),
  runnerOf(cookies.family),
  runnerOf(digest.family),
  runnerOf(response.family),
]

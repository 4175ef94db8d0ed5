/**
 * Every family of cases, by the name of its file.
 */
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

/** A family behind one function: what its inputs and outputs are is its own affair. */
export interface Judging {
  readonly name: string
  readonly judge: (meta: Meta, raw: RawCase) => Promise<Verdict>
}

const judging = <I, O>(family: Family<I, O>): Judging => ({
  name: family.name,
  judge: (meta, raw) => judge(family, meta, raw),
})

export const FAMILIES: ReadonlyArray<Judging> = [
  judging(merge.family),
  judging(stripAuth.family),
  judging(netrc.family),
  judging(proxies.family),
  judging(prepare.family),
  judging(redirect.family),
  judging(cookies.family),
  judging(digest.family),
  judging(response.family),
]

/**
 * What an explanation stands on: a plan, what it was made from, and the plan before it.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Merged } from '../../stages/Merge.js'
import { leave } from '../../stages/Prepare.js'
import type { Inputs } from '../../stages/prepare/Provenance.js'
import { address } from '../../stages/prepare/TargetUrl.js'
import * as Override from '../../values/Override.js'
import type { Url, Userinfo } from '../../values/Url.js'
import type { Plan } from '../../wire/Plan.js'
import type { Head } from '../../wire/Reply.js'
import type { Part } from './Part.js'
import { byHand, from, type Layers, layers, type Source } from './Source.js'

/** One field of a plan and where it came from. */
export interface Entry<P extends Part = Part> extends Source {
  readonly part: P
}

/** The plan before, and how it was explained. */
export interface Before {
  readonly plan: Plan
  readonly head: Head
  /** Whether credentials may still go along. */
  readonly credentialsAllowed: boolean
  readonly entries: ReadonlyArray<Entry>
}

export interface Ground {
  readonly plan: Plan
  readonly inputs: Inputs
  /** As the user gave it, and as far as it was used. */
  readonly given: Merged
  readonly merged: Merged
  /** Whether an absolute URL led away from the base's origin, so that the session's credentials stayed behind. */
  readonly leaves: boolean
  readonly userinfo: O.Option<Userinfo>
  /** The URL that the request and the base URL give, before settings add to its query. */
  readonly url: O.Option<Url>
  readonly layers: Layers
  readonly before: O.Option<Before>
}

export const ground = (plan: Plan, inputs: Inputs, before: O.Option<Before>): Ground => {
  const given = inputs.merged
  const place = address(given.settings, given.request.url)
  const leaves = O.isNone(before) && E.isRight(place) && place.right.leaves
  const merged = leaves ? leave(given) : given
  return {
    plan,
    inputs,
    given,
    merged,
    leaves,
    userinfo: E.isRight(place) ? place.right.userinfo : O.none,
    url: E.isRight(place) ? O.some(place.right.url) : O.none,
    layers: layers(merged.session.settings, merged.request.settings),
    before,
  }
}

/** The URL for which proxy, cookies and credentials were chosen. A custom scheme may have changed it afterwards. */
export const plannedUrl = ({ plan, before, url }: Ground): Url =>
  O.isSome(before) ? plan.url : O.getOrElse(() => plan.url)(url)

/** Whether a scheme of the user's own had the last word on everything. */
export const customScheme = ({ merged, before }: Ground): string | undefined => {
  const auth = Override.getOrElse(undefined)(merged.settings.auth)
  return auth?._tag === 'Custom' && O.isNone(before) ? auth.name : undefined
}

/** The source of a part that neither settings nor request explain: a custom scheme, else an edit by hand. */
export const otherwise = (ground: Ground): Source => {
  const scheme = customScheme(ground)
  return scheme === undefined ? byHand : from('prepare', `the scheme '${scheme}' of auth wrote it`)
}

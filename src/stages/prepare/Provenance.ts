/**
 * What a plan was made from, carried by the plan itself under a seal: `Plan.explain` works it out again from here, so
 * that knowing where everything came from costs nothing until it is asked.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Jar } from '../../cookies/Jar.js'
import type { Environment } from '../../session/Environment.js'
import * as Secret from '../../values/Secret.js'
import type { Plan } from '../../wire/Plan.js'
import type { Head } from '../../wire/Reply.js'
import type { Merged } from '../Merge.js'

export interface Inputs {
  /** As the user gave it, before anything stayed behind. */
  readonly merged: Merged
  readonly jar: Jar
  readonly environment: Environment
  readonly now: Date
  /** The plan before, and the redirect that answered it. */
  readonly after: O.Option<{ readonly plan: Plan; readonly head: Head; readonly credentialsAllowed: boolean }>
}

export const seal = (inputs: Inputs): Secret.Sealed<unknown> => Secret.seal(inputs, '‹inputs›')

/** The inputs of a plan; none for one that was put together by hand. */
export const of = ({ inputs }: Plan): O.Option<Inputs> =>
  // The cast: the wire does not know the stages; only `seal` puts anything there.
  inputs === undefined ? O.none : O.some(Secret.open(inputs) as Inputs)

/** The same plan, made from a later jar and at a later time: it is sent again, and with what it met. */
export const later =
  (jar: Jar, now: Date) =>
  (plan: Plan): Plan => {
    const inputs = of(plan)
    return O.isNone(inputs) ? plan : { ...plan, inputs: seal({ ...inputs.value, jar, now }) }
  }

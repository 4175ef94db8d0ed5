/** Discards the body of a reply that is not the last one. */
import * as E from 'fp-ts/lib/Either.js'
import { raceDeadline } from '../transport/Cancellation.js'
import { DISCARDED, startDiscarding } from '../wire/BodySource.js'
import type * as Fault from '../wire/Fault.js'
import type { Source } from '../wire/Reply.js'
import type { SendControls } from '../wire/Transport.js'

/** Discards a body. Returns the fault that ends the exchange meanwhile; not a promise if the body has ended. */
export const release = (controls: SendControls, body: Source): undefined | Promise<Fault.Fault | undefined> => {
  const discarding = startDiscarding(body)
  return discarding === DISCARDED ? undefined : releaseLater(controls, discarding)
}

const releaseLater = async (controls: SendControls, discarding: Promise<void>): Promise<Fault.Fault | undefined> => {
  const discarded = await raceDeadline(controls, discarding)
  return E.isLeft(discarded) ? discarded.left : undefined
}

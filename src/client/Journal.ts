/** How an exchange records what it does while it runs: `Durable` has the implementation. */
import type * as E from 'fp-ts/lib/Either.js'
import type * as Exchange from '../stages/Exchange.js'
import type { Plan } from '../wire/Plan.js'
import type { Reply } from '../wire/Reply.js'
import type { SendControls, TransportError } from '../wire/Transport.js'
import type { Client } from './ClientModel.js'

/** What made a step: the answer to a challenge, or the decision about a redirect and the end. */
export type StepOrigin = 'Answer' | 'Decide'

/** Sends one plan. */
export type SendPlan = (plan: Plan) => Promise<E.Either<TransportError, Reply>>

/** The state of a running exchange: its last step, and the controls of a wait. */
export interface Running {
  readonly exchange: Exchange.Exchange
  readonly waitControls: SendControls
}

/** A client for one exchange, which it records. */
export interface RecordingClient extends Client {
  readonly journal?: Journal
}

/** Records the steps of one exchange, but not those of its token requests. Its promises do not reject. */
export interface Journal {
  /** Subtracts the time that was needed before the exchange from its total timeout. */
  readonly within: (controls: SendControls) => SendControls
  /** Records each plan before it is sent, and whether a reply came. A plan that cannot be recorded is not sent. */
  readonly sending: (send: SendPlan, running: Running) => SendPlan
  /** Records that a hook rejected a reply, or did not end in time. */
  readonly rejected: (error: TransportError | Exchange.HookFailed, controls: SendControls) => Promise<void>
  /** Records the step after a reply. */
  readonly answered: (step: Exchange.Step, origin: StepOrigin, controls: SendControls) => Promise<void>
}

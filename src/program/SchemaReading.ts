/** Waits for the schema of `Http.json`, which is code of the user and may never decide, as long as the client waits. */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { SendError } from '../stages/Exchange.js'
import * as Send from '../stages/Send.js'
import { raceDeadline } from '../transport/Cancellation.js'
import * as UserInput from '../values/UserInput.js'
import type { Response } from '../wire/Reply.js'
import { withPlan } from '../wire/Transport.js'
import type { Http } from './Program.js'

/** Returns what `read` returns for a response: `Aborted` or `ClientClosed` if the signal or the closing of the client ends the wait. */
export const readWith =
  <E, A>(read: (response: Response) => TaskEither<E, A>) =>
  (response: Response): Http<E | SendError, A> =>
  (jar) =>
  (client) =>
  async () => {
    const { clock } = client
    const controls = Send.untilClosed(client, { clock, signal: UserInput.get(client, 'signal') })
    const raced = await raceDeadline(controls, read(response)())
    if (E.isLeft(raced)) return E.left({ ...withPlan(response.plan, raced.left), history: response.history, jar })
    return E.isLeft(raced.right) ? raced.right : E.right([raced.right.right, jar])
  }

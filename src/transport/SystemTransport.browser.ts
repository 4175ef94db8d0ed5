/** `SystemTransport` for browsers and workers, which have no sockets: undici cannot send there. */
import * as E from 'fp-ts/lib/Either.js'
import * as Fault from '../wire/Fault.js'
import { makeChecked, type SendNow, withPlan } from '../wire/Transport.js'
import type * as System from './SystemTransport.js'

const NO_SOCKETS =
  'Transport.undici cannot send in this runtime, which has no sockets. Use Transport.fetch, the default transport here'

const refuse: SendNow = async (plan) => E.left(withPlan(plan, Fault.unsent(Fault.make('ConnectFailed', NO_SOCKETS))))

export const undici: typeof System.undici = () => makeChecked(refuse, async () => {})
export const openDefault: typeof System.openDefault = undici

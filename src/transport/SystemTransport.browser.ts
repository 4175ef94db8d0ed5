/** `SystemTransport` for browsers and workers: without sockets, only their fetch can send. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Fault from '../wire/Fault.js'
import type { Plan } from '../wire/Plan.js'
import { makeChecked, type SendNow, type Transport, type Unsupported } from '../wire/Transport.js'
import { fetch } from './fetch/FetchTransport.js'
import type * as System from './SystemTransport.js'

const NO_SOCKETS =
  'Transport.undici needs the sockets of Node, which are missing here. Use Transport.fetch, the default'

const unsupported = (plan: Plan): Unsupported => ({
  ...Fault.make('Unsupported', NO_SOCKETS),
  unsupported: ['sockets'],
  unsent: true,
  plan,
})

const refuse: SendNow = (plan, _, listener) => listener.onReply(E.left(unsupported(plan)))

/** A transport that refuses every plan. */
export const undici: typeof System.undici = () =>
  makeChecked(refuse, async () => {}, { refusal: (plan) => O.some(unsupported(plan)) })

export const openDefault: typeof System.openDefault = (): Transport => fetch()

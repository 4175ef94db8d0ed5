/**
 * What an explanation reads: a plan, its provenance, the layers of its settings, and the explained previous plan.
 */
import * as O from 'fp-ts/lib/Option.js'
import type { Auth } from '../../session/Auth.js'
import { type HeaderSetting, SENSITIVE, type Settings } from '../../session/Settings.js'
import type { First, Provenance, Redirected } from '../../stages/prepare/Provenance.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import type { Plan } from '../../wire/Plan.js'
import { byHand, from, type Layers, layers, type Origin, ofSetting } from './Origin.js'
import { Eq, type PlanField } from './PlanField.js'

/** A field of a plan and where it came from. */
export interface FieldOrigin<F extends PlanField = PlanField> extends Origin {
  readonly part: F
}

export interface Context<P extends Provenance = Provenance> {
  readonly plan: Plan
  readonly provenance: P
  readonly layers: Layers
  /** The fields of the previous plan; empty for a first plan. */
  readonly previous: ReadonlyArray<FieldOrigin>
}

export const context = <P extends Provenance>(
  plan: Plan,
  provenance: P,
  previous: ReadonlyArray<FieldOrigin>,
): Context<P> => {
  const { session, request } = provenance.merged
  return { plan, provenance, layers: layers(session.settings, request.settings), previous }
}

export const isFirst = (c: Context): c is Context<First> => c.provenance._tag === 'First'
export const isRedirected = (c: Context): c is Context<Redirected> => c.provenance._tag === 'Redirected'

/** The plan as the stage made it, before a custom scheme or an edit by hand. */
export const asMade = ({ plan, provenance }: Context): Plan => {
  const { method, url, headers, body, travel } = provenance
  return { method, url, headers, body, route: travel, cause: plan.cause }
}

/** Returns whether a custom scheme or an edit by hand changed the plan after the stage made it. */
export const isChanged = ({ plan, provenance }: Context): boolean =>
  plan.method !== provenance.method ||
  plan.url !== provenance.url ||
  plan.headers !== provenance.headers ||
  plan.body !== provenance.body ||
  plan.route !== provenance.travel

/** The auth of the settings, without its secrets. */
export const showAuth = (auth: Auth): string => {
  switch (auth._tag) {
    case 'None':
      return 'none'
    case 'Basic':
    case 'Digest':
      return `${auth._tag} for the user ${auth.user}`
    case 'Bearer':
      return 'Bearer'
    case 'Custom':
      return `the scheme '${auth.name}'`
  }
}

/** The origin of a field that the stage did not make: a custom scheme, else an edit by hand. */
export const ofChange = ({ provenance }: Context): Origin => {
  const auth = Override.getOrElse(undefined)(provenance.merged.settings.auth)
  return auth?._tag === 'Custom' && provenance._tag === 'First'
    ? from('prepare', `written by the auth scheme '${auth.name}'`)
    : byHand
}

/** The origin of a header that the settings decide. */
export const ofHeaderSetting = (c: Context, key: string, how = ''): Origin | undefined =>
  ofSetting(c.layers, headerSetting(key), showHeader(c, key), how)

/** Shows the values of a header setting. The merged settings decide which names are sensitive, in every layer. */
export const showHeader =
  ({ provenance }: Context, key: string) =>
  ({ values }: HeaderSetting): string => {
    const isSensitive = SENSITIVE.has(key) || provenance.merged.settings.sensitive.get(key)?._tag === 'Set'
    return values.map((value) => (isSensitive ? Secret.REDACTED : Secret.show(value))).join(', ')
  }

export const headerSetting =
  (key: string) =>
  ({ headers }: Settings) =>
    headers.get(key) ?? Override.inherit

/** The user in the URL without a password, so that only that user's netrc entry applies. */
export const urlUser = ({ provenance }: Context): string | undefined => {
  if (provenance._tag !== 'First') return undefined
  const { userinfo } = provenance.target
  return O.isSome(userinfo) && O.isNone(userinfo.value.pass) ? userinfo.value.user : undefined
}

// --- fields of another plan ----------------------------------------------------------------------------------------

const keyOf = (field: PlanField): string => {
  switch (field._tag) {
    case 'Header':
      return `Header ${field.name.toLowerCase()} ${Secret.reveal(field.value)}`
    case 'Cookie':
      return `Cookie ${Secret.reveal(field.pair)}`
    case 'Query':
      return `Query ${Secret.reveal(field.text)}`
    case 'Timeout':
      return `Timeout ${field.phase}`
    default:
      return field._tag
  }
}

/** The fields whose key is their whole content. A custom scheme may reveal them or make them secret. */
const TEXTS: ReadonlySet<PlanField['_tag']> = new Set(['Header', 'Cookie', 'Query'])

/**
 * Finds the fields of one plan among those of another, in linear time. A field that repeats is found as often as it
 * occurs. Pieces of a query and cookies are found in order.
 */
export const finder = (origins: ReadonlyArray<FieldOrigin>): ((field: PlanField) => FieldOrigin | undefined) => {
  const byKey = new Map<string, number[]>()
  origins.forEach(({ part }, i) => {
    const key = keyOf(part)
    const known = byKey.get(key)
    if (known === undefined) byKey.set(key, [i])
    else known.push(i)
  })
  const used = new Map<string, number>()
  const next = new Map<PlanField['_tag'], number>()
  return (field) => {
    const key = keyOf(field)
    const candidates = byKey.get(key) ?? []
    // Header lines may have been sorted; pieces of a query and cookies keep their order.
    const start = field._tag === 'Header' ? 0 : (next.get(field._tag) ?? 0)
    let i = used.get(key) ?? 0
    while ((candidates[i] ?? start) < start) i += 1
    used.set(key, i)
    const index = candidates[i]
    const found = index === undefined ? undefined : origins[index]
    const isSame = found !== undefined && (TEXTS.has(field._tag) || Eq.equals(found.part, field))
    if (index === undefined || !isSame) return undefined
    used.set(key, i + 1)
    next.set(field._tag, index + 1)
    return found
  }
}

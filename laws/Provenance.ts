/**
 * Finds by experiment which layer a field of a plan comes from: changes the field in one layer, plans again, and checks
 * whether the field is still there. Of `src/inspect/explain` it uses only the splitting of a plan.
 *
 * | layer                 | what is changed                                                                   |
 * |-----------------------|-----------------------------------------------------------------------------------|
 * | `request`             | method, URL or body, and the request's setting for the part                       |
 * | `session`, `defaults` | the session's setting, as far as it is not, or is, the one of `Session.defaults`  |
 * | `environment`         | proxy variables, CA variables, the passwords of netrc                             |
 * | `jar`                 | its cookies                                                                       |
 * | `prepare`             | the body, for headers that describe it; the signing of a custom scheme, for all   |
 *
 * A change replaces an existing value and adds none, so a layer that sets nothing never counts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Jar from '../src/cookies/Jar.js'
import type { Layer } from '../src/inspect/Explain.js'
import { type Of, type PlanField, split } from '../src/inspect/explain/PlanField.js'
import * as Auth from '../src/session/auth/Auth.js'
import * as Environment from '../src/session/Environment.js'
import type { Request } from '../src/session/Request.js'
import * as Session from '../src/session/Session.js'
import type { HeaderSetting, Settings } from '../src/session/Settings.js'
import { merge } from '../src/stages/Merge.js'
import { prepare, type World } from '../src/stages/Prepare.js'
import * as Body from '../src/values/Body.js'
import * as Override from '../src/values/Override.js'
import type * as Query from '../src/values/Query.js'
import * as Secret from '../src/values/Secret.js'
import { hideCertificate, type Plan } from '../src/wire/Plan.js'
import { opened } from './Unsealed.js'

/** What a plan is made from. */
export interface Origin {
  readonly session: Session.Session
  readonly request: Request
  readonly world: Partial<World>
}

export const plan = ({ session, request, world }: Origin): Plan | undefined =>
  pipe(
    request,
    merge(session),
    prepare(world),
    E.getOrElseW(() => undefined),
  )

/** Fields with the same key look the same in a request. */
export const keyOf = (part: PlanField): string => {
  if (part._tag === 'Query') return `Query ${Secret.reveal(part.text)}`
  const { line: _, ...rest } = { line: 0, ...part }
  return JSON.stringify(opened(rest))
}

export const tally = (keys: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}

const count = (of: Plan, { _tag }: PlanField, key: string): number =>
  split(of).filter((part) => part._tag === _tag && keyOf(part) === key).length

// --- changed settings ----------------------------------------------------------------------------------------------

/** No generator makes this word. */
const FRESH = 'fresh'
const FRESH_PROXY = Secret.make('http://fresh.test:9')

type Selects = (override: Override.Override<unknown>) => boolean

const isSet: Selects = ({ _tag }) => _tag === 'Set'
const isPresent: Selects = ({ _tag }) => _tag !== 'Inherit'

const replaced = <A>(selects: Selects, override: Override.Override<A>, value: A): Override.Override<A> =>
  selects(override) ? Override.set(value) : override

const replacedAt = <A>(
  selects: Selects,
  keyed: Override.Keyed<A>,
  key: string,
  value: (before: A | undefined) => A,
): Override.Keyed<A> => {
  const before = keyed.get(key)
  if (before === undefined || !selects(before)) return keyed
  return new Map([...keyed, [key, Override.set(value(before._tag === 'Set' ? before.value : undefined))]])
}

/** Values for headers that do not take any word. */
const FRESH_VALUES = new Map([
  ['cookie', `${FRESH}=${FRESH}`],
  ['connection', 'close'],
])

const header = (selects: Selects, settings: Settings, key: string): Settings => ({
  ...settings,
  headers: replacedAt<HeaderSetting>(selects, settings.headers, key, (before) => ({
    name: before?.name ?? key,
    values: [FRESH_VALUES.get(key) ?? FRESH],
  })),
})

const query = (selects: Selects, { query: given }: Settings): Settings['query'] => {
  if (given._tag === 'Inherit') return given
  const { value } = given
  if (value._tag !== 'Keys') return { ...given, value: { _tag: 'Text', text: FRESH } }
  const keys = new Map([...value.keys].map(([key, held]) => [key, replaced<Query.Held>(selects, held, FRESH)]))
  return { ...given, value: { _tag: 'Keys', keys } }
}

const proxies = (selects: Selects, { proxies: given }: Settings): Settings['proxies'] => {
  if (given._tag === 'Inherit') return given
  return { ...given, value: new Map([...given.value].map(([key, url]) => [key, replaced(selects, url, FRESH_PROXY)])) }
}

const withUserinfo = (url: string): string => url.replace(/^(\w+:\/\/[^/@:]*)(?::[^/@]*)?@/, `$1:${FRESH}@`)

const LAST: ReadonlySet<string> = new Set<Auth.Auth['_tag']>(['Signer', 'SignerTask', 'Renewable'])

const isLast = (auth: Settings['auth']): boolean => auth._tag === 'Set' && LAST.has(auth.value._tag)

const authorization = (selects: Selects, settings: Settings): Settings => ({
  ...header(selects, settings, 'authorization'),
  // A signer writes after all layers: see `unsigned`.
  auth: isLast(settings.auth) ? settings.auth : replaced(selects, settings.auth, Auth.basic(FRESH, FRESH)),
  baseUrl:
    settings.baseUrl._tag === 'Set' && selects(settings.baseUrl)
      ? Override.set(Secret.make(withUserinfo(Secret.reveal(settings.baseUrl.value))))
      : settings.baseUrl,
})

const cookieName = ({ pair }: Of<'Cookie'>): string => /^[^=]*/.exec(Secret.reveal(pair))?.[0] ?? ''

/** Changes a field in the settings. `isOurs` selects the overrides that belong to the layer. */
const changed =
  (part: PlanField, isOurs: Selects) =>
  (settings: Settings): Settings => {
    const values: Selects = (override) => isSet(override) && isOurs(override)
    const words: Selects = (override) => isPresent(override) && isOurs(override)
    switch (part._tag) {
      case 'Query':
        return { ...settings, query: query(values, settings) }
      case 'Header': {
        const key = part.name.toLowerCase()
        return key === 'authorization' ? authorization(values, settings) : header(values, settings, key)
      }
      case 'Cookie': {
        const cookies = replacedAt(values, settings.cookies, cookieName(part), () => Secret.make(FRESH))
        return { ...header(values, settings, 'cookie'), cookies }
      }
      case 'Proxy':
        return { ...settings, proxies: proxies(words, settings) }
      case 'Verify':
        return { ...settings, verify: replaced(words, settings.verify, !part.verify) }
      case 'Ca':
        return { ...settings, ca: replaced(words, settings.ca, `/${FRESH}.pem`) }
      case 'Certificate':
        return {
          ...settings,
          certificate: replaced(values, settings.certificate, hideCertificate({ pfx: `/${FRESH}.pfx` })),
        }
      case 'Timeout':
        return { ...settings, timeouts: replacedAt(words, settings.timeouts, part.phase, () => 12_345) }
      case 'Limit':
        return { ...settings, limits: replacedAt(words, settings.limits, part.name, () => 12_345) }
      default:
        return settings
    }
  }

// --- changed layers ------------------------------------------------------------------------------------------------

const { headers, timeouts } = Session.defaults.settings
const OF_DEFAULTS = new Set<unknown>([...headers.values(), ...timeouts.values()])
const isOfDefaults: Selects = (override) => OF_DEFAULTS.has(override)
const isOfSession: Selects = (override) => !OF_DEFAULTS.has(override)

const urlFor = (part: PlanField, url: string): string => {
  switch (part._tag) {
    case 'Place':
      return url.replace(/^[^?#]*/, `$&${FRESH}`)
    case 'Query':
      return url.replace(/\?[^#]*/, `?${FRESH}`)
    case 'Fragment':
      return url.replace(/#.*/, `#${FRESH}`)
    case 'Header':
      return part.name.toLowerCase() === 'authorization' ? withUserinfo(url) : url
    default:
      return url
  }
}

const freshBody = Body.text(FRESH.repeat(11))

const changedRequest = (part: PlanField, request: Request): Request => ({
  ...request,
  method: part._tag === 'Method' ? 'FRESH' : request.method,
  url: urlFor(part, request.url),
  body: part._tag === 'Body' && request.body._tag !== 'Empty' ? freshBody : request.body,
  settings: changed(part, () => true)(request.settings),
})

const changedSession = (part: PlanField, isOurs: Selects, session: Session.Session): Session.Session => ({
  ...session,
  settings: changed(part, isOurs)(session.settings),
})

const changedEnvironment = (
  part: PlanField,
  { variables, netrc }: Environment.Environment,
): Environment.Environment => {
  const valueOf = (name: string, value: string): string | undefined => {
    const isProxy = /_proxy$/i.test(name)
    if (part._tag === 'Proxy' && /^no_proxy$/i.test(name)) return undefined
    if (part._tag === 'Proxy' && isProxy && value.trim() !== '') return Secret.reveal(FRESH_PROXY)
    return part._tag === 'Ca' && name.endsWith('_CA_BUNDLE') && value !== '' ? `/${FRESH}.pem` : value
  }
  return Environment.make(
    Object.fromEntries([...variables].map(([name, value]) => [name, valueOf(name, Secret.reveal(value))])),
    Secret.reveal(netrc).replaceAll(/password \S+/g, `password ${FRESH}`),
  )
}

const changedWorld = (part: PlanField, world: Partial<World>): Partial<World> =>
  world.environment === undefined ? world : { ...world, environment: changedEnvironment(part, world.environment) }

type Change = (part: PlanField, origin: Origin) => Origin

/**
 * The same origin, with one layer saying something else about a part. The environment is first: where netrc has the password
 * for `user@` in the URL, the credentials come from it.
 */
const CHANGES: ReadonlyArray<readonly [Layer, Change]> = [
  ['environment', (part, origin) => ({ ...origin, world: changedWorld(part, origin.world) })],
  ['request', (part, origin) => ({ ...origin, request: changedRequest(part, origin.request) })],
  ['session', (part, origin) => ({ ...origin, session: changedSession(part, isOfSession, origin.session) })],
  ['defaults', (part, origin) => ({ ...origin, session: changedSession(part, isOfDefaults, origin.session) })],
  [
    'jar',
    (part, origin) => (part._tag === 'Cookie' ? { ...origin, world: { ...origin.world, jar: Jar.empty } } : origin),
  ],
  [
    'prepare',
    (part, origin) =>
      part._tag === 'Header' ? { ...origin, request: { ...origin.request, body: freshBody } } : origin,
  ],
]

const unsigned = <C extends { readonly settings: Settings }>(configurable: C): C => {
  const { auth } = configurable.settings
  if (auth._tag !== 'Set' || auth.value._tag !== 'Signer') return configurable
  const same = Override.set(Auth.signer(auth.value.name, (plan) => plan))
  return { ...configurable, settings: { ...configurable.settings, auth: same } }
}

const withoutCompression = <C extends { readonly settings: Settings }>(configurable: C): C => ({
  ...configurable,
  settings: { ...configurable.settings, compression: Override.inherit },
})

/** Plans a changed origin. A browser cannot compress the body that a change has set: it is planned as it is. */
const planChanged = (origin: Origin): Plan | undefined =>
  plan(origin) ??
  plan({ ...origin, session: withoutCompression(origin.session), request: withoutCompression(origin.request) })

// --- the answer ----------------------------------------------------------------------------------------------------

/** Kinds of field that every plan has: if no layer sets them, they have their default. */
const ALWAYS: ReadonlySet<PlanField['_tag']> = new Set([
  'Body',
  'Proxy',
  'Verify',
  'Ca',
  'Certificate',
  'Timeout',
  'Limit',
])

/** Fields that the same settings change. */
const fieldOf = (part: PlanField): string => {
  switch (part._tag) {
    case 'Header':
    case 'Limit':
      return `${part._tag} ${part.name}`
    case 'Cookie':
      return `Cookie ${cookieName(part)}`
    case 'Timeout':
      return `Timeout ${part.phase}`
    default:
      return part._tag
  }
}

/** Counts how many of the fields that look like a given one come from each layer. Layers without any are left out. */
export const layersOf = (whole: Plan, origin: Origin): ((part: PlanField) => ReadonlyMap<Layer, number>) => {
  const plain = { ...origin, session: unsigned(origin.session), request: unsigned(origin.request) }
  const before = plan(plain)
  const plans = new Map<string, Plan | undefined>()
  const planWithout = (layer: Layer, change: Change, part: PlanField): Plan | undefined => {
    const key = `${layer} ${fieldOf(part)}`
    if (!plans.has(key)) plans.set(key, planChanged(change(part, plain)))
    return plans.get(key)
  }
  return (part) => {
    if (part._tag === 'Cause') return new Map([['prepare', 1]])
    const key = keyOf(part)
    const all = count(whole, part, key)
    const own = before === undefined ? 0 : count(before, part, key)
    const found = new Map<Layer, number>()
    const add = (layer: Layer, n: number) => n > 0 && found.set(layer, (found.get(layer) ?? 0) + n)
    add('prepare', all - own)
    let rest = Math.min(own, all)
    for (const [layer, change] of CHANGES) {
      const after = planWithout(layer, change, part)
      const lost = after === undefined ? 0 : Math.min(rest, own - count(after, part, key))
      add(layer, lost)
      rest -= Math.max(0, lost)
    }
    if (ALWAYS.has(part._tag)) add('defaults', rest)
    return found
  }
}

/**
 * The requests of a list that comes in pages: that of a link, and which were sent before.
 *
 * A link is from a server. It is *foreign* if it leads to another origin than the first page, if its page was read without the
 * credentials, or if it cannot be resolved. Links of a foreign page are foreign, wherever they lead.
 *
 * | a link                                     | settings of the request       | credentials of the session |
 * |--------------------------------------------|-------------------------------|----------------------------|
 * | to the origin of the first page            | kept, except query and fields of its body; secret parameters are kept | sent |
 * | foreign                                    | those that a redirect to another origin keeps: no credentials, secrets, query | not sent |
 * | repeats a secret parameter, or a value of it | the value of the link is sent once, and never shown | as above   |
 *
 * If redirects of the first page kept the credentials (http to https), its origin is that after them.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Client from '../Client.js'
import * as Request from '../session/Request.js'
import type * as Session from '../session/Session.js'
import * as Settings from '../session/Settings.js'
import type * as Exchange from '../stages/Exchange.js'
import * as Prepare from '../stages/Prepare.js'
import * as Redirect from '../stages/Redirect.js'
import * as ReplyRedaction from '../stages/ReplyRedaction.js'
import type * as Body from '../values/Body.js'
import * as Octets from '../values/Octets.js'
import * as Override from '../values/Override.js'
import * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import { type Decoded, parametersOf, withoutParametersOf } from '../values/UrlQuery.js'
import type { Plan } from '../wire/Plan.js'
import type { Response } from '../wire/Reply.js'

/** A request of a list, and what may be sent with it. */
export interface PageRequest {
  readonly request: Request.Request
  /** What the URL must not show. */
  readonly secrets: ReadonlySet<string>
  /** Whether a server chose the URL, and must not get credentials by it. */
  readonly isForeign: boolean
}

/** What the first page has decided for all links. */
export interface Start {
  readonly first: Request.Request
  readonly session: Session.Session
  /** The origin that links may lead to with credentials. */
  readonly origin: string
  /** The secret values in the query of the first request. */
  readonly secrets: ReadonlySet<string>
}

export const NO_SECRETS: ReadonlySet<string> = new Set()

const plansOf = ({ history, plan }: Response): ReadonlyArray<Plan> => [...history.map((hop) => hop.plan), plan]

/** Returns whether every redirect of a page may have kept the credentials. */
const keptCredentials = (page: Response): boolean =>
  plansOf(page).every(({ url }, i, plans) => i === 0 || !Redirect.shouldStripAuth(plans[i - 1]?.url ?? url, url))

const secretsOf = (page: Response): ReadonlySet<string> =>
  new Set(plansOf(page).flatMap((plan) => [...ReplyRedaction.secretsOf(plan)]))

/** Returns a session whose base URL followed the redirects of the first page, so that its credentials are still sent. */
const following = (session: Session.Session, from: string, to: string): Session.Session => {
  const { baseUrl } = session.settings
  const text = baseUrl._tag === 'Set' ? Secret.textOf(baseUrl.value) : undefined
  const base = text === undefined ? undefined : Url.parse(text)
  if (from === to || base?._tag !== 'Right' || base.right.url.origin !== from) return session
  return { ...session, settings: { ...session.settings, baseUrl: Override.set(to) } }
}

/**
 * Returns the parameters that the session has added to a first request without a query in its URL. A link without them is sent
 * with them again.
 */
const addedBySession = ({ url, settings }: Request.Request, session: Session.Session): ReadonlySet<string> => {
  const own = keysOf(settings)
  const all = url.includes('?') ? [] : keysOf(Settings.Monoid.concat(session.settings, settings)).keys()
  return new Set([...all].filter((name) => !own.has(name)))
}

/** Returns what the first page decides, and its request as links would name it. */
export const startOf = (
  first: Request.Request,
  session: Session.Session,
  page: Response,
): { readonly start: Start; readonly names: ReadonlyArray<Request.Request> } => {
  const requested = plansOf(page)[0]?.url ?? page.plan.url
  const { origin } = keptCredentials(page) ? page.plan.url : requested
  const start = { first, session: following(session, requested.origin, origin), origin, secrets: secretsOf(page) }
  const urls = [requested, withoutParametersOf(addedBySession(first, session))(requested)]
  return { start, names: urls.map((url) => requestTo(url, start, start.secrets, false)) }
}

// --- the query of a link ---------------------------------------------------------------------------------------------

type Keys = Override.Keyed<Query.Held>

const keysOf = ({ query }: Settings.Settings): Keys =>
  query._tag !== 'Inherit' && query.value._tag === 'Keys' ? query.value.keys : Override.noKeys

const isSecretKey = (key: Override.Override<Query.Held> | undefined): boolean =>
  key?._tag === 'Set' && Secret.is(key.value)

/**
 * Returns the keys that a link needs: the secret ones of the first request, and instead of a parameter that must not be shown or
 * that the session would add again, its value in the link. `moved` are the parameters that are not in the URL any more.
 */
const keysForLink = (
  url: Url.Url,
  { first, session }: Start,
  secrets: ReadonlySet<string>,
  isForeign: boolean,
): { readonly keys: Keys; readonly moved: ReadonlySet<string> } => {
  const known = keysOf(Settings.Monoid.concat(session.settings, first.settings))
  const own = [...keysOf(first.settings)].filter(([, key]) => isSecretKey(key))
  const keys = new Map<string, Override.Override<Query.Held>>(isForeign ? [] : own)
  const moved = new Set<string>()
  const parameters = new Map<string, Decoded[]>()
  for (const parameter of parametersOf(Url.concealing(secrets)(url))) {
    const same = parameters.get(parameter.name)
    if (same === undefined) parameters.set(parameter.name, [parameter])
    else same.push(parameter)
  }
  for (const [name, [parameter, ...more]] of parameters) {
    const isHidden = isSecretKey(known.get(name)) || parameter?.isHidden === true
    if (isHidden && more.length === 0 && parameter?.value !== undefined) {
      keys.set(name, Override.set<Query.Held>(Secret.make(parameter.value)))
      moved.add(name)
    } else if (known.has(name)) keys.set(name, Override.unset)
  }
  return { keys, moved }
}

const sensitiveOf = ({ first, session }: Start): Settings.Settings['sensitive'] =>
  Settings.Monoid.concat(session.settings, first.settings).sensitive

/** Returns settings without credentials. If they forbid all authentication, netrc stays unused too. */
const withoutCredentials = (settings: Settings.Settings, start: Start): Settings.Settings => {
  const { auth } = settings
  const isForbidden = auth._tag === 'Unset' || (auth._tag === 'Set' && auth.value._tag === 'None')
  const kept = Prepare.withoutCredentials(settings, sensitiveOf(start))
  return isForbidden ? { ...kept, auth } : kept
}

/** Returns the settings of the first request for a link, which is requested with GET. */
const settingsForLink = (start: Start, isForeign: boolean): Settings.Settings => {
  const { settings } = start.first
  const kept = isForeign ? withoutCredentials(settings, start) : settings
  return { ...kept, headers: new Map([...kept.headers].filter(([name]) => !Redirect.isOfContent(name))) }
}

const requestTo = (url: Url.Url, start: Start, secrets: ReadonlySet<string>, isForeign: boolean): Request.Request => {
  const { keys, moved } = keysForLink(url, start, secrets, isForeign)
  const text = Url.sentHref(Url.withHash('')(moved.size === 0 ? url : withoutParametersOf(moved)(url)))
  const request = Request.get(text)
  const query: Request.Request['settings']['query'] =
    keys.size === 0 ? Override.inherit : Override.extend<Query.Source>({ _tag: 'Keys', keys })
  return { ...request, settings: { ...settingsForLink(start, isForeign), query } }
}

/**
 * Returns the request of a URL that a page has. A URL that is not valid is left to planning, which reports it. `isForeign` is
 * that of the page.
 */
export const requestOfLink = (link: string, page: Response, isForeignPage: boolean, start: Start): PageRequest => {
  const resolved = Url.resolve(page.plan.url)(link)
  if (E.isLeft(resolved)) return { request: Request.get(link), secrets: NO_SECRETS, isForeign: true }
  const { url } = resolved.right
  const isForeign = isForeignPage || !keptCredentials(page) || url.origin !== start.origin
  const secrets = new Set([...start.secrets, ...secretsOf(page)])
  return { request: requestTo(url, start, secrets, isForeign), secrets, isForeign }
}

/** Hides in the URL of an exchange what no parameter of the settings hides, such as a secret in the path. */
export const concealed =
  (secrets: ReadonlySet<string>) =>
  (exchange: Exchange.Exchange): Exchange.Exchange => {
    const { waiting, plan } = exchange
    if (secrets.size === 0) return exchange
    if (waiting !== undefined)
      return { ...exchange, waiting: { ...waiting, exchange: concealed(secrets)(waiting.exchange) } }
    const url = Url.concealing(secrets)(plan.url)
    return url.href === plan.url.href ? exchange : { ...exchange, plan: { ...plan, url } }
  }

/** Returns the client that sends a page. Without a base URL, a session has its credentials for every URL. */
export const clientFor = (
  client: Client.Client,
  { isForeign }: PageRequest,
  start: Start | undefined,
): Client.Client => {
  if (start === undefined) return client
  const { session } = start
  const sent = isForeign ? { ...session, settings: withoutCredentials(session.settings, start) } : session
  return Client.withSession(() => sent)(client)
}

// --- repeated pages --------------------------------------------------------------------------------------------------

/** The requests that were sent, by what they send. */
export type Seen = Map<string, Request.Request[]>

const bodyText = (body: Body.Body): string => {
  if (body._tag === 'Text') return body.text
  if (body._tag === 'Form') return Query.encode(body.pairs)
  if (body._tag === 'Bytes') return Octets.toLatin1(Secret.open(body.bytes))
  if (body._tag !== 'Json') return body._tag
  if (body.text !== undefined) return body.text
  try {
    return JSON.stringify(body.value) ?? ''
  } catch {
    return '' // planning reports it
  }
}

const fieldsText = ({ headers }: Settings.Settings): string => {
  if (headers.size === 0) return ''
  const fields = [...headers].map(([name, field]) =>
    field._tag === 'Set' ? [name, field.value.values.map((value) => Secret.textOf(value))] : [name],
  )
  return JSON.stringify(fields)
}

/** Returns a text that differs for most requests that differ: requests of the same text are compared. */
const keyOf = ({ method, url, body, settings }: Request.Request): string => {
  const query = settings.query._tag === 'Inherit' ? '' : Query.write(settings.query.value).sent
  return `${method} ${typeof url === 'string' ? url : ''}\n${query}\n${fieldsText(settings)}\n${bodyText(body)}`
}

/** Records a request. */
export const remember = (seen: Seen, request: Request.Request): void => {
  const key = keyOf(request)
  const same = seen.get(key)
  if (same === undefined) seen.set(key, [request])
  else same.push(request)
}

/** Returns whether an equal request was recorded. */
export const isSeen = (seen: Seen, request: Request.Request): boolean =>
  seen.get(keyOf(request))?.some((other) => Request.Eq.equals(other, request)) === true

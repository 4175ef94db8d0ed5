/**
 * What the fetch of a runtime does, found by real requests. Each runtime runs this module as a bundle, so it uses nothing
 * from Node.
 *
 * A restriction is probed twice: through `Transport.fetch`, which may refuse the plan, and by a call of fetch without the
 * check. If the two disagree, the cell has the word WRONGLY, and the test fails.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Plan from '../../../src/Plan.js'
import * as Request from '../../../src/Request.js'
import * as Session from '../../../src/session/Session.js'
import { type Capabilities, node } from '../../../src/transport/fetch/Capabilities.js'
import * as FetchRequest from '../../../src/transport/fetch/FetchRequest.js'
import { fetch as overFetch } from '../../../src/transport/fetch/FetchTransport.js'
import { type RestrictionName, restrictions } from '../../../src/transport/fetch/Restrictions.js'
import * as Body from '../../../src/values/Body.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Octets from '../../../src/values/Octets.js'
import * as Url from '../../../src/values/Url.js'
import type { Reply } from '../../../src/wire/Reply.js'
import type { SendControls, TransportError } from '../../../src/wire/Transport.js'

/** Where the servers of `server.ts` listen. */
export interface Origins {
  readonly echo: string
  /** Echoes the method only, and accepts any. */
  readonly methods: string
  /** On a port that the Fetch standard blocks. */
  readonly blocked: string
  /** Nothing listens here. */
  readonly closed: string
  /** Has a certificate that no client trusts. */
  readonly untrusted: string
}

/** A request, as the server received it. */
export interface Seen {
  readonly method: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly length: number
}

/** Cells of the table by their rows. */
export type Findings = Readonly<Record<string, string>>

type Change = (plan: Plan.Plan) => Plan.Plan

/** One request that a restriction may refuse. */
interface Probe {
  /** The name in a cell that lists several. */
  readonly label: string
  readonly change: Change
  /** Whether the request arrived as the plan has it. Absent if fetch cannot be called with it. */
  readonly arrived?: (seen: Seen) => boolean
  readonly at?: keyof Origins
  readonly path?: string
}

/** Accepts everything, so that fetch itself decides. */
const UNCHECKED: Capabilities = { ...node, forbiddenHeaders: [] }

const planAt = (url: string): Plan.Plan => {
  const plan = Plan.plan({ session: Session.empty })(Request.get(url))
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}

const withMethod =
  (method: string): Change =>
  (plan) => ({ ...plan, method })

const withField =
  (name: string, value: string): Change =>
  (plan) => ({ ...plan, headers: Headers.append(name, value)(plan.headers) })

const withBody =
  (body: Plan.Plan['body'], method = 'POST'): Change =>
  (plan) => ({ ...plan, method, body })

const hasField = (seen: Seen, name: string, value: string): boolean =>
  seen.headers.some(([other, given]) => other.toLowerCase() === name.toLowerCase() && given === value)

const field = (name: string, value: string): Probe => ({
  label: name,
  change: withField(name, value),
  arrived: (seen) => hasField(seen, name, value),
})

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Octets.fromText('ab')
  yield Octets.fromText('c')
}

const abc = Body.bytes(Octets.fromText('abc'))

const method = (name: string): Probe => ({
  label: name,
  change: withMethod(name),
  arrived: (seen) => seen.method === name,
  at: 'methods',
})

const planned = (change: (request: Request.Request) => Request.Request, url: string): Change => {
  const plan = pipe(Request.get(url), change, Plan.plan({ session: Session.empty }))
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return () => plan.right
}

const FIELDS: ReadonlyArray<readonly [name: string, value: string]> = [
  ['Accept-Charset', 'utf-8'],
  ['Accept-Encoding', 'identity'],
  ['Connection', 'close'],
  ['Date', 'Thu, 01 Jan 2026 00:00:00 GMT'],
  ['DNT', '1'],
  ['Expect', '100-continue'],
  ['Keep-Alive', 'timeout=5'],
  ['Origin', 'http://other.test'],
  ['Proxy-Authorization', 'Basic eDp5'],
  ['Referer', 'http://other.test/'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['TE', 'trailers'],
  ['Trailer', 'x'],
  ['Upgrade', 'h2c'],
  ['User-Agent', 'MyApp/1.0'],
  ['Via', '1.1 x'],
]

const probesOf = (name: RestrictionName): ReadonlyArray<Probe> => {
  switch (name) {
    case 'scheme':
      return [{ label: 'http+unix', change: (plan) => ({ ...plan, url: { ...plan.url, protocol: 'http+unix:' } }) }]
    case 'port':
      return [{ label: 'port', change: (plan) => plan, arrived: () => true, at: 'blocked' }]
    case 'method':
      return ['TRACE', 'TRACK', 'LINK', 'FOO'].map(method)
    case 'method case':
      return ['post', 'patch', 'purge'].map(method)
    case 'body of GET':
      return [{ label: 'GET', change: withBody(abc, 'GET'), arrived: ({ length }) => length === 3 }]
    case 'stream':
      return [{ label: 'stream', change: withBody(Body.stream(pieces)), arrived: ({ length }) => length === 3 }]
    case 'cookie':
      return [field('Cookie', 'a=1')]
    case 'host':
      return [field('Host', 'other.test')]
    case 'content length':
      return [{ label: 'length', change: (plan) => withField('Content-Length', '5')(withBody(abc)(plan)) }]
    case 'header':
      return FIELDS.map(([name, value]) => field(name, value))
    case 'header syntax':
      return [{ ...field('X-A', 'é'), label: 'Latin-1' }]
    case 'proxy':
      return [{ label: 'proxy', change: planned(Request.withProxy('http://127.0.0.1:9'), 'http://h.test/') }]
    case 'tls':
      return [{ label: 'verify', change: planned(Request.withVerify(false), 'https://h.test/') }]
    case 'connect timeout':
      return [{ label: 'connect', change: planned(Request.withTimeouts({ connect: 9 }), 'http://h.test/') }]
  }
}

/** Milliseconds that one request may take. */
const PATIENCE = 3_000

const LISTENER = { wantsProgress: false, onActivity: () => {}, onUploaded: () => {} }

/** Calls fetch without the check of the transport. */
const callFetch = async (plan: Plan.Plan): Promise<Seen | undefined> => {
  const signal = AbortSignal.timeout(PATIENCE)
  const body = FetchRequest.bodyOf(plan, LISTENER)
  const init = FetchRequest.initOf(plan, UNCHECKED, body, { init: {}, redirect: 'manual', signal, onFailed: () => {} })
  try {
    const response = await globalThis.fetch(Url.sentHref(plan.url), init)
    return response.status === 200 ? seenIn(await response.text()) : undefined
  } catch {
    return undefined
  }
}

/** The cast: `server.ts` writes it. */
const seenIn = (text: string): Seen => JSON.parse(text) as Seen

interface Sent {
  readonly reply?: Reply
  readonly text?: string
  readonly fault?: TransportError
}

const send = async (plan: Plan.Plan, controls: SendControls = {}): Promise<Sent> => {
  const sent = await overFetch()(plan, controls)()
  if (E.isLeft(sent)) return { fault: sent.left }
  const body = await sent.right.body.gather(1e6)()
  // The cast: a fault of a body has no plan.
  return E.isLeft(body)
    ? { fault: body.left as TransportError }
    : { reply: sent.right, text: Octets.toText(body.right) }
}

type Verdict = 'sent' | 'refused' | 'WRONGLY SENT' | 'WRONGLY REFUSED'

const verdictOf = async (probe: Probe, name: RestrictionName, origins: Origins): Promise<Verdict> => {
  const plan = probe.change(planAt(`${origins[probe.at ?? 'echo']}/seen`))
  const { fault, text } = await send(plan)
  const isRefused = fault?._tag === 'Unsupported' && fault.unsupported?.includes(name) === true
  const { arrived } = probe
  if (arrived === undefined) return isRefused ? 'refused' : 'WRONGLY SENT'
  if (isRefused) {
    const seen = await callFetch(plan)
    return seen !== undefined && arrived(seen) ? 'WRONGLY REFUSED' : 'refused'
  }
  return text !== undefined && text !== '' && arrived(seenIn(text)) ? 'sent' : 'WRONGLY SENT'
}

const listed = (items: ReadonlyArray<string>): string => (items.length === 0 ? '–' : items.join(', '))

const restrictionCell = async (name: RestrictionName, origins: Origins): Promise<string> => {
  const probes = probesOf(name)
  const verdicts: Array<readonly [label: string, verdict: Verdict]> = []
  for (const probe of probes) verdicts.push([probe.label, await verdictOf(probe, name, origins)])
  const wrong = verdicts.filter(([, verdict]) => verdict.startsWith('WRONGLY'))
  if (wrong.length > 0) return wrong.map(([label, verdict]) => `${label} ${verdict}`).join(', ')
  const refused = verdicts.flatMap(([label, verdict]) => (verdict === 'refused' ? [label] : []))
  if (refused.length === 0) return 'sent'
  if (probes.length === 1) return 'refused'
  return name === 'header' || refused.length < probes.length ? listed(refused) : 'refused'
}

// --- differences -----------------------------------------------------------------------------------------------------

const CODINGS = ['gzip', 'deflate', 'br', 'zstd']
const FRAMING: ReadonlySet<string> = new Set(['host', 'connection'])

const tagOf = ({ fault }: Sent): string =>
  fault === undefined ? 'not noticed' : `${fault._tag}${fault.unsent === true ? ', unsent' : ''}`

type Difference = (origins: Origins) => Promise<string>

/** What fetch does in another way than `Transport.undici`, without a refusal. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'a redirect': async ({ echo }) => {
    const { reply, fault } = await send(planAt(`${echo}/redirect`))
    return reply === undefined ? `${fault?._tag}` : `${reply.status} with Location`
  },
  'Set-Cookie of a reply': async ({ echo }) => {
    const { reply } = await send(planAt(`${echo}/cookies`))
    const count = reply === undefined ? 0 : Headers.valuesOf(reply.headers, 'Set-Cookie').length
    return count === 0 ? 'hidden' : `${count} fields`
  },
  'fields that fetch adds': async ({ echo }) => {
    const { text = '' } = await send(planAt(`${echo}/seen`))
    const names = seenIn(text).headers.map(([name]) => name.toLowerCase())
    return listed([...new Set(names)].filter((name) => !FRAMING.has(name)).sort())
  },
  'Accept-Encoding of the default session': async ({ echo }) => {
    const plan = Plan.plan({ session: Session.defaults })(Request.get(`${echo}/seen`))
    const { text = '', fault } = E.isRight(plan) ? await send(plan.right) : {}
    if (fault !== undefined) return fault._tag
    return seenIn(text).headers.find(([name]) => name.toLowerCase() === 'accept-encoding')?.[1] ?? '–'
  },
  'two fields of one name': async ({ echo }) => {
    const { text = '' } = await send(withField('X-A', '2')(withField('X-A', '1')(planAt(`${echo}/seen`))))
    return seenIn(text).headers.filter(([name]) => name.toLowerCase() === 'x-a').length === 2 ? 'two' : 'joined'
  },
  'decoded codings': async ({ echo }) => {
    const decoded: string[] = []
    for (const coding of CODINGS) {
      const { text } = await send(planAt(`${echo}/coding/${coding}`))
      if (text === 'hello') decoded.push(coding)
    }
    return listed(decoded)
  },
  'a gzip body that is cut': async ({ echo }) => tagOf(await send(planAt(`${echo}/cut-gzip`))),
  'a body shorter than its length': async ({ echo }) => tagOf(await send(planAt(`${echo}/cut`))),
  'a refused connection': async ({ closed }) => tagOf(await send(planAt(`${closed}/?key=secret`))),
  'a connection that ends before the reply': async ({ echo }) => tagOf(await send(planAt(`${echo}/hang-up`))),
  'a certificate that is not trusted': async ({ untrusted }) => tagOf(await send(planAt(`${untrusted}/`))),
  'a reply that is not HTTP': async ({ echo }) => tagOf(await send(planAt(`${echo}/garbage`))),
  'a silent server, with a read timeout': async ({ echo }) => {
    const plan = planAt(`${echo}/silent`)
    return tagOf(await send({ ...plan, route: { ...plan.route, timeouts: { read: 100 } } }))
  },
  'an abort while waiting': async ({ echo }) =>
    tagOf(await send(planAt(`${echo}/silent`), { signal: AbortSignal.timeout(100) })),
  'a request that is answered with 421': async ({ echo }) => {
    const id = `${Math.random()}`
    await send(planAt(`${echo}/misdirected?${id}`))
    const { text = '0' } = await send(planAt(`${echo}/count?${id}`))
    return text === '1' ? 'sent once' : `sent ${text} times`
  },
  'the length of a stream, if it is known': async ({ echo }) => {
    const { text, fault } = await send(withBody(Body.stream(pieces, 3))(planAt(`${echo}/seen`)))
    if (text === undefined) return `${fault?._tag}`
    return hasField(seenIn(text), 'Content-Length', '3') ? 'Content-Length' : 'chunked'
  },
}

/** Returns one cell for each restriction and each difference. */
export const findings = async (origins: Origins): Promise<Findings> => {
  const found: Record<string, string> = {}
  for (const { name } of restrictions) found[name] = await restrictionCell(name, origins)
  for (const [name, find] of Object.entries(DIFFERENCES)) found[name] = await find(origins)
  return found
}

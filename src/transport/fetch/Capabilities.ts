/**
 * What a fetch function can do, as data. The rules differ between runtimes, and no runtime lists its own.
 *
 * `detect` finds the runtime by `navigator.userAgent`, and a browser by a probe: a `Request` of a browser drops the field
 * Cookie. It sends nothing. `npm run test:fetch` compares each record with what its runtime does.
 */
import type { IO } from 'fp-ts/lib/IO.js'

/**
 * What a fetch function can do.
 *
 * @since 0.2.0
 * @category model
 */
export interface Capabilities {
  /** Whether `redirect: 'manual'` returns a redirect with its status and header fields, as on servers. */
  readonly redirects: 'Shown' | 'Hidden'
  /** Who handles cookies: the plan, by the fields Cookie and Set-Cookie, or the browser, which hides these fields. */
  readonly cookies: 'Plan' | 'Browser'
  /** Lower-case names of fields that fetch rejects, drops or overwrites. `sec-*` is every name with this start. */
  readonly forbiddenHeaders: ReadonlyArray<string>
  /** How fetch writes a field value that is not ASCII: as Latin-1, as the other transports do, or as UTF-8. */
  readonly headerValues: 'Latin1' | 'Utf8'
  /** URLs to which a request body can be streamed. Chromium streams over HTTP/2 only, which needs https. */
  readonly requestStreams: 'Any' | 'Https' | 'None'
  /** The methods that are sent as they are. `Standard`: all but CONNECT, TRACE, TRACK, and `get`, `post`, … in lower case. */
  readonly methods: 'Standard' | ReadonlyArray<string>
  /** Whether fetch refuses the ports of other protocols, such as 25 for mail. */
  readonly badPorts: 'Sent' | 'Blocked'
  /** The names of Content-Encoding that fetch decodes. Others are decoded by this library, where the runtime has zlib. */
  readonly decodes: ReadonlyArray<string>
  /** Whether fetch decodes a body with several codings, all of which it knows. */
  readonly severalCodings: 'Decoded' | 'Kept'
}

/** The forbidden request-headers of the Fetch standard except Transfer-Encoding, and User-Agent, which Chromium ignores. */
const FORBIDDEN_IN_BROWSERS: ReadonlyArray<string> = (
  'accept-charset accept-encoding access-control-request-headers access-control-request-method ' +
  'access-control-request-private-network connection content-length cookie cookie2 date dnt expect host keep-alive ' +
  'origin proxy-* referer sec-* set-cookie te trailer upgrade user-agent via x-http-method ' +
  'x-http-method-override x-method-override'
).split(' ')

/**
 * The fetch of browsers and their workers, as Chromium has it.
 *
 * @since 0.2.0
 * @category constructors
 */
export const browser: Capabilities = {
  redirects: 'Hidden',
  cookies: 'Browser',
  forbiddenHeaders: FORBIDDEN_IN_BROWSERS,
  headerValues: 'Latin1',
  requestStreams: 'Https',
  methods: 'Standard',
  badPorts: 'Blocked',
  decodes: ['gzip', 'x-gzip', 'deflate', 'br', 'zstd'],
  severalCodings: 'Decoded',
}

/**
 * The fetch of Node, and of a server runtime that is not known. zstd is decoded by some versions: see `decodes`.
 *
 * @since 0.2.0
 * @category constructors
 */
export const node: Capabilities = {
  redirects: 'Shown',
  cookies: 'Plan',
  forbiddenHeaders: ['expect', 'host', 'keep-alive', 'sec-fetch-mode', 'upgrade'],
  headerValues: 'Latin1',
  requestStreams: 'Any',
  methods: 'Standard',
  badPorts: 'Blocked',
  decodes: ['gzip', 'x-gzip', 'deflate', 'br'],
  severalCodings: 'Decoded',
}

/**
 * The fetch of Deno.
 *
 * @since 0.2.0
 * @category constructors
 */
export const deno: Capabilities = {
  ...node,
  forbiddenHeaders: ['host'],
  decodes: ['gzip', 'br'],
  severalCodings: 'Kept',
}

/**
 * The methods that Bun and workerd send as they are. Bun sends an unknown method as GET, and drops the body of a reply to TRACE;
 * workerd rejects an unknown method.
 */
const COMMON_METHODS: ReadonlyArray<string> = (
  'ACL CHECKOUT COPY DELETE GET HEAD LOCK MERGE MKACTIVITY MKCOL MOVE NOTIFY OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT ' +
  'QUERY REPORT SEARCH SUBSCRIBE UNLOCK UNSUBSCRIBE'
).split(' ')

/**
 * The fetch of Bun.
 *
 * @since 0.2.0
 * @category constructors
 */
export const bun: Capabilities = {
  ...node,
  forbiddenHeaders: [],
  methods: [...COMMON_METHODS, 'BIND', 'LINK', 'M-SEARCH', 'MKCALENDAR', 'REBIND', 'SOURCE', 'UNBIND', 'UNLINK'],
  badPorts: 'Sent',
  decodes: ['gzip', 'x-gzip', 'deflate', 'br', 'zstd'],
  severalCodings: 'Kept',
}

/**
 * The fetch of workerd, the runtime of Cloudflare Workers.
 *
 * @since 0.2.0
 * @category constructors
 */
export const workerd: Capabilities = {
  ...node,
  forbiddenHeaders: ['connection', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'upgrade'],
  headerValues: 'Utf8',
  methods: [...COMMON_METHODS, 'TRACE'],
  badPorts: 'Sent',
  decodes: ['gzip', 'br'],
  severalCodings: 'Kept',
}

/** The globals that are looked up. Each may be missing, or replaced by a test. */
interface Globals {
  readonly navigator?: { readonly userAgent?: unknown }
  readonly Request?: new (url: string, init: object) => { readonly headers: { has(name: string): boolean } }
  readonly ReadableStream?: new () => object
}

const PROBE_URL = 'https://probe.invalid/'

/** Whether a request body can be a stream: a runtime without streams reads it as text, and never reads `duplex`. */
const streamsBodies = ({ Request, ReadableStream }: Globals): boolean => {
  if (Request === undefined || ReadableStream === undefined) return false
  let isDuplexRead = false
  const init = {
    method: 'POST',
    body: new ReadableStream(),
    get duplex(): string {
      isDuplexRead = true
      return 'half'
    },
  }
  return !new Request(PROBE_URL, init).headers.has('content-type') && isDuplexRead
}

const dropsCookie = ({ Request }: Globals): boolean =>
  Request !== undefined && !new Request(PROBE_URL, { headers: { cookie: 'a=1' } }).headers.has('cookie')

/** The start of `navigator.userAgent` in each runtime. Node has it since version 21. */
const RUNTIMES: ReadonlyArray<readonly [start: string, capabilities: Capabilities]> = [
  ['Node.js/', node],
  ['Deno/', deno],
  ['Bun/', bun],
  ['Cloudflare-Workers', workerd],
]

const detectIn = (globals: Globals): Capabilities => {
  const userAgent = globals.navigator?.userAgent
  const name = typeof userAgent === 'string' ? userAgent : ''
  const known = RUNTIMES.find(([start]) => name.startsWith(start))
  if (known !== undefined) return known[1]
  if (!dropsCookie(globals)) return node
  return streamsBodies(globals) ? browser : { ...browser, requestStreams: 'None' }
}

/**
 * Returns what the fetch of this runtime can do.
 *
 * @since 0.2.0
 * @category constructors
 * @example
 * import { Fetch } from 'requests-ts'
 *
 * assert.equal(Fetch.detect().redirects, 'Shown')
 */
export const detect: IO<Capabilities> = () => {
  try {
    return detectIn(globalThis)
  } catch {
    return node // a global that a test has replaced
  }
}

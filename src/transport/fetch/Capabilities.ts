/**
 * What a fetch function can do, as data. The rules differ between runtimes, and no runtime lists its own.
 *
 * `detect` finds the runtime by `navigator.userAgent`, and an unknown one by a probe: a `Request` of a browser drops the
 * header Cookie. No request is sent. `test/real/fetch` compares each record with what its runtime does.
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
  /** URLs to which a request body can be streamed. Chromium streams over HTTP/2 only, which needs https. */
  readonly requestStreams: 'Any' | 'Https' | 'None'
  /** Whether GET and HEAD may have a body. */
  readonly bodyOfGet: 'Sent' | 'Rejected'
  /** Whether methods such as `post` are sent as they are, or in upper case. */
  readonly methodCase: 'Kept' | 'Changed'
  /** Upper-case names of methods that fetch rejects. */
  readonly forbiddenMethods: ReadonlyArray<string>
  /** Whether fetch refuses the ports of other protocols, such as 25 for mail. */
  readonly badPorts: 'Sent' | 'Blocked'
  /** Content codings that fetch decodes. Others are decoded by this library, where the runtime has zlib. */
  readonly decodes: ReadonlyArray<string>
}

/** The forbidden request-headers of the Fetch standard, and Accept-Encoding and User-Agent as Chromium treats them. */
const FORBIDDEN_IN_BROWSERS: ReadonlyArray<string> = (
  'accept-charset accept-encoding access-control-request-headers access-control-request-method ' +
  'access-control-request-private-network connection content-length cookie cookie2 date dnt expect host keep-alive ' +
  'origin proxy-* referer sec-* set-cookie te trailer transfer-encoding upgrade via x-http-method ' +
  'x-http-method-override x-method-override'
).split(' ')

const FORBIDDEN_METHODS: ReadonlyArray<string> = ['CONNECT', 'TRACE', 'TRACK']

/**
 * The fetch of browsers and their workers.
 *
 * @since 0.2.0
 * @category constructors
 */
export const browser: Capabilities = {
  redirects: 'Hidden',
  cookies: 'Browser',
  forbiddenHeaders: FORBIDDEN_IN_BROWSERS,
  requestStreams: 'None',
  bodyOfGet: 'Rejected',
  methodCase: 'Changed',
  forbiddenMethods: FORBIDDEN_METHODS,
  badPorts: 'Blocked',
  decodes: ['gzip', 'x-gzip', 'deflate', 'br', 'zstd'],
}

/**
 * The fetch of Node 20 and later, and of a server runtime that is not known.
 *
 * @since 0.2.0
 * @category constructors
 */
export const node: Capabilities = {
  redirects: 'Shown',
  cookies: 'Plan',
  forbiddenHeaders: ['connection', 'expect', 'host', 'keep-alive', 'sec-fetch-mode', 'transfer-encoding', 'upgrade'],
  requestStreams: 'Any',
  bodyOfGet: 'Rejected',
  methodCase: 'Changed',
  forbiddenMethods: FORBIDDEN_METHODS,
  badPorts: 'Blocked',
  decodes: ['gzip', 'x-gzip', 'deflate', 'br'],
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
  const globals: Globals = globalThis
  try {
    if (!dropsCookie(globals)) return node
    return streamsBodies(globals) ? { ...browser, requestStreams: 'Https' } : browser
  } catch {
    return node // a replaced `Request`, which is not one of a browser
  }
}

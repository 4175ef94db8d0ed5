/** The types of a session. `Session` has its functions. */
import type { Transport } from '../wire/Transport.js'
import type { Configurable } from './SettingsRecord.js'

/** Which sources outside the program may be used, each by itself (requests' `trust_env` switches all of them). */
export interface Ambient {
  /** Proxy variables and NO_PROXY. */
  readonly proxies: boolean
  /** The file in `NETRC`, or else `~/.netrc` or `~/_netrc`. */
  readonly netrc: boolean
  /** REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE. */
  readonly certificates: boolean
}

/** A URL prefix (`Prefix`) and the transport for the URLs that match it. */
export type Mount = readonly [prefix: string, transport: Transport]

/** The configuration that all requests of a session share. */
export interface Session extends Configurable {
  /** The longest prefix that matches a URL selects the transport. */
  readonly mounts: ReadonlyArray<Mount>
  /** Which sources outside the program may be used. */
  readonly ambient: Ambient
}

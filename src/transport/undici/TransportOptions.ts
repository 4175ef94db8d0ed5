/** The options of the transport over undici, as a type that needs no other types of undici or Node. */
import type { AddressPolicy } from '../../values/AddressPolicy.js'
import type * as Lookup from '../Lookup.js'
import type { Dispatcher } from './Dispatcher.js'

/** Options of `undici`. */
export interface Options {
  /** The most connections to one origin; further requests wait. 128 by default. */
  readonly connections?: number
  /** How long an idle connection is kept, in milliseconds, unless the server announces a time. 4,000 by default; 0 counts as 1. */
  readonly keepAlive?: number
  /** The longest head of a response, in bytes. 65,536 by default. */
  readonly maxHeaderSize?: number
  /**
   * Offers HTTP/2 to https origins: its replies come without a reason phrase. `false` by default. With `true`, a connection serves one request at a
   * time; `{ streams: 100 }` is the most requests that it serves at the same time, if the server allows so many. In Bun and Deno,
   * whose HTTP/2 loses parts of bodies, a request to an https origin is then `Unsupported`.
   */
  readonly http2?: boolean | { readonly streams: number }
  /** The path of a unix socket, which is used for every origin. */
  readonly socketPath?: string
  /** The local address to connect from. */
  readonly localAddress?: string
  /**
   * Which addresses may be connected to: `AddressPolicy.publicOnly` for URLs that users give. Every address by default. A request
   * to another address, on any hop, is `AddressRefused`, and nothing is sent.
   *
   * @since 0.2.0
   */
  readonly addressPolicy?: AddressPolicy
  /**
   * Finds the addresses of a host, with the signature of Node's `dns.lookup`, which is the default. For proxies too.
   *
   * @since 0.2.0
   */
  readonly lookup?: Lookup.Lookup
  /**
   * Keeps the addresses that were found. Off by default, because the resolver of most systems has a cache.
   *
   * @since 0.2.0
   */
  readonly lookupCache?: Lookup.LookupCache
  /**
   * Records how long each phase of an attempt takes: `Response.timings`, stories, HAR files, progress and observers. `false` by
   * default.
   *
   * @since 0.2.0
   */
  readonly timings?: boolean
  /**
   * A dispatcher of undici 7 or later, such as an `Agent`, a `ProxyAgent` or a `MockAgent`, to send through instead of own
   * connections. It is never closed. It decides about connections, proxy, TLS and the connect timeout, so the other options,
   * and a proxy or TLS settings of a plan, are an error when the request is sent. Without interceptors that follow
   * redirects, redirects are followed by this library. A body is passed as bytes, which a `MockAgent` matches by a RegExp.
   *
   * @since 0.2.0
   */
  readonly dispatcher?: Dispatcher
}

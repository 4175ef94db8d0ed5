/** The parts of a HAR 1.2 archive that this library writes, as types. */

/** A header, a cookie or a query parameter of a HAR file. */
export interface NameValue {
  /** As it is written in the message. */
  readonly name: string
  /** A secret is `‹secret›`, unless it is revealed. */
  readonly value: string
}

/** A field of a form in a HAR file. */
export interface FormParam {
  /** The name of the field. */
  readonly name: string
  /** The text of the field or of the file. Absent if it is not UTF-8 text. */
  readonly value?: string
  /** Present for a file. */
  readonly fileName?: string
  /** Present if the part has one. */
  readonly contentType?: string
}

/** The body of a request in a HAR file. */
export interface PostData {
  /** The Content-Type of the request. */
  readonly mimeType: string
  /** The body; a description of it if it is hidden. */
  readonly text: string
  /** The fields of a form; empty if the body is hidden. */
  readonly params: ReadonlyArray<FormParam>
  /** `base64` if the body is not UTF-8 text: an extension that Chrome uses too. */
  readonly _encoding?: 'base64'
}

/** A request of a HAR file. */
export interface HarRequest {
  /** As it is sent. */
  readonly method: string
  /** Without fragment and userinfo. Secrets are hidden, unless they are revealed. */
  readonly url: string
  /** `HTTP/1.1` or `HTTP/2`. */
  readonly httpVersion: string
  /** The cookies of the Cookie header. */
  readonly cookies: ReadonlyArray<NameValue>
  /** In the order in which they are sent. */
  readonly headers: ReadonlyArray<NameValue>
  /** The query of the URL, in pairs. */
  readonly queryString: ReadonlyArray<NameValue>
  /** Absent if the body is empty. */
  readonly postData?: PostData
  /** Always -1: unknown. */
  readonly headersSize: number
  /** In octets; -1 if it is unknown. */
  readonly bodySize: number
}

/** A response of a HAR file, without its body: an exchange does not keep the bodies of its hops. */
export interface HarResponse {
  /** 100 to 599; 0 if the plan was not sent. */
  readonly status: number
  /** The reason phrase; empty for HTTP/2. */
  readonly statusText: string
  /** `HTTP/1.1` or `HTTP/2`. */
  readonly httpVersion: string
  /** The cookies of the Set-Cookie fields. */
  readonly cookies: ReadonlyArray<NameValue>
  /** In the order in which they were received. */
  readonly headers: ReadonlyArray<NameValue>
  /** The media type. The size is -1: the body is not kept. */
  readonly content: { readonly size: number; readonly mimeType: string }
  /** The Location; empty if it is missing. */
  readonly redirectURL: string
  /** Always -1: unknown. */
  readonly headersSize: number
  /** Always -1: unknown. */
  readonly bodySize: number
}

/** A request with its response. Times are in milliseconds. */
export interface HarEntry {
  /** When the plan was prepared, as ISO 8601; 1970 if it was planned without a time. */
  readonly startedDateTime: string
  /** Milliseconds: `elapsed` of the head, and the time of the body if it is known. */
  readonly time: number
  /** The plan that was sent. */
  readonly request: HarRequest
  /** The head of its reply. */
  readonly response: HarResponse
  /** Always empty: this library does not cache. */
  readonly cache: Readonly<Record<never, never>>
  /** The phases. If the transport did not record them, `wait` is `time`. */
  readonly timings: HarTimings
  /** The IP address of the server or proxy; absent if the transport did not record it. */
  readonly serverIPAddress?: string
  /** The local port of the connection; absent in the same way. */
  readonly connection?: string
}

/**
 * The phases of an entry of a HAR file, in milliseconds. A phase that is absent did not take place, or is not known.
 *
 * @since 0.2.0
 * @category model
 */
export interface HarTimings {
  /** Waiting for a connection. */
  readonly blocked?: number
  /** Looking up the host name. */
  readonly dns?: number
  /** Opening the connection, including `ssl`. */
  readonly connect?: number
  /** The TLS handshake. */
  readonly ssl?: number
  /** Writing the request; 0 if it is not known. */
  readonly send: number
  /** Until the head of the reply. */
  readonly wait: number
  /** Reading the body; 0 if it is not known. */
  readonly receive: number
}

/** An HTTP archive, version 1.2. */
export interface Har {
  /** The archive, as the format requires it. */
  readonly log: {
    readonly version: '1.2'
    readonly creator: { readonly name: string; readonly version: string }
    readonly entries: ReadonlyArray<HarEntry>
  }
}

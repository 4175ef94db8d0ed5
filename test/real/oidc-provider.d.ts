/** The part of oidc-provider that the tests use. The package has no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  /** A stored token. */
  export interface StoredToken {
    readonly clientId: string
    readonly accountId?: string
    readonly scope?: string
    readonly isExpired: boolean
  }

  /** The request that an event is about. */
  export interface Context {
    readonly oidc: { readonly params?: Readonly<Record<string, unknown>> }
  }

  interface Model {
    readonly find: (id: string) => Promise<StoredToken | undefined>
  }

  export class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>)
    readonly AccessToken: Model
    readonly ClientCredentials: Model
    callback(): (request: IncomingMessage, response: ServerResponse) => void
    on(event: 'grant.success', listener: (context: Context) => void): this
    on(event: 'grant.error', listener: (context: Context, error: Readonly<{ error?: string }>) => void): this
  }
}

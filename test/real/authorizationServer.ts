/**
 * An authorization server on a free port of 127.0.0.1 (oidc-provider, certified by the OpenID Foundation), and a user
 * who logs in.
 *
 * | part            | what it does                                                                    |
 * |-----------------|---------------------------------------------------------------------------------|
 * | grants          | client credentials, authorization code with PKCE, device code, refresh token    |
 * | refresh tokens  | each one can be used once. Using one again revokes all tokens of the login      |
 * | `/resource`     | answers 200 to a token that the server knows, and 401 to any other              |
 * | `logIn`, `deny` | fill in the pages of a login as a browser does, with plain requests and cookies |
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Provider } from 'oidc-provider'

/** A request to the token endpoint. */
export interface TokenRequest {
  /** Empty if the request has none. */
  readonly grantType: string
  /** The error code of the reply; undefined if a token was issued. */
  readonly error: string | undefined
}

export interface AuthorizationServer extends AsyncDisposable {
  readonly issuer: string
  readonly tokenUrl: string
  readonly authorizationUrl: string
  readonly deviceAuthorizationUrl: string
  /** Needs a Bearer token. */
  readonly resourceUrl: string
  /** All requests to the token endpoint so far. */
  readonly tokenRequests: () => ReadonlyArray<TokenRequest>
  /** Logs a user in at a page, and returns the callback, or the text of the last page if there is none. */
  readonly logIn: (url: string) => Promise<string>
  /** Refuses a login at a page, and returns what `logIn` returns. */
  readonly deny: (url: string) => Promise<string>
  /** Forgets all access tokens, so that `/resource` answers 401. */
  readonly revokeAccessTokens: () => void
  /** Forgets all refresh tokens, so that a renewal is `invalid_grant`. */
  readonly revokeRefreshTokens: () => void
  readonly close: () => Promise<void>
}

export interface Options {
  /** The lifetime of access tokens in seconds; 3600 by default. */
  readonly lifetime?: number
}

/** A client with a secret that a Basic header must encode. */
export const CONFIDENTIAL = { clientId: 'confidential', clientSecret: "s3cr3t: +%/&=~*'()" } as const
/** A client without a secret: a program whose users log in. */
export const PUBLIC = { clientId: 'public', redirectUri: 'http://127.0.0.1:8400/callback' } as const

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'

const configuration = ({ lifetime = 3600 }: Options, adapter: unknown) => ({
  adapter,
  clients: [
    {
      client_id: CONFIDENTIAL.clientId,
      client_secret: CONFIDENTIAL.clientSecret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'read',
    },
    {
      client_id: PUBLIC.clientId,
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token', DEVICE_CODE],
      redirect_uris: ['http://127.0.0.1/callback'],
      response_types: ['code'],
    },
  ],
  cookies: { keys: ['not a secret'] },
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    revocation: { enabled: true },
  },
  scopes: ['openid', 'offline_access', 'read', 'write'],
  issueRefreshToken: async () => true,
  rotateRefreshToken: true,
  ttl: {
    ...{ AccessToken: lifetime, ClientCredentials: lifetime, DeviceCode: 600 },
    ...{ Grant: 3600, IdToken: 3600, Interaction: 3600, RefreshToken: 3600, Session: 3600 },
  },
  findAccount: async (_: unknown, accountId: string) => ({ accountId, claims: async () => ({ sub: accountId }) }),
})

// --- storage -------------------------------------------------------------------------------------------------------

interface Payload {
  readonly grantId?: string
  readonly userCode?: string
  readonly uid?: string
  consumed?: number
}

/** Keeps the data of the server in memory, by model. */
const openStorage = () => {
  const models = new Map<string, Map<string, Payload>>()
  const open = (model: string): Map<string, Payload> => {
    const found = models.get(model) ?? new Map<string, Payload>()
    models.set(model, found)
    return found
  }
  const adapter = (model: string) => {
    const stored = open(model)
    const findBy = async (name: 'uid' | 'userCode', value: string) =>
      [...stored.values()].find((payload) => payload[name] === value)
    return {
      upsert: async (id: string, payload: Payload) => void stored.set(id, payload),
      find: async (id: string) => stored.get(id),
      findByUid: (uid: string) => findBy('uid', uid),
      findByUserCode: (userCode: string) => findBy('userCode', userCode),
      consume: async (id: string) => {
        const payload = stored.get(id)
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      },
      destroy: async (id: string) => void stored.delete(id),
      revokeByGrantId: async (grantId: string) => {
        for (const tokens of models.values()) {
          for (const [id, payload] of tokens) if (payload.grantId === grantId) tokens.delete(id)
        }
      },
    }
  }
  return { adapter, forget: (model: string): void => open(model).clear() }
}

// --- a user with a browser -----------------------------------------------------------------------------------------

type Decision = 'accept' | 'deny'

const attribute = (tag: string, name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? ''
const unescaped = (text: string): string => text.replaceAll('&amp;', '&')

interface Form {
  readonly action: string
  readonly fields: URLSearchParams
}

/** Fills in the first form of a page. */
const formIn = (page: string, decision: Decision): Form | undefined => {
  const [form = ''] = /<form[\s\S]*?<\/form>/.exec(page) ?? []
  if (form === '') return undefined
  const fields = new URLSearchParams()
  for (const [input] of form.matchAll(/<input[^>]*>/g)) {
    const name = attribute(input, 'name')
    if (name !== '') fields.set(name, unescaped(attribute(input, 'value')))
  }
  if (fields.has('login')) fields.set('login', 'ada')
  if (fields.has('password')) fields.set('password', 'analytical')
  if (decision === 'deny' && fields.has('confirm')) {
    fields.delete('confirm')
    fields.set('abort', 'yes')
  }
  return { action: unescaped(attribute(form, 'action')), fields }
}

/** The page that refuses a login, if a page has a link to it. */
const abortIn = (page: string): string | undefined => /href="([^"]*\/abort)"/.exec(page)?.[1]

const MAX_PAGES = 30

/** Visits pages and submits their forms, until a page has no form or redirects to another origin. */
const visit = async (issuer: string, start: string, decision: Decision): Promise<string> => {
  const cookies = new Map<string, string>()
  let next: { readonly url: string; readonly fields?: URLSearchParams } = { url: start }
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const url = new URL(next.url, issuer)
    if (url.origin !== issuer) return url.href
    const response: Response = await fetch(url, {
      ...(next.fields === undefined ? {} : { method: 'POST', body: next.fields }),
      headers: { cookie: Array.from(cookies, (pair) => pair.join('=')).join('; ') },
      redirect: 'manual',
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    const page = await response.text()
    const location = response.headers.get('location')
    const form = formIn(page, decision)
    const abort = decision === 'deny' ? abortIn(page) : undefined
    if (location !== null) next = { url: location }
    else if (abort !== undefined) next = { url: abort }
    else if (form !== undefined && !isEnd(form)) next = { url: form.action, fields: form.fields }
    else return page
  }
  throw new Error(`the login at ${start} did not end`)
}

/**
 * Returns whether a form asks for a user code: the login of a device was refused, and the server offers to begin again.
 */
const isEnd = ({ fields }: Form): boolean => fields.get('user_code') === ''

// --- the server ----------------------------------------------------------------------------------------------------

const answerResource = async (
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const [, value = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
  const token = (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value))
  if (token === undefined || token.isExpired) {
    response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
    return
  }
  const { clientId, accountId = '', scope = '' } = token
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ clientId, accountId, scope }))
}

/** Starts a server. */
export const openAuthorizationServer = async (options: Options = {}): Promise<AuthorizationServer> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the authorization server has no port')
  const issuer = `http://127.0.0.1:${address.port}`
  const storage = openStorage()
  const provider = new Provider(issuer, configuration(options, storage.adapter))
  const answer = provider.callback()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/resource') answerResource(provider, request, response).catch(() => response.destroy())
    else answer(request, response)
  })
  const tokenRequests: TokenRequest[] = []
  const record = (grantType: unknown, error?: string): void => {
    tokenRequests.push({ grantType: typeof grantType === 'string' ? grantType : '', error })
  }
  provider.on('grant.success', ({ oidc }) => record(oidc.params?.['grant_type']))
  provider.on('grant.error', ({ oidc }, { error }) => record(oidc.params?.['grant_type'], error ?? 'unknown'))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    issuer,
    tokenUrl: `${issuer}/token`,
    authorizationUrl: `${issuer}/auth`,
    deviceAuthorizationUrl: `${issuer}/device/auth`,
    resourceUrl: `${issuer}/resource`,
    tokenRequests: () => [...tokenRequests],
    logIn: (url) => visit(issuer, url, 'accept'),
    deny: (url) => visit(issuer, url, 'deny'),
    revokeAccessTokens: () => {
      storage.forget('AccessToken')
      storage.forget('ClientCredentials')
    },
    revokeRefreshTokens: () => storage.forget('RefreshToken'),
    close,
    [Symbol.asyncDispose]: close,
  }
}

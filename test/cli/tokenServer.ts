/**
 * A small authorization server and its resource, on one port of 127.0.0.1. Each secret contains `C4N4RY`, so that a test
 * finds it in any output.
 *
 * | path         | what it does                                                                                    |
 * |--------------|-------------------------------------------------------------------------------------------------|
 * | `/authorize` | redirects to the redirect URI with a code, or with `access_denied` after `deny()`               |
 * | `/device`    | issues a device code, which is pending until `approve()`                                        |
 * | `/token`     | all four grants; each refresh token can be used once                                            |
 * | `/api`       | 200 for a valid token, otherwise 401; `/api/500`, `/api/cut` and `/api/held` fail     |
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export const CLIENT = { clientId: 'command', clientSecret: 'C4N4RY-secret %+' } as const

export interface TokenServer {
  readonly url: string
  /** The grant types of the token requests so far. */
  readonly grants: string[]
  /** Method and path of each request to the resource, with the token. */
  readonly uses: string[]
  /** Is called once, before the next token request is answered. */
  readonly beforeNextToken: (act: () => Promise<void>) => void
  readonly approve: () => void
  readonly deny: () => void
  /** Forgets the access tokens, and with `true` the refresh tokens. */
  readonly revoke: (all: 'access' | 'all') => void
  readonly close: () => Promise<void>
}

const REFRESH = 'C4N4RY-refresh-0'
/** The refresh token that the server knows from the start. */
export const FIRST_REFRESH_TOKEN = REFRESH

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

const reply = (response: ServerResponse, status: number, json: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
}

export const openTokenServer = async (): Promise<TokenServer> => {
  const [grants, uses]: [string[], string[]] = [[], []]
  const challenges = new Map<string, string>()
  const [access, refresh] = [new Set<string>(), new Set([REFRESH])]
  let before: (() => Promise<void>) | undefined
  let [count, isApproved, isDenied] = [0, false, false]

  const issue = (response: ServerResponse, withRefresh: 'with a refresh token' | 'alone'): void => {
    count += 1
    const [token, renewal] = [`C4N4RY-access-${count}`, `C4N4RY-refresh-${count}`]
    access.add(token)
    if (withRefresh !== 'alone') refresh.add(renewal)
    reply(response, 200, {
      ...{ access_token: token, token_type: 'Bearer', expires_in: 3600 },
      ...(withRefresh === 'alone' ? {} : { refresh_token: renewal }),
    })
  }

  const isClient = (request: IncomingMessage, form: URLSearchParams): boolean => {
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (basic === undefined) {
      const secret = form.get('client_secret')
      return form.get('client_id') === CLIENT.clientId && (secret === null || secret === CLIENT.clientSecret)
    }
    const [id, secret] = Buffer.from(basic, 'base64').toString().split(':')
    const decoded = (text = ''): string => decodeURIComponent(text.replaceAll('+', ' '))
    return decoded(id) === CLIENT.clientId && decoded(secret) === CLIENT.clientSecret
  }

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await bodyOf(request))
    const act = before
    before = undefined
    await act?.()
    const refused = (error: string, status = 400): void =>
      // Servers may repeat what they were sent.
      reply(response, status, { error, error_description: `refused ${form}` })
    const grant = form.get('grant_type') ?? ''
    grants.push(grant.split(':').at(-1) ?? '')
    if (!isClient(request, form)) return refused('invalid_client', 401)
    if (grant === 'client_credentials') return issue(response, 'alone')
    if (grant === 'refresh_token') {
      return refresh.delete(form.get('refresh_token') ?? '')
        ? issue(response, 'with a refresh token')
        : refused('invalid_grant')
    }
    if (grant === 'authorization_code') {
      const challenge = challenges.get(form.get('code') ?? '')
      const made = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      return challenge === made ? issue(response, 'with a refresh token') : refused('invalid_grant')
    }
    if (isDenied) return refused('access_denied')
    return isApproved ? issue(response, 'with a refresh token') : refused('authorization_pending')
  }

  const authorize = (query: URLSearchParams, response: ServerResponse): void => {
    const callback = new URL(query.get('redirect_uri') ?? '')
    const code = `C4N4RY-code-${challenges.size}`
    challenges.set(code, query.get('code_challenge') ?? '')
    if (isDenied) callback.searchParams.set('error', 'access_denied')
    else callback.searchParams.set('code', code)
    callback.searchParams.set('state', query.get('state') ?? '')
    response.writeHead(302, { location: callback.href }).end()
  }

  const resource = (request: IncomingMessage, response: ServerResponse): void => {
    const held = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    uses.push(`${request.method} ${request.url} ${held}`.trim())
    if (!access.has(held)) response.writeHead(401).end()
    else if (request.url === '/api/cut') {
      response.writeHead(200, { 'content-length': 100 }).write('half', () => response.destroy())
    } else if (request.url === '/api/held') response.flushHeaders()
    else response.writeHead(Number(/\d+$/.exec(request.url ?? '')?.[0] ?? 200)).end('the resource')
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://h.test')
    if (pathname.startsWith('/api')) resource(request, response)
    else if (pathname === '/authorize') authorize(searchParams, response)
    else if (pathname === '/device') {
      const page = `http://${request.headers.host}/enter`
      reply(response, 200, {
        ...{ device_code: 'C4N4RY-device', user_code: 'ABCD-EFGH', expires_in: 600, interval: 1 },
        ...{ verification_uri: page, verification_uri_complete: `${page}?user_code=ABCD-EFGH` },
      })
    } else token(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    grants,
    uses,
    beforeNextToken: (act) => {
      before = act
    },
    approve: () => {
      isApproved = true
    },
    deny: () => {
      isDenied = true
    },
    revoke: (all) => {
      access.clear()
      if (all === 'all') refresh.clear()
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}

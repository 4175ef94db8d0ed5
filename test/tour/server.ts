/** The server of the tour: a login that redirects, and a page that requires the cookie of the login. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

const PAGE = { name: 'Ada', since: 1843, roles: ['engineer'] }

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const cookie = request.headers.cookie ?? ''
  if (request.method === 'POST' && request.url === '/v1/login') {
    const cookies = ['sid=s3ss10n; Path=/; HttpOnly', 'theme=dark; Max-Age=86400']
    response.writeHead(302, { location: '/v1/welcome', 'set-cookie': cookies, 'content-length': 0 }).end()
    return
  }
  if (!cookie.includes('sid=s3ss10n')) {
    response.writeHead(403, { 'content-type': 'text/plain' }).end('log in first')
    return
  }
  const body = request.url === '/v1/account' ? PAGE : { welcome: true }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

export interface Served {
  readonly url: string
  readonly close: () => void
}

export const serve = (): Promise<Served> =>
  new Promise((resolve) => {
    const server = createServer(answer)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      resolve({ url: `http://127.0.0.1:${port}`, close: () => server.close() })
    })
  })

import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'

// `example.com` and its subdomains on loopback, for the examples of the documentation: they run with the URLs that
// readers see. The proxy refuses every other host. A session that ignores the environment, such as `Session.empty`, does
// not use the proxy, so its example must not name a host of the network.

const pki = (name: string): string => fileURLToPath(new URL(`pki/${name}`, import.meta.url))

/** The API that the examples use: a login with a cookie, an account that needs it, and a page. */
const answer = ({ method, url, headers }: http.IncomingMessage, response: http.ServerResponse): void => {
  const json = (status: number, value: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  const target = `${method} ${new URL(url ?? '/', 'https://example.com').pathname}`
  if (target === 'GET /') response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Example Domain</h1>')
  else if (target === 'POST /v1/login') response.writeHead(204, { 'set-cookie': 'sid=1; Secure; HttpOnly' }).end()
  else if (target !== 'GET /v1/account') json(404, { message: 'not found' })
  else if (headers.cookie?.includes('sid=1')) json(200, { name: 'Ada' })
  else json(401, { message: 'log in first' })
}

const listening = <A extends http.Server>(server: A): Promise<A> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))

const portOf = (server: http.Server): number => (server.address() as AddressInfo).port

const isExample = (host: string): boolean => /^(?:[a-z]+\.)?example\.com$/.test(host)

/** What the process environment must contain, and a function that closes the servers. */
export interface ExampleHosts {
  readonly variables: Readonly<Record<string, string>>
  readonly close: () => void
}

export const openExampleHosts = async (): Promise<ExampleHosts> => {
  const keys = { cert: readFileSync(pki('example.pem')), key: readFileSync(pki('example.key')) }
  const secure = await listening(https.createServer(keys, answer))
  const proxy = await listening(
    http.createServer((request, response) => {
      if (isExample(new URL(request.url ?? '/', 'http://invalid.test').hostname)) answer(request, response)
      else response.writeHead(403).end()
    }),
  )
  const tunnels = new Set<Socket>()
  proxy.on('connect', ({ url = '' }, socket: Socket) => {
    if (!isExample(url.replace(/:443$/, ''))) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    const upstream = connect(portOf(secure), '127.0.0.1', () => socket.write('HTTP/1.1 200 OK\r\n\r\n'))
    for (const end of [socket, upstream]) {
      tunnels.add(end)
      end.on('error', () => undefined)
    }
    socket.pipe(upstream).pipe(socket)
  })
  const url = `http://127.0.0.1:${portOf(proxy)}`
  return {
    variables: {
      http_proxy: url,
      https_proxy: url,
      all_proxy: url,
      no_proxy: '127.0.0.1,localhost',
      REQUESTS_CA_BUNDLE: pki('example-ca.pem'),
    },
    close: () => {
      for (const tunnel of tunnels) tunnel.destroy()
      for (const server of [secure, proxy]) {
        server.closeAllConnections()
        server.close()
      }
    },
  }
}

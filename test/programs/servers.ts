/** The loopback servers of the programs in this folder. */
import { createHash, createHmac } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

export interface Served {
  readonly url: string
  readonly close: () => void
}

export const serve = (listener: RequestListener): Promise<Served> =>
  new Promise((resolve) => {
    const server = createServer(listener)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      const close = (): void => {
        server.close()
        server.closeAllConnections()
      }
      resolve({ url: `http://127.0.0.1:${port}`, close })
    })
  })

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const json = (response: ServerResponse, value: unknown): unknown =>
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value))

export const users: RequestListener = (request, response) => {
  if (request.url === '/users/1') return json(response, { id: 1, name: 'Ada' })
  if (request.url === '/users/2') return json(response, { id: '2', nam: 'Ada' })
  if (request.url === '/users/3') return response.end('<html>oops')
  if (request.url === '/users/5') return request.socket.destroy()
  return response.writeHead(404).end('{"error":"no such user"}')
}

export const login: RequestListener = async (request, response) => {
  if (request.url === '/login' && request.method === 'POST') {
    const isValid = (await readBody(request)).toString() === 'user=me&pass=secret'
    if (!isValid) return response.writeHead(403).end('bad')
    const cookies = ['sid=abc; HttpOnly; Path=/', 'theme=dark; Max-Age=3600']
    return response.writeHead(303, { location: '/home', 'set-cookie': cookies }).end()
  }
  if (!request.headers.cookie?.includes('sid=abc')) return response.writeHead(401).end('no')
  return response.end(`hello at ${request.url}`)
}

/** Four pages of five items. `peak` is the largest number of details that were requested at the same time. */
export const repos = () => {
  const seen = { peak: 0, active: 0 }
  const listener: RequestListener = async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://h')
    if (pathname === '/repos') {
      const page = Number(searchParams.get('page') ?? '1')
      const next = `</repos?page=${page + 1}&per_page=5>; rel="next", </repos?page=4>; rel="last"`
      if (page < 4) response.setHeader('link', next)
      return json(
        response,
        Array.from({ length: 5 }, (_, i) => ({ id: page * 10 + i })),
      )
    }
    seen.active += 1
    seen.peak = Math.max(seen.peak, seen.active)
    await sleep(20)
    seen.active -= 1
    const id = Number(pathname.split('/').pop())
    return json(response, { id, stars: id * 2 })
  }
  return { seen, listener }
}

/** Reads a form, and keeps its framing, its first octets and their number. */
export const upload = () => {
  const seen = { headers: '', size: 0, start: '' }
  const listener: RequestListener = async (request, response) => {
    const body = await readBody(request)
    const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = request.headers
    seen.headers = `${type?.split(';')[0]} length=${length} coding=${coding}`
    seen.size = body.length
    seen.start = body.subarray(0, 400).toString('latin1')
    response.end('{"ok":true}')
  }
  return { seen, listener }
}

/** Sends a file with ranges. Destroys the connection after `cutAt` octets. */
export const download = (path: string) => {
  const { size } = statSync(path)
  const state = { cutAt: Number.POSITIVE_INFINITY, log: [] as string[] }
  const listener: RequestListener = (request, response) => {
    const { range, 'if-range': ifRange, 'accept-encoding': coding } = request.headers
    state.log.push(`range=${range} if-range=${ifRange} coding=${coding}`)
    const [, first] = /bytes=(\d+)-/.exec(range ?? '') ?? []
    const from = first !== undefined && (ifRange === undefined || ifRange === '"v1"') ? Number(first) : 0
    if (from >= size) return response.writeHead(416, { 'content-range': `bytes */${size}` }).end()
    response
      .setHeader('etag', '"v1"')
      .setHeader('accept-ranges', 'bytes')
      .setHeader('content-length', size - from)
    if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${size - 1}/${size}` })
    let sent = 0
    const stream = createReadStream(path, { start: from })
    stream.on('data', (chunk) => {
      sent += chunk.length
      if (sent > state.cutAt) {
        stream.destroy()
        response.destroy()
      } else if (!response.write(chunk)) {
        stream.pause()
        response.once('drain', () => stream.resume())
      }
    })
    return stream.on('end', () => response.end())
  }
  return { state, listener }
}

/** `flaky` succeeds at the third attempt, `down` never does, `hang` never answers. Counts the requests. */
export const unreliable = () => {
  const counts: Record<string, number> = {}
  const listener: RequestListener = (request, response) => {
    const key = `${request.method} ${request.url} ${request.headers['idempotency-key'] ?? ''}`.trim()
    const count = (counts[key] ?? 0) + 1
    counts[key] = count
    if (request.url === '/hang') return
    if (request.url === '/down') response.writeHead(429, { 'retry-after': '1' }).end('slow')
    else if (count < 3) response.writeHead(503, count === 1 ? { 'retry-after': '1' } : {}).end()
    else response.end('ok')
  }
  return { counts, listener }
}

/** Issues tokens, and accepts only the last one until it is revoked. */
export const tokens = () => {
  const seen = { issued: 0, rejected: 0, accepted: 0, token: 'none' }
  const listener: RequestListener = async (request, response) => {
    const { authorization } = request.headers
    if (request.url === '/token') {
      const body = (await readBody(request)).toString()
      await sleep(50)
      const credentials = `Basic ${Buffer.from('id:sec').toString('base64')}`
      if (authorization !== credentials || body !== 'grant_type=client_credentials')
        return response.writeHead(400).end('{}')
      seen.issued += 1
      seen.token = `tok${seen.issued}`
      return json(response, { access_token: seen.token, expires_in: 3600 })
    }
    await sleep(10)
    if (authorization !== `Bearer ${seen.token}`) {
      seen.rejected += 1
      return response.writeHead(401).end('{}')
    }
    seen.accepted += 1
    return json(response, { path: request.url })
  }
  return { seen, listener }
}

const tick = (id: number): string => `id: ${id}\ndata: {"price":${id % 2}}\n\n`

/** Sends up to 50 events until the client closes the connection; an answer; a feed whose connections are cut. */
export const events = () => {
  const seen = { sent: 0, feeds: 0 }
  const listener: RequestListener = async (request, response) => {
    if (request.url === '/rows') {
      response.write('{"n":0}\n{"n":1}\n')
      await sleep(5)
      return response.end('{"n":"x"}\nnot json\n{"n":9}')
    }
    if (request.url === '/feed') {
      seen.feeds += 1
      const from = Number(request.headers['last-event-id'] ?? 0)
      response.setHeader('content-type', 'text/event-stream')
      // Two events, and a third one that is cut.
      response.write(`${tick(from + 1)}${tick(from + 2)}${tick(from + 3).slice(0, -1)}`)
      return setTimeout(() => response.destroy(), 5)
    }
    if (request.url === '/answer') {
      response.setHeader('content-type', 'text/event-stream')
      for (const text of ['Hel', 'lo', ' Ada']) {
        response.write(`data: ${JSON.stringify({ text })}\n\n`)
        await sleep(2)
      }
      return response.end('data: [DONE]\n\n')
    }
    if (request.url === '/error') return response.writeHead(400).end('{"error":{"message":"bad model"}}')
    await readBody(request)
    let isOpen = true
    response.on('close', () => {
      isOpen = false
    })
    response.setHeader('content-type', 'text/event-stream')
    response.write(': ping\n\n')
    for (; isOpen && seen.sent < 50; seen.sent += 1) {
      response.write(`event: delta\nid: ${seen.sent}\ndata: {"token":"w${seen.sent}",\ndata: "ok":true}\n\n`)
      await sleep(15)
    }
    return response.end('data: [DONE]\n\n')
  }
  return { seen, listener }
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Checks signatures of AWS Signature Version 4, and answers whether they and the hash of the body are right. */
export const signatures = (secret: string, otherSite: string) => {
  const dates: string[] = []
  const listener: RequestListener = async (request, response) => {
    const body = await readBody(request)
    const { host, authorization = '', 'x-amz-date': date, 'x-amz-content-sha256': hash } = request.headers
    const url = new URL(request.url ?? '', `http://${host}`)
    const time = String(date)
    if (url.pathname === '/flaky') dates.push(time)
    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? []
    const scope = [time.slice(0, 8), 'eu-west-1', 's3', 'aws4_request']
    const query = [...url.searchParams].map((pair) => pair.map(encodeURIComponent).join('='))
    const lines = names.map((name) => `${name}:${request.headers[name]}`)
    const fields = [request.method, url.pathname, query.sort().join('&'), ...lines, '', names.join(';'), hash]
    const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(fields.join('\n'))].join('\n')
    const signature = hmac(scope.reduce(hmac, Buffer.from(`AWS4${secret}`)), text).toString('hex')
    const isSigned = authorization.endsWith(signature)
    const isIntact = hash === sha256(body) || hash === 'UNSIGNED-PAYLOAD'
    if (url.pathname === '/redirect') return response.writeHead(307, { location: '/put?b=2&a=1%2F' }).end()
    if (url.pathname === '/other') return response.writeHead(302, { location: `${otherSite}/x` }).end()
    if (url.pathname === '/flaky' && dates.length < 3) return response.writeHead(503).end()
    return response.writeHead(isSigned && isIntact ? 200 : 403).end(`${isSigned} ${isIntact}`)
  }
  return { dates, listener }
}

/** Answers with the credentials and the own header that it got. */
export const account: RequestListener = ({ url, headers }, response) => {
  if (url === '/login') {
    response.setHeader('set-cookie', ['sid=abc; HttpOnly; Path=/', 'remember=1; Max-Age=1000'])
    return response.end('in')
  }
  return response.end(`cookie=${headers.cookie} auth=${headers.authorization} x=${headers['x-app']}`)
}

export const members: RequestListener = ({ url, headers }, response) => {
  if (url === '/login') return response.setHeader('set-cookie', 'sid=1').end()
  if (headers.cookie !== 'sid=1') return response.writeHead(401).end()
  if (url === '/users/1') return json(response, { id: 1, name: 'Ada' })
  if (url === '/users/2') return json(response, { id: 1 })
  return response.writeHead(404).end()
}

/** Redirects, then fails once, then answers. */
export const traced = () => {
  const seen = { headers: [] as (string | undefined)[] }
  const listener: RequestListener = ({ url, headers }, response) => {
    seen.headers.push(headers['traceparent']?.toString())
    if (url?.startsWith('/start'))
      return response.writeHead(302, { 'set-cookie': 'sid=secretcookie', location: '/flaky' }).end()
    return seen.headers.length < 3 ? response.writeHead(503).end() : response.end('ok')
  }
  return { seen, listener }
}

/** Never answers, except with 503. Counts the requests and those that the client gave up. */
export const silent = () => {
  const seen = { requests: 0, closed: 0 }
  const listener: RequestListener = (request, response) => {
    seen.requests += 1
    response.on('close', () => {
      if (!response.writableFinished) seen.closed += 1
    })
    if (request.url === '/503') response.writeHead(503).end()
  }
  return { seen, listener }
}

export const validators = () => {
  const log: string[] = []
  const listener: RequestListener = ({ url, headers }, response) => {
    log.push(`${url} ${headers['if-none-match'] ?? ''}`.trim())
    if (url === '/max') return response.setHeader('cache-control', 'public, max-age=60').end('maxed')
    if (url !== '/etag') return response.end('x')
    response.setHeader('etag', '"1"').setHeader('content-encoding', 'gzip')
    return headers['if-none-match'] === '"1"' ? response.writeHead(304).end() : response.end(gzipSync('etagged'))
  }
  return { log, listener }
}

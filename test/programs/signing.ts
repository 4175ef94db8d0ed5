// Signs each request with AWS Signature Version 4, again for each redirect and retry.
import { createHash, createHmac } from 'node:crypto'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Auth, Client, Explain, Http, HttpError, Plan, Request, Response, Session, Transport } from 'requests-ts'

export interface Key {
  readonly id: string
  readonly secret: string
  readonly region: string
  readonly service: string
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

const encoded = (pair: readonly string[]) => pair.map(encodeURIComponent).join('=')

const sign =
  ({ id, secret, region, service }: Key): Auth.Sign =>
  (plan, { now }) => {
    const { method, url: href, headers, body } = Plan.wire(plan)
    const url = new URL(href)
    const hash = O.isSome(body) ? sha256(body.value) : plan.body._tag === 'Empty' ? sha256('') : 'UNSIGNED-PAYLOAD'
    const date = now.toISOString()
    const time = date.replace(/[-:]|\.\d{3}/g, '')
    const query = Array.from(url.searchParams, encoded).sort().join('&')
    const scope = [time.slice(0, 8), region, service, 'aws4_request']
    const signed = [
      ...headers.map(([name, value]) => [name.toLowerCase(), value.trim()]).filter(([name]) => name === 'content-type'),
      ['host', url.host],
      ['x-amz-content-sha256', hash],
      ['x-amz-date', time],
    ]
    const names = signed.map(([name]) => name).join(';')
    const lines = signed.map((field) => field.join(':'))
    const canonical = [method, url.pathname, query, ...lines, '', names, hash].join('\n')
    const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical)].join('\n')
    const signature = hmac(scope.reduce(hmac, Buffer.from(`AWS4${secret}`)), text).toString('hex')
    return Plan.withHeaders({
      'X-Amz-Date': time,
      'X-Amz-Content-Sha256': hash,
      Authorization: `AWS4-HMAC-SHA256 Credential=${id}/${scope.join('/')}, SignedHeaders=${names}, Signature=${signature}`,
    })(plan)
  }

const sessionOf = (base: string, key: Key) =>
  pipe(
    Session.at(base),
    Session.withAuth(Auth.signer('aws4', sign(key), { public: ['X-Amz-Date', 'X-Amz-Content-Sha256'] })),
  )

async function* chunks() {
  yield new TextEncoder().encode('abc')
}

const requests = {
  json: Http.put('put?b=2&a=1%2F', Request.withJson({ a: 'ü' })),
  list: Http.get('list'),
  redirect: Http.put('redirect', Request.withText('hello')),
  otherSite: Http.get('other'),
  flaky: Http.get('flaky'),
  multipart: Http.put('multipart', Request.withMultipart({ a: 'b' })),
  stream: Http.put('stream', Request.withStream(chunks, 3)),
}

export const run = (base: string, key: Key, name: keyof typeof requests) =>
  pipe(
    requests[name],
    Http.map((response) => `${response.status} ${Response.text(response)}`),
    Client.runWith({
      session: sessionOf(base, key),
      wrapTransport: Transport.withRetry({ base: 1_100, jitter: 0 }),
    }),
  )

export const explain = (base: string, key: Key) =>
  pipe(
    Request.put('put'),
    Request.withJson({ a: 1 }),
    Plan.plan({ session: sessionOf(base, key) }),
    E.match(HttpError.show, (plan) => [Plan.toCurl()(plan), Explain.render()(Plan.explain(plan))].join('\n')),
  )

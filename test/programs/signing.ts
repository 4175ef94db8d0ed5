// Signs each request with AWS Signature Version 4, again for each redirect and retry.
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Auth, Client, Explain, Http, HttpError, Plan, Request, Response, Session, Transport } from 'requests-ts'

export interface Key {
  readonly id: string
  readonly secret: string
  readonly region: string
  readonly service: string
}

const auth = ({ id, secret, region, service }: Key) =>
  Auth.awsSigV4({ credentials: { accessKeyId: id, secretAccessKey: secret }, region, service })

const sessionOf = (base: string, key: Key) => pipe(Session.at(base), Session.withAuth(auth(key)))

async function* chunks() {
  yield new TextEncoder().encode('abc')
}

// The signature of a stream needs its SHA-256. Over https, S3 also takes a stream without it.
const digest = Request.withHeader(
  'X-Amz-Content-Sha256',
  'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
)

const requests = {
  json: Http.put('put?b=2&a=1%2F', Request.withJson({ a: 'ü' })),
  list: Http.get('list'),
  redirect: Http.put('redirect', Request.withText('hello')),
  otherSite: Http.get('other'),
  flaky: Http.get('flaky'),
  multipart: Http.put('multipart', Request.withMultipart({ a: 'b' })),
  stream: Http.put('stream', Request.withStream(chunks, 3), digest),
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

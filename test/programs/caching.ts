// Keeps replies with an ETag or a max-age in files, across runs.
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Client, Headers, Http, Plan, Response, Transport } from 'requests-ts'

interface Entry {
  readonly at: number
  readonly reason: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

const fileOf = ({ url, headers }: Plan.Plan) => {
  const varying = Headers.reveal(headers).filter(([name]) => /^(accept|authorization|cookie)/i.test(name))
  return createHash('sha256').update(`${url.href} ${varying}`).digest('hex')
}

const load = (file: string): Promise<Entry | undefined> =>
  readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined)

const replyOf = ({ body, ...entry }: Entry) =>
  Transport.reply({ ...entry, status: 200, body: Buffer.from(body, 'base64') })

const orEmpty = O.getOrElse(() => '')
const field = (name: string) => flow(Headers.joined(name), orEmpty)

const maxAgeMs = (headers: Headers.Headers) =>
  Number(/max-age=(\d+)/.exec(field('Cache-Control')(headers))?.[1] ?? 0) * 1_000

const mayBeKept = ({ status, headers }: Transport.Reply) =>
  status === 200 &&
  !/no-store|private/.test(field('Cache-Control')(headers)) &&
  (Headers.has('ETag')(headers) || maxAgeMs(headers) > 0)

const withCache = (folder: string) => (inner: Transport.Transport) => {
  const save = async (file: string, entry: Entry) => {
    await mkdir(folder, { recursive: true })
    await writeFile(file, JSON.stringify(entry))
    return E.right(replyOf(entry))
  }
  return Transport.around(inner)((plan, controls) => {
    const { method, headers } = plan
    if (method !== 'GET' || Headers.has('Range')(headers) || Headers.has('If-None-Match')(headers))
      return inner(plan, controls)
    return async () => {
      const file = join(folder, fileOf(plan))
      const entry = await load(file)
      const stored = Headers.fromPairs(entry?.headers ?? [])
      const now = Date.now()
      if (entry !== undefined && now - entry.at < maxAgeMs(stored)) return E.right(replyOf(entry))
      const etag = field('ETag')(stored)
      const conditional = etag === '' ? plan : Plan.withHeaders({ 'If-None-Match': etag })(plan)
      const outcome = await inner(conditional, controls)()
      if (E.isLeft(outcome)) return outcome
      const reply = outcome.right
      if (reply.status === 304 && entry !== undefined) {
        await reply.body.discard()
        return save(file, { ...entry, at: now })
      }
      if (!mayBeKept(reply)) return outcome
      const body = await reply.body.gather(10e6)()
      if (E.isLeft(body)) return E.left(Transport.failed(body.left._tag, plan)(body.left))
      return save(file, {
        at: now,
        reason: reply.reason,
        headers: Headers.toPairs(Headers.deleteAt('Set-Cookie')(reply.headers)),
        body: Buffer.from(body.right).toString('base64'),
      })
    }
  })
}

export const run = (url: string, folder: string) =>
  pipe(Http.get(url), Http.ok, Http.map(Response.text), Client.runWith({ wrapTransport: withCache(folder) }))

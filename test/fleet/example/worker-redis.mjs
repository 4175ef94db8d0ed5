// worker.mjs: takes orders from the queue, until it is stopped
import { UnrecoverableError, Worker } from 'bullmq'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Redis } from 'ioredis'
import { RateLimiterRedis } from 'rate-limiter-flexible'
import {
  Auth, Client, Durable, Http, HttpError, JarStore, Log, OAuth2, Request, Response, Session, Transport } from 'requests-ts'

const api = process.env.API_URL ?? 'http://127.0.0.1:8080'
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null })
redis.on('error', console.error) // it connects again by itself

const login = Auth.oauth2({
  name: 'shop', tokenUrl: `${api}/token`, clientId: 'fleet', clientSecret: 'hunter2', grant: OAuth2.clientCredentials })
const limiter = new RateLimiterRedis({ storeClient: redis, keyPrefix: 'limit:shop', points: 40, duration: 1 })
const log = Log.redis(redis, 'log:orders')
const client = Client.open({
  session: pipe(Session.at(api), Session.withAuth(login)),
  jarStore: JarStore.redis(redis, 'jar:shop'),
  wrapTransport: Transport.withSharedLimit(Transport.rateLimiterFlexible(limiter)),
})()

const order = (id) => pipe(
  Request.post(`orders/${id}`), Durable.run({ log, id }), Http.map(Response.text), Client.runIn(client))

// An order in doubt, or a log that cannot be read, is for a person. The queue tries anything else again.
const TRANSIENT = ['Unavailable', 'TimedOut', 'Fenced']
const isForPerson = ({ _tag, reason }) => _tag === 'InDoubt' || (_tag === 'LogFailed' && !TRANSIENT.includes(reason))

const work = async ({ id }) => {
  const outcome = await order(id)()
  if (E.isRight(outcome)) return outcome.right
  const Failure = isForPerson(outcome.left) ? UnrecoverableError : Error
  throw new Failure(HttpError.show(outcome.left))
}

const lockDuration = Number(process.env.LOCK_MS ?? 30_000) // for so long a worker that is killed holds its job
const worker = new Worker('orders', work, {
  connection: redis, lockDuration, stalledInterval: lockDuration / 2, maxStalledCount: 100 })
worker.on('ready', () => console.log('ready'))
worker.on('completed', (job, receipt) => console.log(job.id, receipt))
worker.on('failed', (job, error) => console.log(job?.id, error.message))

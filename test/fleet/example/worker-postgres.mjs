// worker-postgres.mjs: takes orders from the queue, until it is stopped
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import pg from 'pg'
import PgBoss from 'pg-boss'
import { RateLimiterPostgres } from 'rate-limiter-flexible'
import {
  Auth, Client, Durable, Http, HttpError, JarStore, Log, OAuth2, Request, Response, Session, Transport } from 'requests-ts'

const api = process.env.API_URL ?? 'http://127.0.0.1:8080'
const connectionString = process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
const pool = new pg.Pool({ connectionString })
pool.on('error', console.error)

const login = Auth.oauth2({
  name: 'shop', tokenUrl: `${api}/token`, clientId: 'fleet', clientSecret: 'hunter2', grant: OAuth2.clientCredentials })
const limits = { storeClient: pool, tableName: 'limits', keyPrefix: 'shop', points: 40, duration: 1 }
const limiter = await new Promise((resolve, reject) => {
  const made = new RateLimiterPostgres(limits, (error) => (error ? reject(error) : resolve(made)))
})
const log = Log.postgres(pool, 'orders')
const client = Client.open({
  session: pipe(Session.at(api), Session.withAuth(login)),
  jarStore: JarStore.postgres(pool, 'shop'),
  wrapTransport: Transport.withSharedLimit(Transport.rateLimiterFlexible(limiter)),
})()

const order = (id) => pipe(
  Request.post(`orders/${id}`), Durable.run({ log, id }), Http.map(Response.text), Client.runIn(client))

// An order in doubt, or a log that cannot be read, is for a person. The queue tries anything else again.
const TRANSIENT = ['Unavailable', 'TimedOut', 'Fenced']
const isForPerson = ({ _tag, reason }) => _tag === 'InDoubt' || (_tag === 'LogFailed' && !TRANSIENT.includes(reason))

const work = async ({ id }) => {
  const outcome = await order(id)()
  if (E.isRight(outcome)) return { receipt: outcome.right }
  if (isForPerson(outcome.left)) return { problem: HttpError.show(outcome.left) }
  throw new Error(HttpError.show(outcome.left))
}

const boss = new PgBoss({ connectionString, maintenanceIntervalSeconds: Number(process.env.MAINTENANCE_S ?? 30) })
boss.on('error', console.error)
await boss.start()
// Of two workers that start together on an empty database, one fails here.
await boss.createQueue('orders').catch(() => boss.createQueue('orders'))
await boss.work('orders', { pollingIntervalSeconds: 0.5 }, async ([job]) => {
  const result = await work(job.data)
  console.log(job.data.id, result)
  return result
})
console.log('ready')

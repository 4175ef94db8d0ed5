// orders-postgres.mjs: adds orders to the queue
import PgBoss from 'pg-boss'

const boss = new PgBoss(process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres')
await boss.start()
await boss.createQueue('orders')
// A worker that is killed holds its job until it expires.
const expireInSeconds = Number(process.env.EXPIRE_S ?? 60)
const ids = Array.from({ length: Number(process.env.ORDERS ?? 20) }, (_, i) => `order-${i + 1}`)
await boss.insert(ids.map((id) => ({ name: 'orders', data: { id }, retryLimit: 100, expireInSeconds })))
console.log(`${ids.length} orders added`)
await boss.stop()

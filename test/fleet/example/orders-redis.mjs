// orders.mjs: adds orders to the queue
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'

const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null })
const queue = new Queue('orders', { connection: redis })
const options = (i) => ({ jobId: `order-${i}`, attempts: 100, backoff: 200 })
const count = Number(process.env.ORDERS ?? 20)
await queue.addBulk(Array.from({ length: count }, (_, i) => ({ name: 'order', data: {}, opts: options(i + 1) })))
console.log(`${count} orders added, except those that the queue has already`)
await queue.close()
redis.disconnect()

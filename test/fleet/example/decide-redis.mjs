// decide.mjs: `node decide.mjs order-7 notSent`, when you have asked the shop about an order in doubt
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { Durable, Log } from 'requests-ts'

const [id, answer] = process.argv.slice(2)
const redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null })
const queue = new Queue('orders', { connection: redis })
console.log(await Durable.resolve({ log: Log.redis(redis, 'log:orders'), id }, answer)())
if (answer === 'notSent') await (await queue.getJob(id))?.retry()
await queue.close()
redis.disconnect()

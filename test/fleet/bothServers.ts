/** Redis and PostgreSQL for all tests of a file. */
import { afterAll, beforeAll } from 'vitest'
import { type Server, startPostgres, startRedis } from './servers.js'

/** Starts both servers before the tests, and ends them after. They are there when the tests run. */
export const startBoth = (): { readonly redis: Server; readonly postgres: Server } => {
  const started: { redis?: Server; postgres?: Server } = {}
  const running = (server: Server | undefined): Server => {
    if (server === undefined) throw new Error('the server is not started yet')
    return server
  }
  beforeAll(async () => {
    started.redis = await startRedis()
    started.postgres = await startPostgres()
  })
  afterAll(async () => {
    await started.redis?.kill()
    await started.postgres?.kill()
  })
  return {
    get redis() {
      return running(started.redis)
    },
    get postgres() {
      return running(started.postgres)
    },
  }
}

/** Clients of the real packages, as a user makes them, and the stores with them. */
import { Redis } from 'ioredis'
import pg from 'pg'
import { createClient } from 'redis'
import { JarStore, Log } from 'requests-ts'

/** A kind of client: opens one for a port, and returns how a store is made with it, and how it is closed. */
export interface Connection {
  readonly store: (name: string, options?: JarStore.StoreOptions) => JarStore.JarStore
  readonly log: (name: string, options?: Log.LogOptions) => Log.Log
  readonly close: () => Promise<unknown>
}

/** They wait for a server that is down as long as the store does. */
const ignored = (): void => {}

const nodeRedis = async (port: number): Promise<Connection> => {
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 } })
  client.on('error', ignored)
  await client.connect()
  return {
    store: (name, options) => JarStore.redis(client, name, options),
    log: (name, options) => Log.redis(client, name, options),
    close: async () => client.destroy(),
  }
}

const ioRedis = async (port: number): Promise<Connection> => {
  const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50, lazyConnect: true })
  client.on('error', ignored)
  await client.connect()
  return {
    store: (name, options) => JarStore.redis(client, name, options),
    log: (name, options) => Log.redis(client, name, options),
    close: async () => client.disconnect(),
  }
}

const settings = (port: number) => ({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' })

const postgresPool = async (port: number): Promise<Connection> => {
  const pool = new pg.Pool({ ...settings(port), max: 4 })
  pool.on('error', ignored)
  return {
    store: (name, options) => JarStore.postgres(pool, name, options),
    log: (name, options) => Log.postgres(pool, name, options),
    close: () => pool.end(),
  }
}

const preparedPool = async (port: number): Promise<Connection> => {
  const pool = new pg.Pool({ ...settings(port), max: 4 })
  pool.on('error', ignored)
  const client = JarStore.prepared(pool)
  return {
    store: (name, options) => JarStore.postgres(client, name, options),
    log: (name, options) => Log.postgres(client, name, options),
    close: () => pool.end(),
  }
}

const postgresClient = async (port: number): Promise<Connection> => {
  const client = new pg.Client(settings(port))
  client.on('error', ignored)
  await client.connect()
  return {
    store: (name, options) => JarStore.postgres(client, name, options),
    log: (name, options) => Log.postgres(client, name, options),
    close: () => client.end(),
  }
}

/** Opens a client of a kind. */
export const connect = {
  redis: nodeRedis,
  ioredis: ioRedis,
  'pg.Pool': postgresPool,
  'pg.Client': postgresClient,
  prepared: preparedPool,
}

/** The kinds of clients, by their package. */
export type Kind = keyof typeof connect

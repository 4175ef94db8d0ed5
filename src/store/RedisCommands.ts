/** The clients of Redis that stores and logs take, and how they run a script. */

/**
 * A connected client of `redis` (node-redis 4 to 6), of which only `sendCommand` is called.
 *
 * @since 0.2.0
 * @category model
 */
export interface NodeRedisClient {
  /** Sends a command with its arguments, and returns the reply. */
  sendCommand(command: string[]): Promise<unknown>
}

/**
 * A client of `ioredis` 5 or 6, of which only `call` is called.
 *
 * @since 0.2.0
 * @category model
 */
export interface IoRedisClient {
  /** Sends a command with its arguments, and returns the reply. */
  call(command: string, ...parameters: string[]): Promise<unknown>
}

/**
 * A client of Redis.
 *
 * @since 0.2.0
 * @category model
 */
export type RedisClient = NodeRedisClient | IoRedisClient

export const NOT_A_CLIENT = 'the client must have the function sendCommand (redis) or call (ioredis)'

/** In a script: milliseconds since the epoch, of the server. */
export const NOW = `local time = redis.call('TIME')
local now = time[1] .. string.sub(string.format('%06d', time[2]), 1, 3)`

/** Sends a command with its arguments. */
export type Command = (...command: [string, ...string[]]) => Promise<unknown>

/** Returns how a client sends a command; `undefined` if it is not a client. ioredis has another `sendCommand` too. */
export const commandOf = (client: RedisClient): Command | undefined => {
  if (typeof client !== 'object' || client === null) return undefined
  if ('call' in client && typeof client.call === 'function') return (...command) => client.call(...command)
  if ('sendCommand' in client && typeof client.sendCommand === 'function')
    return (...command) => client.sendCommand(command)
  return undefined
}

/** Runs a script. Every script returns a list: anything else is not the reply of a server. */
export const evaluator =
  (command: Command) =>
  async (
    script: string,
    keys: ReadonlyArray<string>,
    parameters: ReadonlyArray<string> = [],
  ): Promise<ReadonlyArray<unknown>> => {
    const list = await command('EVAL', script, String(keys.length), ...keys, ...parameters)
    return Array.isArray(list) ? list : Promise.reject(new Error('the client did not return the reply of a script'))
  }

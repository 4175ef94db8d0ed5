/** What an open connection keeps in memory: no request that has ended, and no response. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Plan } from '../../src/wire/Plan.js'
import type { Transport } from '../../src/wire/Transport.js'
import { exchange, plan } from './plans.js'
import { pkiPath, proxy, secure, sleep, transport, web } from './servers.js'

/** Collects what nothing refers to. */
const collect = (): void => {
  setFlagsFromString('--expose-gc')
  // The cast: a new context has the function because of the flag.
  const gc = runInNewContext('gc') as () => void
  gc()
}

/** Sends a request, and returns weak references to its plan and its reply. In a function of its own, which then ends. */
const send = async (client: Transport, made: Plan): Promise<ReadonlyArray<WeakRef<object>>> => {
  const reply = await client(made, {})()
  if (reply._tag === 'Left') throw new Error(reply.left.message)
  await reply.right.body.gather(1e6)()
  return [new WeakRef(made), new WeakRef(reply.right), new WeakRef(reply.right.body)]
}

const kept = async (references: ReadonlyArray<WeakRef<object>>): Promise<ReadonlyArray<boolean>> => {
  for (let i = 0; i < 20 && references.some((reference) => reference.deref() !== undefined); i += 1) {
    await sleep(5)
    collect()
  }
  return references.map((reference) => reference.deref() !== undefined)
}

describe('an open connection', () => {
  test.each([
    ['over TCP', () => web((_, response) => response.end('ok')), {}],
    ['over TLS', () => secure(), { ca: pkiPath('ca.pem') }],
  ])('%s keeps no request and no response', async (_, start, changes) => {
    const server = await start()
    const client = transport()
    const first = await send(client, plan(server.url, changes))
    const second = await send(client, plan(`${server.url}/second`, changes))
    expect(await kept([...first, ...second])).toEqual(Array(6).fill(false))
    expect(server.connections()).toBe(1)
  })

  test('through a tunnel keeps no request and no response', async () => {
    const [server, through] = [await secure(), await proxy()]
    const client = transport()
    const sent = await send(client, plan(server.url, { proxy: through.url }))
    expect(await kept(sent)).toEqual([false, false, false])
    expect(await exchange(client, plan(server.url, { proxy: through.url }))).toMatchObject({ right: { status: 200 } })
    expect(server.connections()).toBe(1)
  })
})

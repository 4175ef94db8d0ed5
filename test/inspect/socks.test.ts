import { execFile, spawnSync } from 'node:child_process'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { Plan, Request, Session } from '../../src/index.js'
import { ok, raw } from '../transport/servers.js'
import { socks } from '../transport/socks.js'

const isThere = spawnSync('curl', ['--version']).status === 0
if (!isThere) console.log('SKIPPED the runs of curl through SOCKS: curl does not run here')

describe.skipIf(!isThere)('curl, run with the line, goes through a SOCKS proxy', () => {
  it.each(['socks5', 'socks5h', 'socks4a'])('%s', async (scheme) => {
    const server = await raw((socket) => socket.end(ok('through')))
    const proxy = await socks()
    const plan = pipe(
      Request.get(`http://localhost:${server.port}/`),
      Request.withProxy(`${scheme}://127.0.0.1:${proxy.port}`),
      Plan.plan({ session: Session.empty }),
    )
    if (E.isLeft(plan)) expect.fail(plan.left.message)
    const line = Plan.toCurl({ reveal: true })(plan.right)
    const output = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', line], { timeout: 20_000 }, (error, stdout) => resolve(error?.message ?? stdout))
    })
    expect(output).toBe('through')
    expect(proxy.requests).toHaveLength(1)
  })
})

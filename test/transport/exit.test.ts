/** What is left open must not keep the process alive. Each script runs in its own process with the built package. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { accept, ok } from './servers.js'

const dist = new URL('../../dist/esm/', import.meta.url).href
const cjs = fileURLToPath(new URL('../../dist/cjs/', import.meta.url))

const SEND = `
  const send = (transport, url, body = { _tag: 'Empty' }) => transport({
    method: 'GET', url: Url.parse(url).right.url, headers: { fields: [] }, body, cause: 'Start',
    route: { proxy: { _tag: 'None' }, tls: { verify: true, ca: { _tag: 'None' }, certificate: { _tag: 'None' } },
      timeouts: { connect: 10000, read: 60000 }, limits: { body: 1000 } },
  }, {})()`

const ESM = `import { undici } from '${dist}Transport.js'\nimport * as Url from '${dist}Url.js'\n${SEND}`
const CJS = `const { undici } = require('${cjs}Transport.js')\nconst Url = require('${cjs}Url.js')\n${SEND}`

interface ProcessEnd {
  readonly code: number | null
  readonly output: string
  readonly elapsed: number
}

const run = (script: string, kind: 'module' | 'commonjs' = 'module'): Promise<ProcessEnd> =>
  new Promise((resolve) => {
    const start = performance.now()
    const child = spawn(process.execPath, [`--input-type=${kind}`, '-e', script])
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('close', (code) => resolve({ code, output, elapsed: performance.now() - start }))
  })

test.each<readonly [string, string]>([
  [
    'an idle connection',
    'console.log((await (await send(undici({ keepAlive: 60_000 }), url)).right.body.gather(100)()).right.length)',
  ],
  ['a small unread body', 'console.log((await send(undici({ keepAlive: 60_000 }), url)).right.status)'],
  ['a large unread body', "console.log((await send(undici({ keepAlive: 60_000 }), url + '/large')).right.status)"],
  [
    'a reader that stopped',
    "for await (const _ of (await send(undici({ keepAlive: 60_000 }), url + '/large')).right.body) break\nconsole.log('stopped')",
  ],
  ['a failure', "console.log((await send(undici({ keepAlive: 60_000 }), 'http://127.0.0.1:1/')).left._tag)"],
  ['a closed client', 'const t = undici({ keepAlive: 60_000 }); await send(t, url); await t.close(); console.log(1)'],
])('%s does not keep the process alive', async (_, script) => {
  const server = await accept((socket) => {
    socket.on('data', (chunk) => socket.write(String(chunk).includes('/large') ? ok('x'.repeat(2_000_000)) : ok()))
  })
  const { code, output, elapsed } = await run(`${ESM}\nconst url = 'http://${server.host}'\n${script}`)
  expect([code, output.trim().split('\n').length]).toEqual([0, 1])
  // Less than `keepAlive`. A process that starts while a whole suite runs needs long to load.
  expect(elapsed).toBeLessThan(10_000)
})

test('a CommonJS script can send and end', async () => {
  const server = await accept((socket) => socket.on('data', () => socket.write(ok())))
  const { code, output } = await run(
    `${CJS}\nsend(undici(), 'http://${server.host}').then((r) => console.log(r.right.status))`,
    'commonjs',
  )
  expect([code, output.trim()]).toEqual([0, '200'])
})

/** Many cookies in one response, and invalid Set-Cookie fields. */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { Client, Environment, Http, HttpError, Jar, Secret, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { error, headLines, right, run } from '../conformance/upstream/setting.js'
import { ok, raw } from '../transport/servers.js'

const HOSTILE: ReadonlyArray<string> = [
  '',
  ';',
  '=',
  ';;;;=;',
  '=value',
  'a=\u0001',
  'b=1; Domain=com',
  'c=1; Domain=.',
  'd=1; Domain=127.0.0.2',
  'e=1; Domain=[::1]',
  'f=1; Path=relative; Path=',
  '__Host-g=1; Path=/x',
  '__Secure-h=1',
  'i=1; Expires=Thu, 99 Foo 99999 99:99:99 GMT',
  `j=${'x'.repeat(5_000)}`,
  `${'k'.repeat(4_097)}=1`,
  'l=1; Max-Age=-9999999999999999999999',
  'm=1; SameSite=Sometimes; Secure',
  `n=1; ${'; '.repeat(2_000)}`,
]

describe('5,000 cookies in one response', () => {
  const lines = Array.from({ length: 5_000 }, (_, i) => `Set-Cookie: n${i}=v\r\n`).join('')
  const newest = Array.from({ length: 180 }, (_, i) => `n${4_820 + i}`)

  it('are limited to the newest 180, which the next request sends', async () => {
    const server = await raw((socket) => socket.write(ok('', lines)))
    const openTransport = () => Transport.undici({ maxHeaderSize: 200_000 })
    const twice = pipe(
      Http.get(server.url),
      SRTE.flatMap((first) =>
        pipe(
          Http.get(server.url),
          SRTE.map(() => first),
        ),
      ),
    )
    const context = { session: Session.empty, environment: Environment.empty, openTransport }
    const [first, jar] = right(await pipe(twice, Client.use(context))())
    expect(first.cookies.map(({ name }) => name)).toEqual(newest)
    expect(Jar.toArray(jar)).toHaveLength(180)
    const cookie = /^cookie: (.*)$/im.exec(server.received.join(''))?.[1]
    expect(cookie).toBe(newest.map((name) => `${name}=v`).join('; '))
  })
  it('fail with ProtocolError above the size limit of a head, and leave the jar unchanged', async () => {
    const server = await raw((socket) => socket.write(ok('', lines)))
    const [jar] = Jar.absorb(new URL(server.url), ['kept=1'], new Date())(Jar.empty)
    const failure = await error(Http.get(server.url), { jar })
    expect(failure._tag).toBe('ProtocolError')
    const after = HttpError.jar(failure)
    expect(O.isSome(after) && Jar.Eq.equals(after.value, jar)).toBe(true)
  })
})

describe('hostile Set-Cookie', () => {
  it('does not fail the request, and adds no control character to the next one', async () => {
    const server = await raw((socket) =>
      socket.write(
        ok(
          'page',
          HOSTILE.map((line) => `Set-Cookie: ${line}\r\n`)
            .join('')
            .replace('\u0001', ''),
        ),
      ),
    )
    const [response, jar] = right(await run(Http.get(server.url)))
    expect(response.status).toBe(200)
    await run(Http.get(server.url), { jar })
    const sent = headLines(server.received.at(-1)).find((line) => /^cookie:/i.test(line)) ?? ''
    expect(sent).not.toMatch(/[\0-\x08\x0a-\x1f\x7f]/)
    const [, rejected] = Jar.absorb(new URL('http://127.0.0.1/'), HOSTILE, new Date())(Jar.empty)
    expect(rejected.length + Jar.toArray(jar).length).toBeGreaterThanOrEqual(HOSTILE.length - 4)
    expect(JSON.stringify(rejected)).not.toContain('x'.repeat(100))
    expect(Jar.toArray(jar).every(({ value }) => Secret.is(value))).toBe(true)
  })
})

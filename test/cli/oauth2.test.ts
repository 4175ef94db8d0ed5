import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Clock, Environment, Jar, Store, Token } from 'requests-ts'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { main } from '../../src/cli/Main.js'
import type { Sink } from '../../src/cli/Terminal.js'
import { type Finished, finished, start } from './command.js'
import { CLIENT, FIRST_REFRESH_TOKEN, openTokenServer, type TokenServer } from './tokenServer.js'

let server: TokenServer
let folder = ''
const at = (name: string): string => join(folder, name)

beforeEach(async () => {
  server = await openTokenServer()
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-oauth2-'))
  return async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

// --- the command ---------------------------------------------------------------------------------------------------

/** All output so far of all commands of a test. */
const output: string[] = []
beforeEach(() => {
  output.length = 0
  return () => expect(output.join('')).not.toContain('C4N4RY')
})

interface Running {
  /** Resolves with the first group of a pattern, once the standard error matches it. */
  readonly shown: (pattern: RegExp) => Promise<string>
  readonly finished: Promise<Finished>
  readonly interrupt: () => void
}

/** Starts the command in this process. */
const begin = (...words: ReadonlyArray<string>): Running => {
  const texts = { out: '', err: '' }
  const waiting: (() => void)[] = []
  const sink = (name: 'out' | 'err'): Sink => ({
    isTTY: false,
    columns: 80,
    write: async (content) => {
      texts[name] += Buffer.from(content).toString()
      output.push(Buffer.from(content).toString())
      for (const check of waiting) check()
      return { _tag: 'Written' }
    },
  })
  const interrupted = new AbortController()
  const code = main({
    out: sink('out'),
    err: sink('err'),
    input: async function* () {},
    NO_COLOR: undefined,
    variable: (name) => (name === 'SECRET' ? CLIENT.clientSecret : undefined),
    environment: () => Environment.empty,
    clock: Clock.system,
    signal: interrupted.signal,
  })(words)
  return {
    shown: (pattern) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = pattern.exec(texts.err)?.[1]
          if (found !== undefined) resolve(found)
        }
        waiting.push(check)
        check()
      }),
    finished: code.then((value) => ({ ...texts, code: value })),
    interrupt: () => interrupted.abort(),
  }
}

const call = (...words: ReadonlyArray<string>): Promise<Finished> => begin(...words).finished

// --- files ---------------------------------------------------------------------------------------------------------

/** Writes a file for `--oauth2` and returns the options that use it. */
const using = (fields: object, mode = 0o600): ReadonlyArray<string> => {
  const common = { tokenUrl: `${server.url}/token`, clientId: CLIENT.clientId }
  writeFileSync(at('api.json'), JSON.stringify({ ...common, ...fields }))
  chmodSync(at('api.json'), mode)
  return ['--oauth2', at('api.json')]
}
const machine = (fields: object = {}) => using({ grant: 'client_credentials', clientSecretEnv: 'SECRET', ...fields })
const browser = (fields: object = {}) =>
  using({ grant: 'authorization_code', authorizationUrl: `${server.url}/authorize`, ...fields })
const device = () => using({ grant: 'device_code', deviceAuthorizationUrl: `${server.url}/device` })
const session = (): ReadonlyArray<string> => ['--session', at('session.json')]

const savedToken = async () => {
  const loaded = await Store.load(at('session.json'))()
  if (E.isLeft(loaded)) return expect.fail(loaded.left.message)
  const [key] = Jar.tokens(loaded.right.jar)
  return key === undefined ? O.none : Jar.token(key)(loaded.right.jar)
}

/** Lets the saved token expire, and changes its refresh token. */
const expire = async (refreshToken: string): Promise<void> => {
  const changed = await Store.update(at('session.json'))((stored) => {
    const { session: same, jar } = stored ?? expect.fail('there is a session')
    const key = Jar.tokens(jar)[0] ?? expect.fail('there is a token')
    const past = new Date(Date.now() - 10_000)
    const token = Token.at(past)({ accessToken: 'C4N4RY', refreshToken, expiresIn: 1 })
    return { session: same, jar: Jar.withToken(key, token, new Date())(jar) }
  })()
  if (E.isLeft(changed)) expect.fail(changed.left.message)
}

const hasIPv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))

// --- the browser ---------------------------------------------------------------------------------------------------

const OPEN = /Open this page to log in: (\S+)\n/
const visit = (url: string): Promise<Response> => fetch(url)
/** Returns the callback of a login page without going there. */
const callbackOf = async (url: string): Promise<URL> => {
  const response = await fetch(url, { redirect: 'manual' })
  return new URL(response.headers.get('location') ?? '')
}

describe('send --oauth2 without a user', () => {
  it.each([
    ['a variable', 'basic', () => ({ clientSecretEnv: 'SECRET' })],
    ['the file', 'body', () => ({ clientSecret: CLIENT.clientSecret })],
    [
      'another file',
      'basic',
      () => {
        writeFileSync(at('secret'), `${CLIENT.clientSecret}\n`, { mode: 0o600 })
        return { clientSecretFile: 'secret' }
      },
    ],
  ])('gets a token with the secret of %s, in: %s', async (_, clientAuthentication, secret) => {
    const words = using({ grant: 'client_credentials', clientAuthentication, ...secret() })
    expect(await call('send', `${server.url}/api`, ...words)).toEqual({ out: 'the resource', err: '', code: 0 })
    expect(server.uses).toEqual(['GET /api C4N4RY-access-1'])
  })
  it('remembers the token with --session', async () => {
    for (const _ of [1, 2]) expect((await call('send', `${server.url}/api`, ...machine(), ...session())).code).toBe(0)
    expect(server.grants).toEqual(['client_credentials'])
    expect(statSync(at('session.json')).mode & 0o777).toBe(0o600)
  })
  it('shows no secret with --verbose, --mermaid and explain', async () => {
    const words = [`${server.url}/api`, ...machine(), ...session()]
    const { err } = await call('send', '-v', ...words)
    expect(err).toContain('/token')
    for (const command of [['send', '--mermaid'], ['explain'], ['explain', '--json'], ['plan'], ['curl']]) {
      expect((await call(...command, ...words)).code).toBe(0)
    }
  })
  it('uses a refresh token, and saves each new one also if the request fails', async () => {
    const words = [...using({ grant: 'refresh_token', refreshToken: FIRST_REFRESH_TOKEN }), ...session()]
    const codes: Array<number | null> = []
    for (const path of ['/api/cut', '/api/500', '/api']) {
      codes.push((await call('send', `${server.url}${path}`, ...words)).code)
      expect(await savedToken()).toMatchObject({ _tag: 'Some' })
      server.revoke('access')
    }
    expect(codes).toEqual([4, 6, 0])
    expect(server.grants).toEqual(['refresh_token', 'refresh_token', 'refresh_token'])
  })
  it('uses the refresh token of the file after that of the session was revoked', async () => {
    const words = [...using({ grant: 'refresh_token', refreshToken: FIRST_REFRESH_TOKEN }), ...session()]
    await call('send', `${server.url}/api`, ...words)
    server.revoke('all')
    expect(await call('send', `${server.url}/api`, ...words)).toMatchObject({ code: 8, err: /TokenRefused/ })
  })
  it('loses no login if two commands renew a token at the same time', async () => {
    const words = [...using({ grant: 'refresh_token', refreshToken: FIRST_REFRESH_TOKEN }), ...session()]
    await call('send', `${server.url}/api`, ...words)
    server.revoke('access')
    await Promise.all([1, 2, 3].map(() => call('send', `${server.url}/api`, ...words)))
    expect((await call('send', `${server.url}/api`, ...words)).code).toBe(0)
  })
  it('refuses a refresh token that it could not keep', async () => {
    const words = using({ grant: 'refresh_token', refreshToken: FIRST_REFRESH_TOKEN })
    expect(await call('send', `${server.url}/api`, ...words)).toMatchObject({ code: 2, err: /--session/ })
    expect(server.grants).toEqual([])
  })
  it('ends with 8 if the client is refused, without the secret that the server repeats', async () => {
    const words = using({ grant: 'client_credentials', clientSecret: 'C4N4RY-wrong', clientAuthentication: 'body' })
    const { code, err } = await call('send', '-v', `${server.url}/api`, ...words)
    expect(code).toBe(8)
    expect(err).toMatch(/TokenRefused: .*invalid_client/)
    expect(server.uses).toEqual([])
  })
  it('sends the token to the origins of the file only', async () => {
    const words = machine({ origins: ['https://api.test'] })
    expect(await call('send', `${server.url}/api`, ...words)).toMatchObject({ code: 2, err: /origins/ })
    expect([server.grants, server.uses]).toEqual([[], []])
    expect((await call('send', `${server.url}/api`, ...machine({ origins: [server.url] }))).code).toBe(0)
  })
  it('sends nothing to the token endpoint if the request cannot be sent', async () => {
    for (const words of [machine(), browser(), device()]) {
      const { code, err } = await call('send', `${server.url}/api`, 'X-A:a\nb', ...words)
      expect([code, OPEN.test(err)]).toEqual([3, false])
    }
    expect(server.grants).toEqual([])
  })
  it('sends token requests with the connection that the options describe', async () => {
    // The server is also a proxy: it ignores the host of each request.
    const through = ['--proxy', server.url]
    const urls = { tokenUrl: 'http://auth.test/token', deviceAuthorizationUrl: 'http://auth.test/device' }
    expect((await call('send', 'http://api.test/api', ...machine({ tokenUrl: urls.tokenUrl }), ...through)).code).toBe(
      0,
    )
    server.approve()
    const { code } = await call('send', 'http://api.test/api', ...using({ grant: 'device_code', ...urls }), ...through)
    expect([code, server.grants]).toEqual([0, ['client_credentials', 'device_code']])
  })
  it('warns about files with secrets that others can read', async () => {
    const words = using({ grant: 'client_credentials', clientSecret: CLIENT.clientSecret }, 0o644)
    const first = await call('send', `${server.url}/api`, ...words, ...session())
    expect(first).toMatchObject({
      code: 0,
      err: `note ${at('api.json')} contains a secret, and other users of this machine may read it: run chmod 600 ${at('api.json')}\n`,
    })
    chmodSync(at('session.json'), 0o640)
    const second = await call('plan', `${server.url}/api`, ...machine(), ...session())
    expect(second.err).toContain(`chmod 600 ${at('session.json')}`)
    writeFileSync(at('secret'), CLIENT.clientSecret, { mode: 0o644 })
    const third = await call(
      'plan',
      `${server.url}/api`,
      ...using({ grant: 'client_credentials', clientSecretFile: 'secret' }),
    )
    expect(third.err).toContain(`chmod 600 ${at('secret')}`)
    const silent = await call('explain', `${server.url}/api`, ...using({ grant: 'client_credentials' }, 0o644))
    expect(silent.err).toBe('')
  })
})

describe('send --oauth2 with a browser', () => {
  it('logs in, remembers the login, and renews the token', async () => {
    const words = ['send', `${server.url}/api`, ...browser(), ...session()]
    const running = begin(...words)
    const page = await visit(await running.shown(OPEN))
    expect(await page.text()).toContain('You can close this window')
    expect(Object.fromEntries(page.headers)).toMatchObject({
      ...{ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff' },
    })
    expect(await running.finished).toMatchObject({ code: 0, out: 'the resource' })
    expect(await call(...words)).toEqual({ out: 'the resource', err: '', code: 0 })
    expect(server.grants).toEqual(['authorization_code'])
    server.revoke('access')
    expect(await call(...words)).toEqual({ out: 'the resource', err: '', code: 0 })
    expect(server.grants).toEqual(['authorization_code', 'refresh_token'])
  })
  it('saves the login before the request has ended', async () => {
    const running = begin('send', `${server.url}/api/held`, ...browser(), ...session())
    await visit(await running.shown(OPEN))
    await vi.waitFor(() => expect(server.uses).toHaveLength(1))
    expect(await savedToken()).toMatchObject({ _tag: 'Some' })
    running.interrupt()
    expect((await running.finished).code).toBe(130)
    expect(await call('send', `${server.url}/api`, ...browser(), ...session())).toMatchObject({ code: 0, err: '' })
  })
  it('says that the login ends without --session', async () => {
    const running = begin('send', `${server.url}/api`, ...browser())
    await visit(await running.shown(OPEN))
    expect(await running.finished).toMatchObject({ code: 0, err: /add --session FILE/ })
  })
  it('keeps waiting after other requests, and answers them without what they contain', async () => {
    const running = begin('send', `${server.url}/api`, ...browser())
    const callback = await callbackOf(await running.shown(OPEN))
    const requests: ReadonlyArray<readonly [string, RequestInit, number]> = [
      ['/', {}, 404],
      ['/callback/', {}, 404],
      ['/favicon.ico', {}, 404],
      [`/callback${callback.search}`, { method: 'POST' }, 405],
      ['/callback', {}, 400],
      ['/callback?code=C4N4RY&state=wrong', {}, 400],
      [`/callback${callback.search}&code=C4N4RY`, {}, 400],
      ['/callback?error=access_denied&state=<b>', {}, 400],
    ]
    for (const [target, init, status] of requests) {
      const response = await fetch(`${callback.origin}${target}`, init)
      expect([target, response.status]).toEqual([target, status])
      expect(await response.text()).not.toMatch(/C4N4RY|<b>/)
    }
    expect((await visit(callback.href)).status).toBe(200)
    expect((await running.finished).code).toBe(0)
    await expect(fetch(callback.origin)).rejects.toThrow()
  })
  it('ends with 8 if the user refuses, and closes the listener', async () => {
    server.deny()
    const running = begin('send', `${server.url}/api`, ...browser())
    const callback = await callbackOf(await running.shown(OPEN))
    expect(await (await visit(callback.href)).text()).toContain('refused')
    expect(await running.finished).toMatchObject({ code: 8, err: /LoginRefused: .*access_denied/ })
    await expect(fetch(callback.origin)).rejects.toThrow()
  })
  it('ends with 8 after a callback of another issuer', async () => {
    const running = begin('send', `${server.url}/api`, ...browser({ issuer: 'https://issuer.test' }))
    await visit(await running.shown(OPEN))
    expect(await running.finished).toMatchObject({ code: 8, err: /IssuerMismatch/ })
  })
  it('ends with 8 after --timeout, and closes the listener', async () => {
    const running = begin('send', `${server.url}/api`, ...browser(), '--timeout', '0.3')
    const callback = await callbackOf(await running.shown(OPEN))
    expect(await running.finished).toMatchObject({ code: 8, err: /LoginExpired: .*0\.3 seconds/ })
    await expect(fetch(callback.origin)).rejects.toThrow()
  })
  it('ends with 130 on an interrupt', async () => {
    const running = begin('send', `${server.url}/api`, ...browser())
    await running.shown(OPEN)
    running.interrupt()
    expect(await running.finished).toMatchObject({ code: 130, err: /error interrupted\n$/ })
  })
  it.each<readonly [string, RegExp]>([
    ['http://127.0.0.1/cb/x', /^http:\/\/127\.0\.0\.1:\d+\/cb\/x$/],
    ['http://localhost/', /^http:\/\/localhost:\d+\/$/],
    ...(hasIPv6 ? [['http://[::1]/cb', /^http:\/\/\[::1\]:\d+\/cb$/] as const] : []),
  ])('listens where the redirect URI says: %s', async (redirectUri, expected) => {
    const running = begin('send', `${server.url}/api`, ...browser({ redirectUri }))
    const page = await running.shown(OPEN)
    expect(new URL(page).searchParams.get('redirect_uri')).toMatch(expected)
    await visit((await callbackOf(page)).href.replace('localhost', '127.0.0.1'))
    expect((await running.finished).code).toBe(0)
  })
  it('uses the port of the redirect URI, and ends with 8 if it is not free', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const words = ['send', `${server.url}/api`, ...browser({ redirectUri: `http://127.0.0.1:${port}/callback` })]
    expect(await call(...words)).toMatchObject({ code: 8, err: /LoginFailed: .*EADDRINUSE/ })
    await new Promise((resolve) => other.close(resolve))
    const running = begin(...words)
    const page = await running.shown(OPEN)
    expect(new URL(page).searchParams.get('redirect_uri')).toBe(`http://127.0.0.1:${port}/callback`)
    await visit(page)
    expect((await running.finished).code).toBe(0)
  })
  it('logs in again if the server has revoked the login', async () => {
    const words = ['send', `${server.url}/api`, 'a=1', ...browser(), ...session()]
    const first = begin(...words)
    await visit(await first.shown(OPEN))
    await first.finished
    server.revoke('all')
    const second = begin(...words)
    await visit(await second.shown(OPEN))
    expect(await second.finished).toMatchObject({ code: 0, out: 'the resource' })
    expect(await call(...words)).toMatchObject({ code: 0, err: '' })
  })
  it('takes the token of a command that has used the refresh token at the same time', async () => {
    const words = ['send', `${server.url}/api`, ...browser(), ...session()]
    const first = begin(...words)
    await visit(await first.shown(OPEN))
    await first.finished
    server.revoke('access')
    server.beforeNextToken(async () => {
      expect(await call(...words)).toMatchObject({ code: 0, err: '' })
    })
    expect(await call(...words)).toEqual({ out: 'the resource', err: '', code: 0 })
    expect(server.uses.at(-1)).toBe('GET /api C4N4RY-access-2')
  })
  it('does not send a body twice that can be read only once, and logs in with the next command', async () => {
    const words = ['send', `${server.url}/api`, ...browser(), ...session()]
    const first = begin(...words)
    await visit(await first.shown(OPEN))
    await first.finished
    await expire('C4N4RY-old')
    expect(await call('send', `${server.url}/api`, '@-', ...words.slice(2))).toMatchObject({
      code: 8,
      err: /invalid_grant/,
    })
    const next = begin(...words)
    await visit(await next.shown(OPEN))
    expect((await next.finished).code).toBe(0)
  })
  it('keeps the token of another command if a body that can be read only once is refused', async () => {
    const words = ['send', `${server.url}/api`, ...browser(), ...session()]
    const first = begin(...words)
    await visit(await first.shown(OPEN))
    await first.finished
    await expire('C4N4RY-refresh-1')
    server.beforeNextToken(async () => {
      expect(await call(...words)).toMatchObject({ code: 0, err: '' })
    })
    expect(await call('send', `${server.url}/api`, '@-', ...words.slice(2))).toMatchObject({ code: 8 })
    expect(await call(...words)).toEqual({ out: 'the resource', err: '', code: 0 })
  })
  it('saves a renewed token before the request is sent', async () => {
    const words = (path: string) => ['send', `${server.url}${path}`, ...browser(), ...session()]
    const first = begin(...words('/api'))
    await visit(await first.shown(OPEN))
    await first.finished
    server.revoke('access')
    const held = begin(...words('/api/held'))
    await vi.waitFor(() => expect(server.uses).toHaveLength(3))
    expect(await call(...words('/api'))).toEqual({ out: 'the resource', err: '', code: 0 })
    expect(server.grants).toEqual(['authorization_code', 'refresh_token'])
    held.interrupt()
    expect((await held.finished).code).toBe(130)
  })
  it.each([
    ['a query', () => `${server.url}/token?tenant=1`],
    ['two dots', () => `${server.url}/x/../token`],
    ['capitals', () => `${server.url.replace('http', 'HTTP')}/token`],
  ])('finds the token of a token URL with %s', async (_, tokenUrl) => {
    const words = (path: string) => ['send', `${server.url}${path}`, ...browser({ tokenUrl: tokenUrl() }), ...session()]
    const first = begin(...words('/api/cut'))
    await visit(await first.shown(OPEN))
    expect((await first.finished).code).toBe(4)
    server.revoke('access')
    server.beforeNextToken(async () => {
      expect(await call(...words('/api'))).toMatchObject({ code: 0, err: '' })
    })
    expect(await call(...words('/api'))).toEqual({ out: 'the resource', err: '', code: 0 })
    expect(server.grants).toEqual(['authorization_code', 'refresh_token', 'refresh_token'])
  })
  it('saves the login also if the request fails', async () => {
    const words = (path: string) => ['send', `${server.url}${path}`, ...browser(), ...session()]
    const running = begin(...words('/api/cut'))
    await visit(await running.shown(OPEN))
    expect((await running.finished).code).toBe(4)
    expect(await call(...words('/api'))).toMatchObject({ code: 0, err: '' })
  })
  it.each([
    ['plan', /^note there is no token of 'api' yet/],
    ['curl', /^note there is no token of 'api' yet/],
    ['explain', /^$/],
  ])('never logs in for %s', async (command, err) => {
    expect(await call(command, `${server.url}/api`, ...browser(), ...session())).toMatchObject({ code: 0, err })
    expect([server.grants, server.uses]).toEqual([[], []])
  })
})

describe('send --oauth2 with a device', () => {
  it('shows page and code, and waits for the user', async () => {
    const running = begin('send', `${server.url}/api`, ...device(), ...session())
    expect(await running.shown(OPEN)).toBe(`${server.url}/enter`)
    expect(await running.shown(/enter the code (\S+)/)).toBe('ABCD-EFGH')
    expect(await running.shown(/that has the code: (\S+)/)).toBe(`${server.url}/enter?user_code=ABCD-EFGH`)
    server.approve()
    expect(await running.finished).toMatchObject({ code: 0, out: 'the resource' })
    expect(server.grants).toEqual(['device_code'])
    expect(await call('send', `${server.url}/api`, ...device(), ...session())).toMatchObject({ code: 0, err: '' })
  })
  it('ends with 8 if the user refuses', async () => {
    server.deny()
    expect(await call('send', `${server.url}/api`, ...device())).toMatchObject({ code: 8, err: /access_denied/ })
  })
  it('ends with 8 after --timeout, and with 130 on an interrupt', async () => {
    const late = begin('send', `${server.url}/api`, ...device(), '--timeout', '0.3')
    expect(await late.finished).toMatchObject({ code: 8, err: /LoginExpired/ })
    const interrupted = begin('send', `${server.url}/api`, ...device())
    await interrupted.shown(OPEN)
    interrupted.interrupt()
    expect(await interrupted.finished).toMatchObject({ code: 130 })
  })
})

describe('the process', () => {
  it('has no secret in its arguments, and ends with 130 on SIGINT while it waits for a login', async () => {
    const words = browser({ clientSecret: CLIENT.clientSecret })
    const child = start(['send', `${server.url}/api`, ...words])
    const page = await new Promise<string>((resolve) => {
      let err = ''
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString()
        const [, found] = OPEN.exec(err) ?? []
        if (found !== undefined) resolve(found)
      })
    })
    if (process.platform === 'linux') {
      const line = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8')
      expect(line).toContain('--oauth2')
      expect(line).not.toContain('C4N4RY')
    }
    const ended = finished(child)
    child.kill('SIGINT')
    expect((await ended).code).toBe(130)
    await expect(fetch((await callbackOf(page)).origin)).rejects.toThrow()
  })
})

/** Logs in with `requests-ts send --oauth2` at an authorization server that other people wrote, with each grant. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Finished, finished, start } from '../cli/command.js'
import { type AuthorizationServer, CONFIDENTIAL, openAuthorizationServer, PUBLIC } from './authorizationServer.js'

let server: AuthorizationServer
let folder = ''
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  server = await openAuthorizationServer()
})
afterAll(() => server.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-oauth2-command-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

interface Running {
  /** Resolves with the first group of a pattern, once the standard error matches it. */
  readonly shown: (pattern: RegExp) => Promise<string>
  readonly finished: Promise<Finished>
}

const command = (fields: object): Running => {
  const { tokenUrl } = server
  writeFileSync(at('as.json'), JSON.stringify({ tokenUrl, ...fields }), { mode: 0o600 })
  const child = start(['send', server.resourceUrl, '--oauth2', at('as.json'), '--session', at('session.json')])
  const shown = (pattern: RegExp): Promise<string> =>
    new Promise((resolve) => {
      let err = ''
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString()
        const [, found] = pattern.exec(err) ?? []
        if (found !== undefined) resolve(found)
      })
    })
  return { shown, finished: finished(child) }
}

const run = (fields: object): Promise<Finished> => command(fields).finished

const OPEN = /Open this page to log in: (\S+)\n/
const SCOPE = ['openid', 'offline_access', 'read']

const machine = () => ({ ...CONFIDENTIAL, grant: 'client_credentials', scope: 'read' })
const browser = () => ({
  ...{ grant: 'authorization_code', clientId: PUBLIC.clientId, scope: SCOPE, issuer: server.issuer },
  ...{ authorizationUrl: server.authorizationUrl, authorizationParameters: { prompt: 'consent' } },
})
const device = () => ({
  ...{ grant: 'device_code', clientId: PUBLIC.clientId, scope: SCOPE },
  deviceAuthorizationUrl: server.deviceAuthorizationUrl,
})

/** Logs in with a browser. */
const logIn = async (): Promise<void> => {
  const running = command(browser())
  const callback = await server.logIn(await running.shown(OPEN))
  expect(await (await fetch(callback)).text()).toContain('You can close this window')
  const { out, code } = await running.finished
  expect([JSON.parse(out), code]).toEqual([expect.objectContaining({ clientId: 'public', accountId: 'ada' }), 0])
}

describe('send --oauth2', () => {
  it.each(['basic', 'body'])('gets a token with the credentials of the client in: %s', async (clientAuthentication) => {
    const before = server.tokenRequests().length
    const fields = { ...machine(), clientAuthentication }
    for (const _ of [1, 2]) {
      const { out, err, code } = await run(fields)
      expect([JSON.parse(out), err, code]).toEqual([{ clientId: 'confidential', accountId: '', scope: 'read' }, '', 0])
    }
    expect(server.tokenRequests().length).toBe(before + 1)
  })
  it('ends with 8 if the client has another secret', async () => {
    expect(await run({ ...machine(), clientSecret: 'wrong' })).toMatchObject({ code: 8, err: /invalid_client/ })
  })
  it('logs in with a browser, and renews the token with a refresh token that is used once', async () => {
    await logIn()
    for (const _ of [1, 2]) {
      server.revokeAccessTokens()
      expect(await run(browser())).toMatchObject({ code: 0, err: '' })
    }
    expect(server.tokenRequests().slice(-2)).toEqual([
      { grantType: 'refresh_token', error: undefined },
      { grantType: 'refresh_token', error: undefined },
    ])
  })
  it('logs in again after the login was revoked', async () => {
    await logIn()
    server.revokeAccessTokens()
    server.revokeRefreshTokens()
    await logIn()
  })
  it('ends with 8 if the user refuses', async () => {
    const running = command(browser())
    await fetch(await server.deny(await running.shown(OPEN)))
    expect(await running.finished).toMatchObject({ code: 8, err: /LoginRefused: .*access_denied/ })
  })
  it('continues with the refresh token of another login', async () => {
    await logIn()
    const { jar } = JSON.parse(readFileSync(at('session.json'), 'utf8'))
    const [, refreshToken] = /"refreshToken":"([^"]+)"/.exec(JSON.stringify(jar)) ?? []
    rmSync(at('session.json'))
    const fields = { grant: 'refresh_token', clientId: PUBLIC.clientId, refreshToken }
    expect(await run(fields)).toMatchObject({ code: 0, err: '' })
    server.revokeAccessTokens()
    expect(await run(fields)).toMatchObject({ code: 0, err: '' })
  })
  it('logs in on another device', async () => {
    const running = command(device())
    const page = await running.shown(/open the page that has the code: (\S+)\n/)
    expect(await server.logIn(page)).toContain('Sign-in Success')
    const { out, code } = await running.finished
    expect([JSON.parse(out), code]).toEqual([expect.objectContaining({ clientId: 'public', accountId: 'ada' }), 0])
    expect(await run(device())).toMatchObject({ code: 0, err: '' })
  })
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { Clock, Environment, Secret } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addressOf } from '../../src/cli/LoopbackCallback.js'
import * as OAuth2File from '../../src/cli/OAuth2File.js'
import type { Sink, Terminal } from '../../src/cli/Terminal.js'

const silent: Sink = { isTTY: false, columns: 80, write: async () => ({ _tag: 'Written' }) }

const terminal: Terminal = {
  out: silent,
  err: silent,
  input: async function* () {},
  NO_COLOR: undefined,
  variable: (name) => (name === 'SECRET' ? 'C4N4RY-variable' : undefined),
  environment: () => Environment.empty,
  clock: Clock.system,
  signal: new AbortController().signal,
}

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-oauth2-file-'))
  writeFileSync(join(folder, 'secret'), 'C4N4RY-file\n', { mode: 0o600 })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const loadText = (text: string, name = 'api.json') => {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return OAuth2File.load(path, terminal)
}
const load = (fields: object, name?: string) => loadText(JSON.stringify(fields), name)

const loaded = async (fields: object, name?: string): Promise<OAuth2File.Credential> => {
  const read = await load(fields, name)
  return E.isRight(read) ? read.right : expect.fail(read.left.message)
}

const BASE = { tokenUrl: 'https://auth.test/token', clientId: 'me' }
const MACHINE = { ...BASE, grant: 'client_credentials' }
const BROWSER = { ...BASE, grant: 'authorization_code', authorizationUrl: 'https://auth.test/authorize' }
const DEVICE = { ...BASE, grant: 'device_code', deviceAuthorizationUrl: 'https://auth.test/device' }
const REFRESH = { ...BASE, grant: 'refresh_token', refreshToken: 'C4N4RY' }

// --- valid files ---------------------------------------------------------------------------------------------------

const text = fc.stringMatching(/^[a-zA-Z0-9 ._~:/-]{1,20}$/)
const texts = fc.oneof(text, fc.array(text, { maxLength: 3 }))
const parameters = fc.dictionary(fc.stringMatching(/^x_[a-z]{1,8}$/), texts, { maxKeys: 3 })

/** Fields that every grant permits. */
const optional = fc.record(
  {
    name: text,
    clientSecret: text,
    clientAuthentication: fc.constant('body'),
    scope: texts,
    parameters,
    origins: fc.constantFrom(['https://api.test'], ['https://api.test/', 'http://127.0.0.1:8080']),
  },
  { requiredKeys: [] },
)
const forBrowser = fc.record(
  {
    redirectUri: fc.constantFrom('http://127.0.0.1/', 'http://[::1]:8400/cb', 'http://localhost/callback'),
    issuer: text,
    authorizationParameters: parameters,
  },
  { requiredKeys: [] },
)
const file = fc.oneof(
  optional.map((fields) => ({ ...MACHINE, ...fields })),
  optional.map((fields) => ({ ...REFRESH, ...fields })),
  optional.map((fields) => ({ ...DEVICE, ...fields })),
  fc.tuple(optional, forBrowser).map(([fields, more]) => ({ ...BROWSER, ...fields, ...more })),
)

describe('a file of --oauth2 (specification)', () => {
  it('gives the options of `Auth.oauth2`, whatever the order of its fields', () =>
    fc.assert(
      fc.asyncProperty(file, fc.infiniteStream(fc.nat()), async (fields, order) => {
        const entries = Object.entries(fields).map((entry) => ({ entry, rank: order.next().value }))
        const shuffled = entries.sort((x, y) => x.rank - y.rank).map(({ entry }) => entry)
        const { options, key, login } = await loaded(Object.fromEntries(shuffled))
        const { grant, clientSecret, ...rest } = options
        const own = ['tokenUrl', 'clientId', 'clientAuthentication', 'scope', 'parameters', 'origins']
        const expected = Object.fromEntries(Object.entries(fields).filter(([name]) => own.includes(name)))
        const name = 'name' in fields ? fields.name : options.name
        expect(rest).toEqual({ ...expected, name })
        expect(clientSecret === undefined ? undefined : Secret.reveal(clientSecret)).toBe(
          'clientSecret' in fields ? fields.clientSecret : undefined,
        )
        expect(key).toEqual({ name, endpoint: BASE.tokenUrl })
        expect([grant._tag, login?._tag]).toEqual(
          {
            client_credentials: ['ClientCredentials', undefined],
            refresh_token: ['RefreshToken', undefined],
            authorization_code: ['AuthorizationCode', 'Browser'],
            device_code: ['DeviceCode', 'Device'],
          }[fields.grant],
        )
      }),
      { numRuns: 60 },
    ))
  it.each([
    ['api.json', 'api'],
    ['api', 'api'],
    ['my.api.json', 'my.api'],
    ['.json', '.json'],
  ])('is named after its file and its client by default: %s', async (name, expected) => {
    expect((await loaded(MACHINE, name)).options.name.replace(/-[0-9a-f]{8}$/, '')).toBe(expected)
  })
  it('has another token for another client, scope, grant or parameter', async () => {
    const changes = [{}, { clientId: 'other' }, { scope: 'other' }, { parameters: { audience: 'other' } }]
    const names: string[] = []
    for (const change of changes) names.push((await loaded({ ...MACHINE, ...change })).key.name)
    expect(new Set(names).size).toBe(changes.length)
    expect((await loaded(MACHINE)).key.name).toBe(names[0])
  })
  it('reads secrets from a variable or another file', async () => {
    const secretOf = async (fields: object) => {
      const { clientSecret } = (await loaded({ ...MACHINE, ...fields })).options
      return clientSecret === undefined ? undefined : Secret.reveal(clientSecret)
    }
    expect(await secretOf({ clientSecretEnv: 'SECRET' })).toBe('C4N4RY-variable')
    expect(await secretOf({ clientSecretFile: 'secret' })).toBe('C4N4RY-file')
    expect(await secretOf({ clientSecretFile: join(folder, 'secret') })).toBe('C4N4RY-file')
    for (const source of [{ refreshTokenEnv: 'SECRET' }, { refreshTokenFile: 'secret' }]) {
      const { grant } = (await loaded({ ...BASE, grant: 'refresh_token', ...source })).options
      expect(grant._tag === 'RefreshToken' && Secret.reveal(grant.refreshToken)).toMatch(/^C4N4RY-(?:variable|file)$/)
    }
  })
  it('prints without its secrets', async () => {
    const credential = await loaded({ ...REFRESH, clientSecret: 'C4N4RY' })
    expect(JSON.stringify(credential)).not.toContain('C4N4RY')
  })
  it('warns about endpoints that are not encrypted, except on this machine', async () => {
    const notes = async (tokenUrl: string) => (await loaded({ ...MACHINE, tokenUrl })).notes
    expect(await notes('http://auth.test/token')).toEqual([expect.stringContaining('tokenUrl')])
    for (const host of ['127.0.0.1', '[::1]', 'localhost:8080']) expect(await notes(`http://${host}/`)).toEqual([])
  })
})

// --- invalid files -------------------------------------------------------------------------------------------------

/** The message of a file that must be rejected. */
const rejected = async (read: Promise<Awaited<ReturnType<typeof load>>>): Promise<string> => {
  const outcome = await read
  if (E.isRight(outcome)) return expect.fail('the file was accepted')
  expect(outcome.left._tag).toBe('UsageError')
  expect(outcome.left.message).not.toContain('C4N4RY')
  return outcome.left.message
}

const notText = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.constant({ a: 1 }), fc.constant([[1]]))
const FIELDS = [
  ...['name', 'grant', 'tokenUrl', 'clientId', 'clientSecret', 'clientSecretEnv', 'clientSecretFile', 'scope'],
  ...['clientAuthentication', 'authorizationUrl', 'redirectUri', 'issuer'],
]

describe('a file of --oauth2 that is not valid (specification)', () => {
  it('names an unknown field, and shows no value', () =>
    fc.assert(
      fc.asyncProperty(file, fc.stringMatching(/^[a-z_]{1,12}$/), async (fields, name) => {
        fc.pre(!FIELDS.includes(name) && !['parameters', 'origins'].includes(name))
        const values = { clientSecret: 'C4N4RY', [name]: 'C4N4RY' }
        expect(await rejected(load({ ...fields, ...values }))).toContain(`${name} is not a field`)
      }),
      { numRuns: 40 },
    ))
  it('names a field of the wrong type', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...FIELDS), notText, async (name, value) => {
        expect(await rejected(load({ ...BROWSER, [name]: value }))).toContain(name)
      }),
      { numRuns: 100 },
    ))
  it.each<readonly [string, object, RegExp]>([
    ['no grant', BASE, /grant is missing/],
    ['an unknown grant', { ...BASE, grant: 'C4N4RY' }, /grant must be client_credentials, /],
    ['an inherited name as grant', { ...BASE, grant: 'constructor' }, /grant must be/],
    ['no tokenUrl', { grant: 'client_credentials', clientId: 'me' }, /tokenUrl is missing/],
    ['no clientId', { grant: 'client_credentials', tokenUrl: BASE.tokenUrl }, /clientId is missing/],
    ['an empty clientId', { ...MACHINE, clientId: '' }, /clientId/],
    ['a tokenUrl that is no URL', { ...MACHINE, tokenUrl: 'C4N4RY' }, /tokenUrl/],
    ['a tokenUrl with a password', { ...MACHINE, tokenUrl: 'https://me:C4N4RY@auth.test/' }, /tokenUrl/],
    ['a tokenUrl with a fragment', { ...MACHINE, tokenUrl: 'https://auth.test/#C4N4RY' }, /tokenUrl/],
    ['a tokenUrl of another scheme', { ...MACHINE, tokenUrl: 'file:///C4N4RY' }, /tokenUrl/],
    ['a control character in the secret', { ...MACHINE, clientSecret: 'C4N4RY\n' }, /clientSecret/],
    ['an empty secret', { ...MACHINE, clientSecret: '' }, /clientSecret/],
    ['another authentication', { ...MACHINE, clientAuthentication: 'C4N4RY' }, /clientAuthentication/],
    ['basic authentication without a secret', { ...MACHINE, clientAuthentication: 'basic' }, /clientAuthentication/],
    [
      'two secrets',
      { ...MACHINE, clientSecret: 'C4N4RY', clientSecretEnv: 'SECRET' },
      /clientSecret and clientSecretEnv/,
    ],
    ['a variable that is not set', { ...MACHINE, clientSecretEnv: 'C4N4RY' }, /clientSecretEnv/],
    ['a value instead of a variable', { ...MACHINE, clientSecretEnv: 'C4N4RY secret' }, /clientSecretEnv/],
    ['a secret file that is missing', { ...MACHINE, clientSecretFile: 'C4N4RY' }, /clientSecretFile/],
    ['no refresh token', { ...BASE, grant: 'refresh_token' }, /refreshToken/],
    ['a refresh token for another grant', { ...MACHINE, refreshToken: 'C4N4RY' }, /refreshToken belongs to/],
    ['a parameter that the library sets', { ...MACHINE, parameters: { grant_type: 'C4N4RY' } }, /grant_type/],
    ['a parameter that is a number', { ...MACHINE, parameters: { audience: 1 } }, /parameters\.audience/],
    ['a scope with a quote', { ...MACHINE, scope: 'C4N4RY"' }, /scope/],
    ['no origins', { ...MACHINE, origins: [] }, /origins/],
    ['an origin with a path', { ...MACHINE, origins: ['https://api.test/C4N4RY'] }, /origins/],
    ['an origin with a password', { ...MACHINE, origins: ['https://me:C4N4RY@api.test'] }, /origins/],
    ['an origin of another scheme', { ...MACHINE, origins: ['file://C4N4RY'] }, /origins/],
    ['no authorizationUrl', { ...BASE, grant: 'authorization_code' }, /authorizationUrl is missing/],
    [
      'an authorizationUrl with a state',
      { ...BROWSER, authorizationUrl: 'https://a.test/?state=C4N4RY' },
      /authorizationUrl/,
    ],
    ['a redirectUri elsewhere', { ...BROWSER, redirectUri: 'https://C4N4RY.test/' }, /redirectUri/],
    ['a redirectUri with a query', { ...BROWSER, redirectUri: 'http://127.0.0.1/?a=C4N4RY' }, /redirectUri/],
    ['no deviceAuthorizationUrl', { ...BASE, grant: 'device_code' }, /deviceAuthorizationUrl is missing/],
    ['a name with a control character', { ...MACHINE, name: 'C4N4RY\t' }, /name/],
    ['an empty name', { ...MACHINE, name: '' }, /name/],
    ['a list', [MACHINE], /JSON object/],
  ])('rejects %s', async (_, fields, message) => {
    expect(await rejected(load(fields))).toMatch(message)
  })
  it.each(['', 'C4N4RY', '{"clientSecret":C4N4RY}', 'null', '"C4N4RY"', `${'['.repeat(100_000)}`])(
    'rejects a file that is not JSON',
    async (content) => {
      await rejected(loadText(content))
    },
  )
  it('ignores inherited fields', async () => {
    expect(await rejected(loadText(`{"__proto__":${JSON.stringify(MACHINE)}}`))).toContain('__proto__')
  })
  it('rejects a folder and a missing file', async () => {
    for (const path of [folder, join(folder, 'absent')]) await rejected(OAuth2File.load(path, terminal))
  })
})

describe('the address of a redirect URI (specification)', () => {
  const host = fc.constantFrom('127.0.0.1', '[::1]', 'localhost')
  const path = fc.stringMatching(/^(?:\/[a-zA-Z0-9_.~-]{1,8}){0,3}\/?$/)
  const port = fc.integer({ min: 1, max: 65_535 })
  it('gets the port of the listener only if it has none', () =>
    fc.assert(
      fc.property(host, path, port, port, (name, rest, given, actual) => {
        const free = addressOf(`http://${name}${rest}`)
        const fixed = addressOf(`http://${name}:${given}${rest}`)
        if (E.isLeft(free) || E.isLeft(fixed)) return expect.fail('the address is not accepted')
        expect(free.right.port).toBe(0)
        expect(free.right.withPort(actual)).toBe(`http://${name}:${actual}${rest}`)
        expect(fixed.right.port).toBe(given)
        expect(fixed.right.withPort(actual)).toBe(`http://${name}:${given}${rest}`)
        for (const { right } of [free, fixed]) {
          expect(right.host).toBe(name === '[::1]' ? '::1' : '127.0.0.1')
          expect(right.path).toBe(new URL(`http://h.test${rest}`).pathname)
        }
      }),
    ))
  it.each([
    '',
    'http://127.0.0.2/',
    'http://0.0.0.0/',
    'http://127.0.0.1.evil.test/',
    'http://localhost.evil.test/',
    'http://me@127.0.0.1/',
    'http://127.0.0.1@evil.test/',
    'https://127.0.0.1/',
    'http://127.0.0.1:0/',
    'http://127.0.0.1:65536/',
    'http://127.0.0.1:80a/',
    'http://127.0.0.1/a b',
    'http://127.0.0.1/#a',
    'http://127.0.0.1/?a',
    'http://127.0.0.1\\a',
    ' http://127.0.0.1/',
  ])('does not exist for %j', (redirectUri) => {
    expect(E.isLeft(addressOf(redirectUri))).toBe(true)
  })
})

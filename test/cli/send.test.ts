import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Jar, Session, Store } from 'requests-ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { call, finished, run, type Served, serve, start } from './command.js'

let server: Served
let folder = ''
const at = (name: string): string => join(folder, name)

beforeAll(async () => {
  server = await serve()
})
afterAll(() => server.close())
beforeEach(() => {
  server.requests.length = 0
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-cli-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

/** The requests that the server received, without headers that every request has. */
const received = (): ReadonlyArray<object> =>
  server.requests.map(({ method, url, headers, body }) => {
    const { host, connection, accept, 'accept-encoding': encoding, 'user-agent': agent, ...rest } = headers
    return { method, url, headers: rest, body }
  })

describe('send', () => {
  it('writes only the body to a pipe, byte by byte', async () => {
    expect(await run('send', `${server.url}/home`)).toEqual({ out: 'welcome', err: '', code: 0 })
    const child = start(['send', 'GET', `${server.url}/bytes`])
    const pieces: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => pieces.push(chunk))
    await new Promise((resolve) => child.on('close', resolve))
    expect([...Buffer.concat(pieces)]).toEqual([0, 255, 13, 10, 27])
  })

  it.each<readonly [string, ReadonlyArray<string>, object]>([
    ['JSON', ['a=1', 'b:=2', 'c:=["x"]'], { method: 'POST', body: '{"a":"1","b":2,"c":["x"]}', url: '/home' }],
    ['a form', ['--form', 'a=1 &', 'a=é'], { method: 'POST', body: 'a=1+%26&a=%C3%A9', url: '/home' }],
    ['a query', ['q==a b', '1==x', 'q==c'], { method: 'GET', body: '', url: '/home?q=a+b&q=c&1=x' }],
    ['a request with the method after the options', ['-f', 'PUT', 'a=1'], { method: 'PUT', body: 'a=1', url: '/home' }],
  ])('sends %s', async (_, words, sent) => {
    const method = words.filter((word) => /^[A-Z]+$/.test(word))
    const rest = words.filter((word) => !method.includes(word))
    expect((await call('send', ...method, `${server.url}/home`, ...rest)).code).toBe(0)
    expect(received()).toMatchObject([sent])
  })

  it('sends, removes and empties headers', async () => {
    await call('send', `${server.url}/home`, 'X-A:1', 'X-B;', 'User-Agent:', 'Accept:text/html')
    expect(server.requests[0]?.headers).toMatchObject({ 'x-a': '1', 'x-b': '', accept: 'text/html' })
    expect(server.requests[0]?.headers).not.toHaveProperty('user-agent')
  })

  it('sends files as upload, text, JSON and whole body', async () => {
    writeFileSync(at('a.txt'), 'text of a')
    writeFileSync(at('b.json'), '{"b":1}')
    const file = `file@${at('a.txt')};type=text/plain`
    await call('send', `${server.url}/home`, '--form', file, `note=@${at('a.txt')}`)
    const [upload] = server.requests
    const [, boundary = ''] = /boundary=(.+)$/.exec(upload?.headers['content-type'] ?? '') ?? []
    expect(upload?.body.replaceAll(boundary, 'B').split('\r\n')).toEqual([
      '--B',
      'Content-Disposition: form-data; name="file"; filename="a.txt"',
      'Content-Type: text/plain',
      '',
      'text of a',
      '--B',
      'Content-Disposition: form-data; name="note"',
      '',
      'text of a',
      '--B--',
      '',
    ])
    await call('send', `${server.url}/home`, `a=@${at('a.txt')}`, `b:=@${at('b.json')}`)
    await call('send', `${server.url}/home`, `@${at('b.json')}`, 'Content-Type:application/json')
    await finished(start(['send', `${server.url}/home`, '@-']), 'from the pipe')
    expect(received().slice(1)).toMatchObject([
      { body: '{"a":"text of a","b":{"b":1}}' },
      { body: '{"b":1}', headers: { 'content-length': '7', 'content-type': 'application/json' } },
      { body: 'from the pipe', headers: { 'transfer-encoding': 'chunked' } },
    ])
  })

  it('prints each hop to the standard error with --verbose', async () => {
    const { out, err, code } = await call('send', '-v', `${server.url}/login`)
    expect([out, code]).toEqual(['welcome', 0])
    expect(err.replace(/until \S+/, 'until then').split('\n')).toEqual([
      `1  GET ${server.url}/login`,
      '   302 Found',
      '   + cookie sid, for 127.0.0.1/, until then',
      `   → follows the redirect to ${server.url}/home`,
      '',
      `2  GET ${server.url}/home`,
      '   200 OK',
      '   → done: 7 bytes',
      '',
    ])
  })

  it('prints each hop as a diagram to the standard error with --mermaid', async () => {
    const { out, err, code } = await call('send', '--mermaid', `${server.url}/login`)
    expect([out, code]).toEqual(['welcome', 0])
    expect(
      err
        .split('\n')
        .slice(0, 6)
        .map((line) => line.trim()),
    ).toEqual([
      'sequenceDiagram',
      'participant client',
      `participant server1 as ${server.url}`,
      'participant jar as cookie jar',
      'client->>server1: 1. GET /login',
      'server1-->>client: 302 Found',
    ])
    expect(await call('send', '--mermaid', '-v', `${server.url}/login`)).toMatchObject({ code: 2 })
  })

  it('follows redirects except for HEAD and with --no-follow', async () => {
    expect(await call('send', `${server.url}/login`, '--no-follow')).toEqual({ out: '', err: '', code: 0 })
    await call('send', 'HEAD', `${server.url}/login`)
    await call('send', 'HEAD', `${server.url}/login`, '--follow')
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /login',
      'HEAD /login',
      'HEAD /login',
      'HEAD /home',
    ])
  })

  it('sends the request of a curl line, and names the ignored options', async () => {
    const line = `curl -s '${server.url}/home' -H 'x-a: it'\\''s' --data-raw 'a=1'`
    expect(await call('send', '--curl', line)).toMatchObject({ out: 'welcome', code: 0, err: /--silent/ })
    expect(received()).toMatchObject([{ method: 'POST', body: 'a=1', headers: { 'x-a': "it's" } }])
  })

  it('ends with 0 and no error when the reader of the pipe exits', async () => {
    const child = start(['send', `${server.url}/long`])
    child.stdout.once('data', () => child.stdout.destroy())
    const err: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect([code, Buffer.concat(err).toString()]).toEqual([0, ''])
  })
})

describe('send --output', () => {
  it('saves the body to the file and prints nothing', async () => {
    expect(await call('send', `${server.url}/home`, '-o', at('page'))).toEqual({ out: '', err: '', code: 0 })
    expect(readFileSync(at('page'), 'utf8')).toBe('welcome')
    expect(readdirSync(folder)).toEqual(['page'])
  })
  it.each([
    ['/missing', 6],
    ['/cut', 4],
  ])('keeps the existing file when %s fails', async (path, code) => {
    writeFileSync(at('page'), 'old')
    expect((await call('send', `${server.url}${path}`, '-o', at('page'))).code).toBe(code)
    expect(readFileSync(at('page'), 'utf8')).toBe('old')
  })
})

describe('send --session', () => {
  const text = (): string => readFileSync(at('session.json'), 'utf8')

  it('creates a file with mode 0600, and sends its cookies in the next call', async () => {
    const session = ['--session', at('session.json')]
    expect((await run('send', `${server.url}/login`, ...session, '--auth', 'me:C4N4RY')).code).toBe(0)
    expect(statSync(at('session.json')).mode & 0o777).toBe(0o600)
    expect(text()).toContain('C4N4RY-cookie')
    expect(text()).not.toContain('"C4N4RY"')
    await run('send', `${server.url}/home`, ...session)
    expect(server.requests.at(-1)?.headers).toMatchObject({ cookie: 'sid=C4N4RY-cookie' })
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('authorization')
    expect(readdirSync(folder)).toEqual(['session.json'])
  })
  it('applies the settings of the file, and does not change them', async () => {
    const session = pipe(
      Session.defaults,
      Session.withBaseUrl(server.url),
      Session.withBearer('t'),
      Session.withQuery({ k: 1 }),
    )
    await Store.save(at('session.json'))({ session, jar: Jar.empty })()
    expect((await call('send', 'missing', 'q==1', '--session', at('session.json'))).code).toBe(6)
    expect(received()).toMatchObject([{ url: '/missing?k=1&q=1', headers: { authorization: 'Bearer t' } }])
    const loaded = await Store.load(at('session.json'))()
    if (E.isLeft(loaded)) return expect.fail(loaded.left.message)
    expect(Session.encode({ reveal: true })(loaded.right.session)).toEqual(Session.encode({ reveal: true })(session))
    // A 404 is a complete reply, so its cookies are stored, as in a browser.
    expect(Jar.toArray(loaded.right.jar).map(({ name }) => name)).toEqual(['seen'])
  })
  it.each([
    ['/cut', 4],
    ['/loop', 5],
  ])('writes no session file when %s fails', async (path, code) => {
    expect((await call('send', `${server.url}${path}`, '--session', at('session.json'))).code).toBe(code)
    expect(readdirSync(folder)).toEqual([])
  })
  it('does not change the session file on an interrupt, and ends with 130', async () => {
    await call('send', `${server.url}/login`, '--session', at('session.json'))
    const before = text()
    const child = start(['send', `${server.url}/endless`, '--session', at('session.json')])
    child.stdout.once('data', () => child.kill('SIGINT'))
    expect(await finished(child)).toEqual({ out: 'first\n', err: 'error interrupted\n', code: 130 })
    expect(text()).toBe(before)
    expect(readdirSync(folder)).toEqual(['session.json'])
  })
  it('sends nothing and keeps a session file that cannot be read', async () => {
    await call('send', `${server.url}/login`, '--session', at('session.json'))
    server.requests.length = 0
    for (const content of [
      text().slice(0, -40),
      text().replace('"version": 1', '"version": 9'),
      '{"token": C4N4RY}',
      '',
      '{}',
    ]) {
      writeFileSync(at('session.json'), content)
      const { out, err, code } = await call('send', `${server.url}/home`, '--session', at('session.json'))
      expect([out, code]).toEqual(['', 2])
      expect(err).toMatch(/^error Cannot read the session file .*session\.json: /)
      expect(err).not.toContain('C4N4RY')
      expect(text()).toBe(content)
    }
    expect(server.requests).toEqual([])
  })
  it('keeps the cookies of eight commands that run at the same time', async () => {
    const words = (i: number) => ['send', `${server.url}/name?c${i}`, '--session', at('session.json')]
    const done = await Promise.all(Array.from({ length: 8 }, (_, i) => run(...words(i))))
    expect(done.map(({ code }) => code)).toEqual(Array.from({ length: 8 }, () => 0))
    const loaded = await Store.load(at('session.json'))()
    const names = E.isRight(loaded) ? Jar.toArray(loaded.right.jar).map(({ name }) => name) : []
    expect([...names].sort()).toEqual(Array.from({ length: 8 }, (_, i) => `c${i}`))
    expect(readdirSync(folder)).toEqual(['session.json'])
  })
  it('keeps a logout that a slower command did not see', async () => {
    const session = ['--session', at('session.json')]
    await call('send', `${server.url}/login`, ...session)
    const slow = finished(start(['send', `${server.url}/held`, ...session]))
    const release = await server.held
    await call('send', `${server.url}/logout`, ...session)
    release()
    expect((await slow).code).toBe(0)
    const loaded = await Store.load(at('session.json'))()
    expect(E.isRight(loaded) && Jar.toArray(loaded.right.jar)).toEqual([])
    expect(text()).not.toContain('C4N4RY')
  })
  it('keeps a login that a slower command did not see', async () => {
    const session = ['--session', at('session.json')]
    await call('send', `${server.url}/home`, ...session)
    const slow = finished(start(['send', `${server.url}/held`, ...session]))
    const release = await server.held
    await call('send', `${server.url}/login`, ...session)
    release()
    expect((await slow).code).toBe(0)
    expect(Object.keys(JSON.parse(text()))).toContain('jar')
    expect(text()).toContain('C4N4RY-cookie')
  })
})

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import { Jar, Session, Store } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as Coding from '../../src/wire/coding/Coding.js'
import { call, finished, run, type Served, serve, start } from './command.js'

const AGENT = `requests-ts/${Session.VERSION}`

describe('plan', () => {
  it('prints the HTTP message without secrets', async () => {
    const words = ['https://me:C4N4RY@example.com/a', 'q==1', 'X-Api-Key:C4N4RY', 'pass=C4N4RY']
    expect(await run('plan', ...words)).toEqual({
      out: `POST /a?q=1 HTTP/1.1
Host: example.com
User-Agent: ${AGENT}
Accept-Encoding: ${Coding.supported}
Accept: */*
Connection: keep-alive
X-Api-Key: ‹secret›
Content-Length: 17
Content-Type: application/json
Authorization: ‹secret›

‹17 bytes›
`,
      err: '',
      code: 0,
    })
  })
  it('prints secrets with --reveal', async () => {
    const { out } = await call('plan', 'https://example.com/a', '-f', '-a', 'me:hunter2', 'a=1', 'b=2', '--reveal')
    expect(out).toMatch(/Authorization: Basic bWU6aHVudGVyMg==\n\na=1&b=2\n$/)
  })
  it('prints JSON with --json', async () => {
    const { out } = await call('plan', '--json', 'https://example.com/a', '--bearer', 'C4N4RY')
    expect(JSON.parse(out)).toMatchObject({ method: 'GET', url: 'https://example.com/a' })
    expect(out).not.toContain('C4N4RY')
  })
  it('plans the request of a curl line', async () => {
    const { out, code } = await call('plan', '--curl', `curl 'http://x.test/a' -X PUT -H 'a: b' -d 'x'`)
    expect(out).toMatch(/^PUT \/a HTTP\/1\.1\nHost: x\.test\n/)
    expect([out.endsWith('\n\n‹1 byte›\n'), code]).toEqual([true, 0])
  })
})

describe('curl', () => {
  it('prints a curl line without secrets', async () => {
    const words = ['https://example.com/', 'q==a b', 'Accept-Encoding:', '--auth', 'me:C4N4RY', '--timeout', '2.5']
    expect(await call('curl', ...words)).toEqual({
      out: `curl 'https://example.com/?q=a+b' --http1.1 -H 'User-Agent: ${AGENT}' \\
  -H 'Accept: */*' -H 'Connection: keep-alive' -H 'Authorization: ‹secret›' \\
  --connect-timeout 10 --max-time 2.5
`,
      err: '',
      code: 0,
    })
  })
  it('prints a line that --curl reads back', async () => {
    const { out } = await call('curl', '--reveal', 'https://example.com/', 'a=it\'s "1"', '--bearer', 't')
    const again = await call('curl', '--reveal', '--curl', out)
    expect(again).toEqual({ out, err: '', code: 0 })
  })
})

describe('explain', () => {
  it('prints the origin of each field and the lint findings', async () => {
    const child = start(['explain', 'http://example.com/', 'accept:text/html', '-a', 'me:C4N4RY'], { no_proxy: 'x' })
    expect(await finished(child)).toEqual({
      out: `GET http://example.com/
  method             request     GET
  url                request     http://example.com/
  User-Agent         defaults    ${AGENT}
  Accept-Encoding    defaults    ${Coding.supported}
  accept             request     text/html
                                   over defaults: */*
  Connection         defaults    keep-alive
  Authorization      request     ‹secret›
                                   Basic for the user me
  body               defaults    none
  proxy              defaults    none
  tls verify         defaults    certificates are verified
  tls ca             defaults    the built-in roots
  tls certificate    defaults    none
  timeout connect    defaults    10000 ms
  timeout read       defaults    60000 ms
  timeout total      defaults    none
  limit body         defaults    268435456 bytes
  cause              prepare     the first request
  auth               request     Basic for the user me
  base URL           defaults    none
  max redirects      defaults    30
  redirects          defaults    followed
  hooks              defaults    none
  observers          defaults    none
  progress           defaults    none

Not consulted
  netrc: the request sets auth (Basic for the user me)

Remarks
credentials-over-http  Authorization can be read by anyone on the network path
                       to example.com; use https
`,
      err: '',
      code: 0,
    })
  })
  it('prints JSON with --json', async () => {
    const { out } = await call('explain', '--json', 'http://example.com/', 'X-A:1', '--bearer', 'C4N4RY')
    const { entries, remarks } = JSON.parse(out)
    expect(entries).toContainEqual({
      field: 'header',
      name: 'X-A',
      value: '1',
      layer: 'request',
      how: '',
      overrode: [],
    })
    expect(remarks).toMatchObject([{ rule: 'credentials-over-http' }])
    expect(out).not.toContain('C4N4RY')
  })
})

describe('bad input', () => {
  let server: Served
  let folder = ''
  beforeAll(async () => {
    server = await serve()
    folder = mkdtempSync(join(tmpdir(), 'requests-ts-cli-'))
  })
  afterAll(async () => {
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The message must contain the input that is wrong. */
  it.each<readonly [ReadonlyArray<string>, string]>([
    [[], 'Missing command'],
    [['sned', 'URL'], "'sned'"],
    [['send'], 'Missing URL'],
    [['send', 'get'], 'Missing URL after get'],
    [['send', 'URL', 'word'], "'word'"],
    [['send', 'URL', '--frm'], "'--frm'"],
    [['send', 'URL', '--session'], "'--session <value>'"],
    [['send', 'URL', '--reveal'], '--reveal'],
    [['plan', 'URL', '-o', 'x'], '--output'],
    [['send', 'URL', '--follow', '--no-follow'], '--follow and --no-follow'],
    [['send', 'URL', '--auth', 'C4N4RY'], '--auth'],
    [['send', 'URL', '--timeout', '0'], "--timeout '0'"],
    [['send', 'URL', '--cert', 'x.pem'], 'x.pem'],
    [['send', 'URL', '--key', 'package.json'], '--key'],
    [['send', 'URL', 'a=1', 'a=2'], "'a'"],
    [['send', 'URL', 'a:=C4N4RY'], "'a:=…'"],
    [['send', 'URL', '-f', 'a:=1'], "'a:=…'"],
    [['send', 'URL', 'a@package.json'], '--form'],
    [['send', 'URL', '@-', 'a=1'], '@file'],
    [['send', 'URL', '@/no/such'], '/no/such'],
    [['send', 'URL', '--session', '/no/such'], '/no/such'],
    [['send', 'URL', '-o', '/tmp'], '/tmp'],
    [['send', '--curl', "curl 'URL"], 'line 1, column 6'],
    [['send', 'URL', '--curl', 'curl URL'], '--curl'],
  ])('%j ends with 2 and names the wrong input', async (words, named) => {
    const { out, err, code } = await call(...words.map((word) => word.replace('URL', `${server.url}/home`)))
    expect([out, code]).toEqual(['', 2])
    expect(err).toMatch(/^error [^\n]+\n$/)
    expect(err).toContain(named)
    expect(err).not.toContain('C4N4RY')
    expect(server.requests).toEqual([])
  })
  it('ends the process as it ends the function', async () => {
    expect(await run('send', server.url, '--frm')).toEqual(await call('send', server.url, '--frm'))
    expect((await run('send', server.url, '--frm')).code).toBe(2)
    expect((await run('send', 'example.com')).code).toBe(3)
    expect((await run('send', 'http://127.0.0.1:1/')).code).toBe(4)
    expect((await run('send', `${server.url}/loop`)).code).toBe(5)
    expect((await run('send', `${server.url}/missing`)).code).toBe(6)
    expect((await run('send', `${server.url}/login`, '--no-follow', '-o', join(folder, 'x'))).code).toBe(7)
    server.requests.length = 0
  })
  it('rejects a second URL without repeating its password', async () => {
    const { err, code } = await call('send', server.url, 'http://me:C4N4RY@x.test/')
    expect(err).toMatch(/^error http:\/\/‹secret›@x\.test\/ looks like a second URL/)
    expect([code, server.requests]).toEqual([2, []])
  })
  it('rejects a text file that is not UTF-8', async () => {
    writeFileSync(join(folder, 'bytes'), Buffer.from([0xff]))
    const { err, code } = await call('send', server.url, `a=@${join(folder, 'bytes')}`)
    expect([code, server.requests]).toEqual([2, []])
    expect(err).toMatch(/^error Cannot read the text of .*bytes: /)
  })
  it.each<readonly [ReadonlyArray<string>, number, RegExp]>([
    [['send', 'example.com'], 3, /^error MissingScheme: .*https:\/\/example\.com/],
    [['plan', 'ftp://x/'], 3, /^error UnsupportedScheme: /],
    [['curl', 'http://x/', '--proxy', 'what://x'], 3, /^error InvalidProxy: /],
    [['send', 'http://127.0.0.1:1/'], 4, /^error ConnectFailed: /],
    [['send', 'URL/cut'], 4, /^error BodyCut: /],
    [['send', 'URL/endless', '--timeout', '0.2'], 4, /^error DeadlineExceeded: /],
    [['send', 'URL/loop'], 5, /^error TooManyRedirects: /],
    [['send', 'URL/missing'], 6, /^error .*404 Not Found.* GET http:.*\/missing\n$/],
    [['send', 'URL/broken'], 6, /^error .*503 Service Unavailable.* GET http:.*\/broken\n$/],
    [['send', 'URL/login', '--no-follow', '-o', 'FOLDER/x'], 7, /^error UnexpectedStatus: /],
  ])('%j ends with %d', async (words, code, message) => {
    const result = await call(...words.map((word) => word.replace('URL', server.url).replace('FOLDER', folder)))
    expect(result.code).toBe(code)
    expect(result.err).toMatch(message)
    expect(readdirSync(folder).filter((name) => name.startsWith('x'))).toEqual([])
  })
})

describe('secrets', () => {
  it('are not printed by any command without --reveal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'requests-ts-cli-'))
    const path = join(folder, 'session.json')
    const session = pipe(
      Session.defaults,
      Session.withSecretHeader('X-Own', 'C4N4RY'),
      Session.withProxy('http://u:C4N4RY@127.0.0.1:1'),
    )
    const [jar] = Jar.absorb(new URL('http://h.test/'), ['sid=C4N4RY; Max-Age=9999'], new Date())(Jar.empty)
    await Store.save(path)({ session, jar })()
    const request = ['http://u:C4N4RY@h.test/', 'Cookie:a=C4N4RY', 'X-Api-Key:C4N4RY', 'pass=C4N4RY', '--session', path]
    const curl = ['--session', path, '--curl', `curl -u u:C4N4RY http://h.test/ -b a=C4N4RY -d C4N4RY`]
    for (const words of [request, [...request, '--bearer', 'C4N4RY'], [...request, '-a', 'u:C4N4RY'], curl]) {
      for (const command of [
        ['plan'],
        ['plan', '--json'],
        ['explain'],
        ['explain', '--json'],
        ['curl'],
        ['send', '-v'],
      ]) {
        const { out, err, code } = await call(...command, ...words)
        expect(`${out}${err}`).not.toContain('C4N4RY')
        expect(`${out}${err}`).not.toContain(Buffer.from('u:C4N4RY').toString('base64'))
        expect(code).toBe(command[0] === 'send' ? 4 : 0)
      }
    }
    expect((await call('curl', '--reveal', ...request)).out).toContain('C4N4RY')
    rmSync(folder, { recursive: true })
  }, 60_000)
})

describe('help', () => {
  it('fits 80 columns, and lists every exit code', async () => {
    const { out, err, code } = await call('--help')
    expect([err, code]).toEqual(['', 0])
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
    for (const exit of [0, 1, 2, 3, 4, 5, 6, 7, 130]) expect(out).toMatch(new RegExp(`(^|\\s)${exit} {2}\\S`, 'm'))
    expect(await call('send', 'http://x/', '-h')).toEqual({ out, err: '', code: 0 })
  })
  it('prints the version', async () => {
    expect(await call('--version')).toEqual({ out: `requests-ts ${Session.VERSION}\n`, err: '', code: 0 })
  })
})

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import { Jar, Session, Store } from 'requests-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as Coding from '../../src/wire/coding/Coding.js'
import { call, ended, run, type Served, serve, start } from './command.js'

const AGENT = `requests-ts/${Session.VERSION}`

describe('plan', () => {
  it('prints the message, with every secret closed', async () => {
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
  it('opens them with --reveal', async () => {
    const { out } = await run('plan', 'https://example.com/a', '-f', '-a', 'me:hunter2', 'a=1', 'b=2', '--reveal')
    expect(out).toMatch(/Authorization: Basic bWU6aHVudGVyMg==\n\na=1&b=2\n$/)
  })
  it('is JSON for machines', async () => {
    const { out } = await run('plan', '--json', 'https://example.com/a', '--bearer', 'C4N4RY')
    expect(JSON.parse(out)).toMatchObject({ method: 'GET', url: 'https://example.com/a' })
    expect(out).not.toContain('C4N4RY')
  })
  it('is of a curl line', async () => {
    const { out, code } = await run('plan', '--curl', `curl 'http://x.test/a' -X PUT -H 'a: b' -d 'x'`)
    expect(out).toMatch(/^PUT \/a HTTP\/1\.1\nHost: x\.test\n/)
    expect([out.endsWith('\n\n‹1 byte›\n'), code]).toEqual([true, 0])
  })
})

describe('curl', () => {
  it('prints a line, with every secret closed', async () => {
    const words = ['https://example.com/', 'q==a b', 'Accept-Encoding:', '--auth', 'me:C4N4RY', '--timeout', '2.5']
    expect(await run('curl', ...words)).toEqual({
      out: `curl 'https://example.com/?q=a+b' --http1.1 -H 'User-Agent: ${AGENT}' \\
  -H 'Accept: */*' -H 'Connection: keep-alive' -H 'Authorization: ‹secret›' \\
  --connect-timeout 10 --max-time 2.5
`,
      err: '',
      code: 0,
    })
  })
  it('is read again', async () => {
    const { out } = await run('curl', '--reveal', 'https://example.com/', 'a=it\'s "1"', '--bearer', 't')
    const again = await run('curl', '--reveal', '--curl', out)
    expect(again).toEqual({ out, err: '', code: 0 })
  })
})

describe('explain', () => {
  it('says where everything comes from, and what is odd', async () => {
    const child = start(['explain', 'http://example.com/', 'accept:text/html', '-a', 'me:C4N4RY'], { no_proxy: 'x' })
    expect(await ended(child)).toEqual({
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
  tls verify         defaults    certificates are checked
  tls ca             defaults    the built-in roots
  tls certificate    defaults    none
  timeout connect    defaults    10000 ms
  timeout read       defaults    60000 ms
  timeout total      defaults    none
  limit body         defaults    268435456 bytes
  cause              prepare     it is the first
  auth               request     Basic for the user me
  base URL           defaults    none
  max redirects      defaults    30
  redirects          defaults    all are followed
  hooks              defaults    none
  progress           defaults    none

Not consulted
  netrc: the request has its own auth (Basic for the user me)

Remarks
credentials-over-http  Authorization can be read by everyone on the way to
                       example.com; use https
`,
      err: '',
      code: 0,
    })
  })
  it('is JSON for machines', async () => {
    const { out } = await run('explain', '--json', 'http://example.com/', 'X-A:1', '--bearer', 'C4N4RY')
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

  it.each<readonly [ReadonlyArray<string>, string]>([
    [[], 'No command is given: plan, explain, curl, send; see requests-ts --help'],
    [['sned', 'URL'], "'sned' is no command: plan, explain, curl, send; see requests-ts --help"],
    [['send'], 'No URL is given'],
    [['send', 'get'], 'No URL follows get: write GET get if that is the URL'],
    [
      ['send', 'URL', 'word'],
      "'word' is no item: write name=value, name:=json, name==query, Header:value or name@file",
    ],
    [
      ['send', 'URL', '--frm'],
      "Unknown option '--frm'; a word that begins with '-' goes behind '--'; see requests-ts --help",
    ],
    [['send', 'URL', '--session'], "Option '--session <value>' argument missing; see requests-ts --help"],
    [['send', 'URL', '--reveal'], '--reveal is for plan and curl only'],
    [['plan', 'URL', '-o', 'x'], '--output is for send only'],
    [['send', 'URL', '--follow', '--no-follow'], '--follow and --no-follow contradict each other: leave one out'],
    [['send', 'URL', '--auth', 'C4N4RY'], '--auth needs user:password; an empty password is user:'],
    [['send', 'URL', '--timeout', '0'], "--timeout needs seconds above 0, such as 2.5, and not '0'"],
    [['send', 'URL', '--cert', 'x.pem'], "x.pem cannot be read: ENOENT: no such file or directory, access 'x.pem'"],
    [['send', 'URL', '--key', 'package.json'], '--key is the key of a --cert'],
    [['send', 'URL', 'a=1', 'a=2'], "'a' stands twice, and JSON has each name once: write a:=[…]"],
    [['send', 'URL', 'a:=C4N4RY'], `'a:=…': it is not JSON. Text stands in quotes ('a:="text"'), or write name=text`],
    [['send', 'URL', '-f', 'a:=1'], "'a:=…' is for JSON, and a form has text alone: write name=value"],
    [['send', 'URL', '@-', 'a=1'], '@file is the whole body: leave out the other fields and files, or write name@file'],
    [['send', 'URL', '@/no/such'], "/no/such cannot be read: ENOENT: no such file or directory, stat '/no/such'"],
    [
      ['send', 'URL', '--session', '/no/such'],
      "/no/such cannot be written: ENOENT: no such file or directory, access '/no'",
    ],
    [['send', 'URL', '-o', '/tmp'], '/tmp cannot be written: "/tmp" is a folder: name a file in it'],
    [
      ['send', '--curl', "curl 'URL"],
      "This curl line cannot be taken over: the quote ' that opens at line 1, column 6 is not closed; copy the whole line",
    ],
    [
      ['send', 'URL', '--curl', 'curl URL'],
      'A curl line says method, URL and body itself: leave out 1 of the words, or --curl',
    ],
  ])('%j', async (words, message) => {
    const told = await call(...words.map((word) => word.replace('URL', `${server.url}/home`)))
    expect(told).toEqual({ out: '', err: `error ${message}\n`, code: 2 })
    expect(server.heard).toEqual([])
  })
  it('ends the process in the same way', async () => {
    const told = {
      out: '',
      err: "error Unknown option '--frm'; a word that begins with '-' goes behind '--'; see requests-ts --help\n",
      code: 2,
    }
    expect(await run('send', server.url, '--frm')).toEqual(told)
    expect(await call('send', server.url, '--frm')).toEqual(told)
    expect((await run('send', 'example.com')).code).toBe(3)
    expect((await run('send', 'http://127.0.0.1:1/')).code).toBe(4)
    expect((await run('send', `${server.url}/loop`)).code).toBe(5)
    expect((await run('send', `${server.url}/missing`)).code).toBe(6)
    expect((await run('send', `${server.url}/login`, '--no-follow', '-o', join(folder, 'x'))).code).toBe(7)
    server.heard.length = 0
  })
  it('a second URL is no header, and shows no password', async () => {
    const { err, code } = await call('send', server.url, 'http://me:C4N4RY@x.test/')
    expect(err).toMatch(/^error There is a URL already, and http:\/\/‹secret›@x\.test\/ looks like another: /)
    expect([code, server.heard]).toEqual([2, []])
  })
  it('a file that is read as text must be text', async () => {
    writeFileSync(join(folder, 'bytes'), Buffer.from([0xff]))
    const { err, code } = await call('send', server.url, `a=@${join(folder, 'bytes')}`)
    expect([code, server.heard]).toEqual([2, []])
    expect(err).toMatch(/bytes cannot be read as text/)
  })
  it.each<readonly [ReadonlyArray<string>, number, RegExp]>([
    [['send', 'example.com'], 3, /^error MissingScheme: .*Perhaps you meant https:\/\/example\.com\?\n$/],
    [['plan', 'ftp://x/'], 3, /^error UnsupportedScheme: /],
    [['curl', 'http://x/', '--proxy', 'what://x'], 3, /^error InvalidProxy: /],
    [['send', 'http://127.0.0.1:1/'], 4, /^error ConnectFailed: /],
    [['send', 'URL/cut'], 4, /^error BodyCut: /],
    [['send', 'URL/endless', '--timeout', '0.2'], 4, /^error DeadlineExceeded: /],
    [['send', 'URL/loop'], 5, /^error TooManyRedirects: /],
    [['send', 'URL/missing'], 6, /^error 404 Not Found is the answer to GET http:.*\/missing\n$/],
    [['send', 'URL/broken'], 6, /^error 503 Service Unavailable is the answer to GET http:.*\/broken\n$/],
    [['send', 'URL/login', '--no-follow', '-o', 'FOLDER/x'], 7, /^error UnexpectedStatus: /],
  ])('%j ends with %d', async (words, code, message) => {
    const told = await call(...words.map((word) => word.replace('URL', server.url).replace('FOLDER', folder)))
    expect(told.code).toBe(code)
    expect(told.err).toMatch(message)
    expect(readdirSync(folder).filter((name) => name.startsWith('x'))).toEqual([])
  })
})

describe('secrets', () => {
  it('are shown by nothing without --reveal', async () => {
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
  it('fits a terminal, and names every exit code', async () => {
    const { out, err, code } = await run('--help')
    expect([err, code]).toEqual(['', 0])
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
    for (const exit of [0, 1, 2, 3, 4, 5, 6, 7, 130]) expect(out).toMatch(new RegExp(`(^|\\s)${exit} {2}\\S`, 'm'))
    expect(await run('send', 'http://x/', '-h')).toEqual({ out, err: '', code: 0 })
  })
  it('says its version', async () => {
    expect(await run('--version')).toEqual({ out: `requests-ts ${Session.VERSION}\n`, err: '', code: 0 })
  })
})

import { execFile, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { opened } from '../../laws/Unsealed.js'
import { Plan, Request, Secret, Session } from '../../src/index.js'
import * as Coding from '../../src/wire/coding/Coding.js'
import { type Echo, echo } from './echo.js'
import { spec } from './requests.js'

const converted = (line: string): Request.FromCurl => {
  const result = Request.fromCurl(line)
  if (E.isLeft(result)) expect.fail(`${result.left.message}\n${line}`)
  return result.right
}
const planned = (request: Request.Request, session = Session.empty): Plan.Plan => {
  const plan = Plan.plan({ session, entropy: 'curl' })(request)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
const wire = (plan: Plan.Plan) => {
  const { method, url, headers, body } = Plan.wire(plan)
  const lines = headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort()
  return { method, url, headers: lines, body: O.isSome(body) ? text(body.value) : '' }
}
const sent = (line: string) => wire(planned(converted(line)))

describe('fromCurl, with a line of toCurl,', () => {
  const expectSamePlan = (plan: Plan.Plan): void => {
    const line = Plan.toCurl({ reveal: true })(plan)
    const back = planned(converted(line))
    expect(wire(back), line).toEqual(wire(plan))
    const { connect, total } = plan.route.timeouts
    const timeouts = { ...(connect === undefined ? {} : { connect }), ...(total === undefined ? {} : { total }) }
    expect(opened(back.route)).toEqual(opened({ ...plan.route, timeouts, limits: back.route.limits }))
    expect(converted(line).leftOut.filter(({ option }) => option !== '--path-as-is')).toEqual([])
  }

  it('plans the same request again', () => {
    fc.assert(
      fc.property(spec, ([method, segment, changes, session]) => {
        const request = changes.reduce(
          (made, step) => step(made),
          Request.make(method, `https://h.test:8443/${segment}#f`),
        )
        const plan = Plan.plan({ session, entropy: 'curl' })(request)
        if (E.isRight(plan)) expectSamePlan(plan.right)
      }),
      { numRuns: 1000 },
    )
  })
  const pem = '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n'
  it.each<(request: Request.Request) => Request.Request>([
    Request.withProxy("http://us%40er:p%3Aa'ss%20w%C3%B6rd@proxy.test:3128"),
    Request.withProxy('socks5h://u:%E6%BC%A2@proxy.test:1080'),
    Request.withProxy('https://proxy.test'),
    (request) =>
      pipe(request, Request.withProxy('proxy.test:1'), Request.withHeader('Proxy-Authorization', 'Custom x')),
    Request.withVerify(false),
    Request.withCa('/etc/ssl/my roots/ca.pem'),
    Request.withCa('/etc/ssl/certs/'),
    Request.withCa(pem),
    Request.withClientCertificate({ cert: '/a:b\\c.pem', key: '/k', passphrase: "p'w" }),
    Request.withClientCertificate({ cert: pem, key: '-----BEGIN PRIVATE KEY-----\nAA\n' }),
    Request.withClientCertificate({ pfx: '/c.p12', passphrase: 'pw' }),
    Request.withClientCertificate({ pfx: Uint8Array.of(0, 10, 39, 255, 10), passphrase: 'pw' }),
    Request.withTimeouts({ connect: 1500, total: 30_000, read: 5 }),
    Request.withBytes(Buffer.alloc(200_000, "x\0'y\n")),
  ])('plans the same route again: %#', (change) =>
    expectSamePlan(planned(change(Request.post('https://h.test/?a=%27')))),
  )

  it('rejects a line whose secrets are hidden', () => {
    const line = Plan.toCurl()(planned(Request.withBearer('t')(Request.get('https://h.test/'))))
    expect(Request.fromCurl(line)).toMatchObject({
      left: { _tag: 'InvalidCurl', message: expect.stringMatching(/reveal: true/) },
    })
  })
  it('rejects a line whose body is a stream', () => {
    const stream = Request.withStream(async function* () {
      yield Buffer.from('x')
    })
    expect(E.isLeft(Request.fromCurl(Plan.toCurl()(planned(stream(Request.post('https://h.test/'))))))).toBe(true)
  })
})

describe('fromCurl reads what browsers copy:', () => {
  it('Chrome, for bash', () => {
    const line = `curl 'https://shop.test/api/items?q=a%20b' \\
  -H 'accept: application/json' \\
  -H 'accept-language: de-DE,de;q=0.9' \\
  -H 'content-type: application/json' \\
  -b 'sid=abc; theme="dark"' \\
  -H 'sec-ch-ua: "Chromium";v="126"' \\
  -H 'user-agent: Mozilla/5.0 (X11; Linux x86_64)' \\
  --data-raw $'{"text":"it\\'s \\u00fc\\u0021 \\ud83d\\ude00\\\\nnext","n":1}' \\
  --compressed`
    const request = converted(line)
    expect(request.leftOut).toEqual([])
    const { method, url, headers, body } = wire(planned(request))
    expect([method, url]).toEqual(['POST', 'https://shop.test/api/items?q=a%20b'])
    expect(JSON.parse(Buffer.from(body, 'latin1').toString())).toEqual({ text: "it's ü! 😀\nnext", n: 1 })
    expect(headers).toEqual([
      `accept-encoding: ${Coding.supported}`,
      'accept-language: de-DE,de;q=0.9',
      'accept: application/json',
      `content-length: ${body.length}`,
      'content-type: application/json',
      'cookie: sid=abc; theme="dark"',
      'sec-ch-ua: "Chromium";v="126"',
      'user-agent: Mozilla/5.0 (X11; Linux x86_64)',
    ])
  })
  it('Firefox', () => {
    const line = `curl 'https://shop.test/login' --compressed -X POST -H 'User-Agent: Mozilla/5.0' -H 'Accept-Encoding: gzip, deflate, br, zstd' -H 'Content-Type: application/x-www-form-urlencoded' -H 'Connection: keep-alive' -H 'Cookie: a=1' -H 'Upgrade-Insecure-Requests: 1' -H 'TE: trailers' --data-raw 'user=me&pass=p%26w'`
    expect(sent(line)).toMatchObject({ method: 'POST', body: 'user=me&pass=p%26w' })
    expect(sent(line).headers).toContain('accept-encoding: gzip, deflate, br, zstd')
  })
  it('Chrome, for cmd.exe', () => {
    const line = [
      'curl ^"https://shop.test/a?x=1^&y=^%^20^" ^',
      '  -H ^"accept: */*^" ^',
      '  -H ^"sec-ch-ua: ^\\^"Chromium^\\^";v=^\\^"126^\\^"^" ^',
      '  --data-raw ^"^{^\\^"a^\\^":^\\^"b ^^ c^\\^",^\\^"path^\\^":^\\^"C:^\\^\\dir^\\^"^}^"',
    ].join('\r\n')
    expect(sent(line)).toMatchObject({
      method: 'POST',
      url: 'https://shop.test/a?x=1&y=%20',
      body: '{"a":"b ^ c","path":"C:\\\\dir"}',
    })
    expect(sent(line).headers).toContain('sec-ch-ua: "Chromium";v="126"')
  })
  it('an old Chrome, for cmd.exe', () => {
    const line = [
      'curl "https://shop.test/a?x=1&y=^" ^',
      '  -H "accept: */*" ^',
      '  --data-raw "{\\"a\\":1}"^\n\n"b" --compressed',
    ].join('\r\n')
    expect(sent(line)).toMatchObject({ method: 'POST', url: 'https://shop.test/a?x=1&y=%5E', body: '{"a":1}\nb' })
  })
  it('a line end in the body, for cmd.exe', () => {
    expect(sent('curl ^"http://h.test/^" --data-raw ^"a^\n\nb^"').body).toBe('a\nb')
  })
})

describe('the proxy of a curl line', () => {
  it.each([
    ['curl -x http://fake@p.test:80 h.test', 'http:', 'p.test:80', 'fake', ''],
    ['curl -x u:p@p.test h.test', 'http:', 'p.test:1080', 'u', 'p'],
    ['curl -x https://p.test/path -U "a b:c:d" h.test', 'https:', 'p.test:443', 'a b', 'c:d'],
    ['curl --socks5 u%3A:%C3%A9@p.test: h.test', 'socks5:', 'p.test:1080', 'u:', 'é'],
  ])('%s', (line, protocol, place, user, pass) => {
    const { proxy } = planned(converted(line)).route
    if (O.isNone(proxy)) expect.fail('no proxy')
    const { hostname, port, credentials } = proxy.value
    expect([proxy.value.protocol, `${hostname}:${port}`]).toEqual([protocol, place])
    const login = O.isSome(credentials) ? credentials.value : expect.fail('no credentials')
    expect([Secret.reveal(login.user), Secret.reveal(login.pass)]).toEqual([user, pass])
  })
})

describe('redirects of a curl line', () => {
  it('have no limit with --max-redirs -1', () => {
    expect(E.isRight(Plan.plan({ session: Session.empty })(converted('curl -L --max-redirs -1 h.test')))).toBe(true)
  })
  it('are followed only with -L', () => {
    expect(converted('curl h.test').settings.redirects._tag).toBe('Replace')
    expect(converted('curl -L h.test').settings.redirects._tag).toBe('Inherit')
    expect(converted('curl -sL --no-location h.test').settings.redirects._tag).toBe('Replace')
  })
})

describe('leftOut of fromCurl', () => {
  it('names options that are not part of a request, with the reason', () => {
    expect(converted('curl -sSv -o out.html --retry 3 h.test | jq .').leftOut).toMatchObject([
      { option: '--silent' },
      { option: '--show-error' },
      { option: '--verbose' },
      { option: '--output' },
      { option: '--retry', why: expect.stringContaining('Transport.withRetry') },
      { option: '| jq' },
    ])
  })
  it.each([
    ["curl h.test -u a:b -H 'Authorization: x'", '--user'],
    ["curl h.test --oauth2-bearer t -H 'Authorization: x'", '--oauth2-bearer'],
    ['curl h.test --oauth2-bearer t -u a:b', '--user'],
    ["curl a:b@h.test -H 'Authorization: x'", 'the credentials in the URL'],
    ['curl a:b@h.test -u c:d', 'the credentials in the URL'],
    ["curl h.test -e 'x;auto'", '--referer ;auto'],
    ["curl h.test -H ': x'", '--header'],
    ['curl h.test -r 1 -F a=b', '--range'],
    ['curl h.test --digest --oauth2-bearer t -u a:b', '--oauth2-bearer'],
    ['curl h.test -X get', '--request get'],
    ['curl h.test -G -F a=b', '--get'],
    ['curl h.test -G -d a --url-query b', '--url-query'],
    ['curl h.test -U a:b', '--proxy-user'],
    ['curl h.test --cacert a --capath b', '--capath'],
    ['curl h.test --key k', '--key'],
  ])('for %s names %s', (line, option) => {
    expect(converted(line).leftOut).toMatchObject([{ option }])
  })
  it('names a repeated option once', () => {
    expect(converted('curl -sssS -s h.test').leftOut).toMatchObject([
      { option: '--silent' },
      { option: '--show-error' },
    ])
  })
  it('names headers that the transport sets', () => {
    expect(converted("curl -H 'Expect: 100-continue' -H 'Connection: Upgrade' h.test").leftOut).toMatchObject([
      { option: '--header Expect' },
      { option: '--header Connection' },
    ])
  })
})

describe('fromCurl does not throw for a value of many megabytes', () => {
  it.each([
    ['a certificate', `-E '${'a'.repeat(9e6)}'`],
    ['a certificate with escapes', `-E '${'\\:a'.repeat(3e6)}'`],
    ['the type of a form part', `-F 'a=b;type=text/plain${';x'.repeat(4e6)}'`],
  ])('%s', (_, option) => {
    expect(E.isRight(Request.fromCurl(`curl http://h.test/ ${option}`))).toBe(true)
  })
})

describe('fromCurl rejects', () => {
  it.each([
    ["curl 'https://h.test/", /quote ' at line 1, column 6 is not closed/],
    ["curl \"https://h.test/ -H 'a: b'", /quote " .* is not closed/],
    ["curl h.test -H $'a", /quote \$' .* is not closed/],
    ['curl ^"h.test', /quote \^" is not closed/],
    ['curl --frobnicate h.test', /--frobnicate is not known/],
    ['curl -sQ h.test', /-Q is not known/],
    ['curl --data=x h.test', /after a blank, not after =/],
    ['curl h.test -d', /-d \(--data\) needs a value/],
    ['curl h.test --header', /--header needs a value/],
    ['curl h.test -d @body.json', /--data @body\.json names a file/],
    ['curl h.test --data-urlencode a@b', /names a file/],
    ['curl h.test -F f=@me.png', /names a file/],
    ['curl h.test -F f', /no = between/],
    ['curl h.test -H @headers', /names a file/],
    ['curl h.test -b jar.txt', /file of cookies/],
    ['curl h.test -T x', /reads a file/],
    ['curl -K conf', /reads a file/],
    ['curl h.test -u me', /write user:password/],
    ['curl h.test --ntlm -u a:b', /only Basic, Digest and Bearer/],
    ['curl a.test b.test', /2 URLs/],
    ['curl a.test --next b.test', /second request/],
    ['curl -s', /URL is missing/],
    ['wget h.test', /does not begin with curl/],
    ['', /does not begin with curl/],
    ["curl h.test -d $'a\\0b'", /NUL/],
    ['curl h.test -F "a=b;z"', /no attribute; put the content in double quotes/],
    ['cat x | curl h.test -d @-', /before the \|/],
    ['curl $URL', /\$URL at line 1, column 6 would have to be asked/],
    [`curl "h.test/$\{ID}"`, /would have to be asked/],
    ['curl h.test -d "`id`"', /would have to be asked/],
    ['curl h.test -d "$(cat x)"', /would have to be run/],
    ['curl h.test > out', /redirection/],
    ['curl h.test && rm x', /another command/],
    ['curl h.test; id', /another command/],
    ['curl a.test\ncurl b.test', /second command/],
    ['curl "h.test/[1-3]"', /add -g/],
    ['curl "h.test/{a,b}"', /add -g/],
    ['curl "h.test/{}"', /add -g/],
    ['curl "h.test/a]"', /add -g/],
    ['curl ftp.h.test/p', /ftp.*write http/],
    ['curl LDAP.h.test', /ldap/],
    ['curl http:////h.test', /three slashes/],
    ['curl --url @urls', /--url/],
    ['curl h.test --max-redirs -2', /-1 for no limit/],
    ['curl h.test -F "a=b;type=text"', /text\/plain/],
    ['curl h.test -d "$(printf "$(cat x)")"', /would have to be run/],
    ['curl h.test --cacert ~/ca.pem', /~ at line 1/],
    ['curl -I h.test -d x', /two different methods/],
    ['curl h.test -d x -F a=b', /one or the other/],
    ['curl h.test -m soon', /--max-time .* seconds/],
    ['curl -E x --cert-type DER h.test', /--cert-type DER/],
    ['curl ^"http://%HOST%/^"', /%HOST%/],
  ])('%s', (line, message) => {
    expect(Request.fromCurl(line)).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'InvalidCurl', message: expect.stringMatching(message) },
    })
  })
  it('or converts any line, and never throws', () => {
    const scrap = fc.constantFrom(
      "'",
      '"',
      '$',
      '\\',
      '\n',
      ' ',
      '(',
      ')',
      '<',
      '|',
      '^',
      '`',
      '-',
      'curl',
      'd',
      'H',
      '=',
      '@',
      '{',
      '~',
      '#',
      '\u{1f600}',
      '\ud800',
    )
    fc.assert(
      fc.property(fc.array(scrap, { maxLength: 30 }), (pieces) => {
        const made = Request.fromCurl(`curl ${pieces.join('')}`)
        return E.isRight(made) || made.left.message.length > 40
      }),
      { numRuns: 5000 },
    )
  })
})

const isThere = spawnSync('curl', ['--version']).status === 0

describe.skipIf(!isThere)('the real curl,', () => {
  let server: Echo
  beforeAll(async () => {
    server = await echo()
  })
  afterAll(() => server.close())

  // Without HOME, the shell and curl look up the user, which can take half a second, and curl reads the user's curlrc.
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LC_ALL: 'C.UTF-8' }

  /** Headers that curl adds and this library does not. */
  const isCurls = (line: string): boolean =>
    /^(?:host: 127\.|user-agent: curl\/|accept: \*\/\*|proxy-connection: )/.test(line)

  /** A plan percent-encodes characters as RFC 3986 requires; curl sends them unchanged. */
  const encodedAsPlanned = (part: string): string => part.replace(/[[\]{}\\]/g, encodeURIComponent)

  it.each([
    'curl URL',
    'curl -I URL',
    'curl -XPUT URL',
    "curl -d a=1 -d 'b=2 3' URL",
    "curl -da=1 --data-binary $'x\\ny\\xffz' URL",
    "curl URL --data-raw '@x'",
    `curl URL --data-urlencode 'a=b c&ü' --data-urlencode '=x y' --data-urlencode 'p q*~!'`,
    'curl -G -d a=1 -d b=2 URL/p?c=3',
    "curl -G --data-urlencode 'q=a b' URL",
    `curl --json '{"a":1}' --json '{"b":2}' URL`,
    `curl --json '{}' -H 'Accept: x/y' -H 'content-type: a/b' URL`,
    'curl -d x -H Content-Type: URL',
    "curl -H 'X-A: 1' -H 'X-A:   2  ' -H 'X-E;' -H 'X-N:' -H 'broken' URL",
    'curl -A me -e http://ref.test/ -r 0-9 URL',
    "curl -A '' -H 'Accept:' URL",
    'curl -A me -H "User-Agent: you" URL',
    "curl -u 'me:p:w' URL",
    "curl -u 'mé:ü' URL",
    'curl --oauth2-bearer t0ken URL',
    "curl -b 'a=1; b=2' -b c=3 URL",
    'curl --url URL --path-as-is',
    'curl -sS -L -k --http1.1 URL',
    "curl -g 'URL/[a]{b}'",
    'curl -X POST URL -d ""',
    `curl "URL/a\\"b?x=\\$1&y=1" -H 'X: '\\''q'\\'' "z"' # a comment`,
    `curl URL -d "$(printf 'a\\303\\251%%b\\n')" -H X:\\ y`,
    `printf 'a\\0b\\r\\n' | curl URL --data-binary @-`,
    `printf 'a\\r\\nb' | curl URL -d @-`,
    `curl URL --url-query 'a=b c' --url-query '+x=%20'`,
    '# a comment\n\n  # another\ncurl URL \\\n  -H a:b\n# the end',
    'curl URL -r 600',
    'curl URL -r 007x',
    'curl URL -r 1,2',
    'curl URL -r 5 -d abc -X GET',
    'curl URL -r 5 -G -d abc',
    "curl URL -e ' x ' -A ' '",
    'curl URL --digest --oauth2-bearer t',
    'curl URL --basic --oauth2-bearer t -u a:b',
    "curl URL -u a:b -H 'Authorization: Bearer x'",
    "curl URL -u a:b -H 'Authorization:'",
    "curl URL --oauth2-bearer t -H 'authorization: Basic eHg='",
    'curl URL --oauth2-bearer t -u a:b',
    "curl URL -H ':authority: h.test' -H ': x' -H 'a: b'",
    'curl URL -e "x;auto"',
    'curl URL -e ";auto"',
    "curl 'URL/?' -G -d a=1",
    "curl 'URL/?x&' -G -d a=1",
    "curl 'URL/?x#f' -G -d a=1",
    'curl URL -G -d b=2 --url-query a=1',
    'curl URL -G --json a',
    "curl URL -G --json a -H Accept: -H 'content-type: x'",
    "curl 'URL/{a}/[3-3]/[c-c]/[::1]'",
    String.raw`curl 'URL/?ids\[\]=1&f\{x\}=\y'`,
    "curl 'URL/?ids[]=1'",
    String.raw`curl -g 'URL/?a=\[x\]'`,
    'curl URL -H a:b\u00a0c -d x\u3000y',
    'curl URL -d "a""b"',
    `curl URL -d "it"'s'$'\\x41'`,
    `curl URL -d {"a":1} -d {'b,c'} -d {a..3}{},x`,
    "curl URL -m .5e1 --connect-timeout +5. -e 'x;auto;y' -H 'A; ' -H 'Content-Type;b' -d x",
    'curl http:/HOST/p',
    'curl http:///HOST/p',
    'curl HOST/p --proto-default http',
    'curl http://user@HOST/p',
    'curl http://user:@HOST/p',
    'curl http://:pass@HOST/p',
    'curl http://@HOST/p',
    'curl http://u%20s:p%3Aa@HOST/p',
    'curl http://m%C3%A9:%ff@HOST/p',
    'curl http://user:pass@HOST/p -u a:b',
    'curl --digest http://user:pass@HOST/p',
    'curl --digest -u user:pass HOST/p',
  ])('run with the same line, sends the planned request: %s', async (line) => {
    const host = `127.0.0.1:${server.port}`
    const whole = line.replaceAll('URL', `http://${host}`).replaceAll('HOST', host)
    const before = server.heard.length
    await new Promise<void>((resolve) => {
      execFile('bash', ['-c', whole], { env }, () => resolve())
    })
    const heard = server.heard[before]
    if (heard === undefined) expect.fail('nothing arrived')
    const plan = planned(converted(whole))
    const expected = wire(plan)
    // For an empty body, only one of them sends Content-Length: 0.
    const lines = (all: ReadonlyArray<string>) =>
      all.filter((one) => !isCurls(one) && one !== 'content-length: 0').sort()
    expect({
      method: expected.method,
      target: plan.url.pathname + plan.url.search,
      headers: lines(expected.headers),
      body: expected.body,
    }).toEqual({
      method: heard.method,
      target:
        encodedAsPlanned(new URL(heard.target, 'http://h').pathname) +
        encodedAsPlanned(new URL(heard.target, 'http://h').search),
      // curl keeps blanks before a value, and joins the cookies of two -b without a blank.
      headers: lines(
        heard.headers.map(([name, value]) => `${name.toLowerCase()}: ${value.trimStart().replace(/;(?=c=)/, '; ')}`),
      ),
      body: text(heard.body),
    })
  })
  it('run with the same line, sends the same form', async () => {
    const line = `curl http://127.0.0.1:${server.port} -F 'a=1;type=text/plain;charset=x' -F 'b="x;y";filename=q.txt' -F 'c=ü' -F 'e=1;filename=x.bin' -F 'g="q\\"\\\\"; type=a/b' -F 'h= x ' -F 'i= "y" ;type= a/b ; c=d ;filename= z ' -F 'j="k' -F 'l="m;n"o ;type=a/b' -F 'p="" q' -F 'r=s;filename="t"u' --form-string 'd=@e;type=f'`
    const before = server.heard.length
    await new Promise<void>((resolve) => {
      execFile('bash', ['-c', line], { env }, () => resolve())
    })
    const heard = server.heard[before]
    if (heard === undefined) expect.fail('nothing arrived')
    // Boundaries differ.
    const parts = (body: string): ReadonlyArray<string> =>
      body
        .split(/--[\w-]{10,}(?:--)?\r\n/)
        .map((part) => part.replace(/^(content-\w+)/gim, (name) => name.toLowerCase()))
    expect(parts(wire(planned(converted(line))).body)).toEqual(parts(text(heard.body)))
  })
})

/** Counterparts of requests' tests for URLs and the query. */
import { pipe } from 'fp-ts/lib/function.js'
import { Http, Request, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { always, ok } from '../../transport/servers.js'
import { error, headerOf, planned, plannedUrl, tagOf, urlOf, value } from './setting.js'

describe('a URL', () => {
  it.each([
    ['http://google.com', 'http://google.com/'],
    ['http://\u30b8\u30a7\u30fc\u30d4\u30fc\u30cb\u30c3\u30af.jp', 'http://xn--hckqz9bzb1cyrb.jp/'],
    ['http://xn--n3h.net/', 'http://xn--n3h.net/'],
    ['http://\u2603.net/', 'http://xn--n3h.net/'], // D19: the WHATWG tables differ from IDNA 2008
    ['http://stra\u00dfe.de/stra\u00dfe', 'http://xn--strae-oqa.de/stra%C3%9Fe'],
    ['http://K\u00f6nigsg\u00e4\u00dfchen.de/stra\u00dfe', 'http://xn--knigsgchen-b4a3dun.de/stra%C3%9Fe'],
    ['  http://example.com', 'http://example.com/'],
    ['HTTP://example.com/', 'http://example.com/'],
    ['hTTps://EXAMPLE.com/A', 'https://example.com/A'],
    ['http://example.com/fiz?buz=%25ppicture', 'http://example.com/fiz?buz=%25ppicture'],
    ['http://example.com/fiz?buz=%ppicture', 'http://example.com/fiz?buz=%25ppicture'],
    ['http://example.com/%7Euser/%61', 'http://example.com/~user/a'],
    ['http://example.com/?a=%--', 'http://example.com/?a=%25--'],
    ['http://example.com/a%2fb', 'http://example.com/a%2Fb'],
    ['http://example.com//double//path', 'http://example.com//double//path'],
    ['http://example.com/get/test case', 'http://example.com/get/test%20case'],
    ['http://example.com/get/test%20case', 'http://example.com/get/test%20case'],
  ])('[requests:urls-1] %s is planned as %s', (url, expected) => expect(plannedUrl(url)).toBe(expected))

  it.each([
    ['http://', 'InvalidUrl'],
    ['http://*', 'InvalidUrl'],
    ['http://*.google.com', 'InvalidUrl'],
    ['http://.example.com', 'InvalidUrl'],
    ['http:///example.com', 'InvalidUrl'],
    ['http://[1200:0000:ab00:1234:0000:2552:7777:1313]:99999/', 'InvalidUrl'],
    ['http://fe80::5054:ff:fe5a:fc0', 'InvalidUrl'],
    ['hiwpefhipowhefopw', 'MissingScheme'],
    ['localhost.localdomain:3128/', 'UnsupportedScheme'],
    ['localhost:3128', 'UnsupportedScheme'],
    ['10.122.1.1:3128/', 'UnsupportedScheme'],
    ['', 'MissingScheme'],
  ])('[requests:urls-2] %j fails with %s', (url, tag) => expect(plannedUrl(url)).toBe(tag))

  it('[requests:urls-3] fails with ConnectFailed if it cannot be reached', async () => {
    expect((await error(Http.get('http://fakeservice.invalid/')))._tag).toBe('ConnectFailed')
    expect((await error(Http.get('http://127.0.0.1:1/')))._tag).toBe('ConnectFailed')
  })

  it('[requests:urls-4] of a foreign scheme needs a mount; only http-like schemes get the query', () => {
    const mounted = ['data:', 'mailto:', 'http+unix:', 'ssh:'].reduce(
      (session, prefix) => Session.mount(prefix, Transport.memory({}))(session),
      Session.empty,
    )
    for (const url of ['data:SSDimaUgUHl0aG9uIQ==', 'mailto:user@example.org', 'ssh://git@h/X?a b']) {
      expect(tagOf(planned(Request.get(url)))).toBe('UnsupportedScheme')
      const request = pipe(Request.get(url), Request.withQuery({ key: 'value' }))
      expect(urlOf(request, { session: mounted })).toBe(url)
    }
    const socket = 'http+unix://%2Fvar%2Frun%2Fsocket/path%7E'
    const request = pipe(Request.get(socket), Request.withQuery({ key: 'value' }))
    expect(urlOf(request, { session: mounted })).toBe('http+unix://%2Fvar%2Frun%2Fsocket/path~?key=value')
  })

  it('[requests:urls-5] can contain long credentials, which become a header', () => {
    const user = 'E8A3BE87-9E3F-4620-8858-95478E385B5B'.repeat(8)
    const pass = 'EA770032-DA4D-4D84-8CE9-29C6D910BF1E'.repeat(8)
    const request = Request.get(`http://${user}:${pass}@h:99/p?q#f`)
    expect(urlOf(request)).toBe('http://h:99/p?q#f')
    expect(headerOf(request, 'Authorization')).toBe(`Basic ${Buffer.from(`${user}:${pass}`).toString('base64')}`)
  })

  it('[requests:urls-6] is sent without its fragment and keeps double slashes', async () => {
    const server = await always(ok())
    const response = await value(Http.get(`${server.url}//path/to#view=edit&token=hunter2`))
    expect(server.received[0]).toMatch(/^GET \/\/path\/to HTTP/)
    expect(response.url).toBe(`${server.url}//path/to#view=edit&token=hunter2`)
  })
})

describe('the query', () => {
  const queried = (input: Parameters<typeof Request.withQuery>[0], url = 'http://h/') =>
    urlOf(pipe(Request.get(url), Request.withQuery(input)))

  it('[requests:urls-7] is added before the fragment, after existing parameters', () => {
    expect(queried({ a: 'b' }, 'http://h/#fragment')).toBe('http://h/?a=b#fragment')
    expect(queried({ a: 'b' }, 'http://h/?key=value#fragment')).toBe('http://h/?key=value&a=b#fragment')
    expect(queried({ heya: 'ohai' }, 'http://h/get?test=true')).toBe('http://h/get?test=true&heya=ohai')
  })
  it('[requests:urls-8] repeats a key for each value, and omits null and empty lists', () => {
    expect(queried({ test: ['foo', 'baz'], n: 1, no: null, none: [] })).toBe('http://h/?test=foo&test=baz&n=1')
  })
  it('[requests:urls-9] is encoded as UTF-8', () => {
    expect(queried({ foo: 'f\u00f8\u00f8' })).toBe('http://h/?foo=f%C3%B8%C3%B8')
    expect(queried({ 'f\u00f8\u00f8': 'f\u00f8\u00f8' })).toBe('http://h/?f%C3%B8%C3%B8=f%C3%B8%C3%B8')
    expect(urlOf(Request.get('http://h/\u00f8'))).toBe('http://h/%C3%B8')
    expect(urlOf(pipe(Request.get('http://h/'), Request.withQueryText('test=f\u00f8\u00f8')))).toBe(
      'http://h/?test=f%C3%B8%C3%B8',
    )
  })
  it('[requests:urls-10] keeps the order of keys, and distinguishes keys by case', () => {
    expect(queried({ z: 1, a: 1, k: 1, d: 1 })).toBe('http://h/?z=1&a=1&k=1&d=1')
    const session = Session.withQuery({ foo: 'bar', FOO: 'bar' })(Session.empty)
    const request = pipe(Request.get('http://h/'), Request.withQuery({ FOO: 'baz' }))
    expect(urlOf(request, { session })).toBe('http://h/?foo=bar&FOO=baz')
  })
  it('keeps existing escapes', () => {
    expect(urlOf(pipe(Request.get('http://0.0.0.0/get/test case'), Request.withQueryText('a=%20')))).toBe(
      'http://0.0.0.0/get/test%20case?a=%20',
    )
  })
  it('of a malformed URL never throws', () => {
    for (const url of ['http://h/%', 'http://h/%zz', 'http://h/\ud800', 'http://\ud800/', 'http://h:x/']) {
      expect(['right', 'InvalidUrl']).toContain(tagOf(planned(Request.get(url))))
    }
  })
})

import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { Exchange, Har, Jar, Plan, Reply, Request, Session } from '../../src/index.js'
import { spec } from './requests.js'

const planned = (request: Request.Request, session = Session.empty): Plan.Plan => {
  const plan = Plan.plan({ session, entropy: 'messages' })(request)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const form = pipe(
  Request.post('http://h.test:8080/a?b=c%20d#e'),
  Request.withForm({ pass: 'c4nary é' }),
  Request.withBearer('c4nary'),
  Request.withCookie('sid', 'c4nary=1'),
)

describe('the message', () => {
  it('is what goes over the wire', () => {
    expect(Plan.toHttp({ reveal: true })(planned(form)).split('\r\n')).toEqual([
      'POST /a?b=c%20d HTTP/1.1',
      'Host: h.test:8080',
      'Cookie: sid=c4nary=1',
      'Content-Length: 18',
      'Content-Type: application/x-www-form-urlencoded',
      'Authorization: Bearer c4nary',
      '',
      'pass=c4nary+%C3%A9',
    ])
  })
  it('hides secrets by default', () => {
    const lines = Plan.toHttp()(planned(form)).split('\r\n')
    expect(lines).toContain('Authorization: ‹secret›')
    expect(lines.at(-1)).toBe('‹18 bytes›')
  })
  it('names the whole URL to a proxy that forwards, and shows it its password', () => {
    const plan = planned(Request.withProxy('http://u:p@proxy.test:1')(Request.get('http://h.test/x')))
    const lines = Plan.toHttp({ reveal: true })(plan).split('\r\n')
    expect(lines[0]).toBe('GET http://h.test/x HTTP/1.1')
    expect(lines).toContain(`Proxy-Authorization: Basic ${Buffer.from('u:p').toString('base64')}`)
    expect(Plan.toHttp()(plan)).toContain('Proxy-Authorization: ‹secret›')
  })
  it('shows the size of a body that is not text', () => {
    const plan = planned(Request.withBytes(Uint8Array.of(255))(Request.post('http://h.test/')))
    expect(Plan.toHttp({ reveal: true })(plan)).toMatch(/‹1 byte›$/)
  })
})

describe('HAR', () => {
  it('holds the request', () => {
    const { log } = Plan.toHar({ reveal: true })(planned(form))
    expect([log.version, log.entries.length]).toEqual(['1.2', 1])
    expect(log.entries[0]?.request).toMatchObject({
      method: 'POST',
      queryString: [{ name: 'b', value: 'c d' }],
      cookies: [{ name: 'sid', value: 'c4nary=1' }],
      postData: {
        mimeType: 'application/x-www-form-urlencoded',
        text: 'pass=c4nary+%C3%A9',
        params: [{ name: 'pass', value: 'c4nary é' }],
      },
      bodySize: 18,
    })
    expect(log.entries[0]?.response.status).toBe(0)
  })
  it('holds octets as base64', () => {
    const plan = planned(Request.withBytes(Uint8Array.of(255, 0))(Request.post('http://h.test/')))
    expect(Plan.toHar({ reveal: true })(plan).log.entries[0]?.request.postData).toMatchObject({
      text: '/wA=',
      _encoding: 'base64',
    })
  })
  it('holds every hop, and what came back', () => {
    const { hops } = Exchange.simulate({ session: Session.empty, jar: Jar.empty, now: new Date(0) })({
      'GET /': { status: 302, headers: { location: '/x', 'set-cookie': 'sid=c4nary; Path=/' } },
      'GET /x': { status: 200 },
    })(Request.get('http://h.test/'))
    const { entries } = Har.ofHops()(hops).log
    expect(entries.map(({ response }) => [response.status, response.redirectURL])).toEqual([
      [302, '/x'],
      [200, ''],
    ])
    expect(entries[0]?.response.cookies).toEqual([{ name: 'sid', value: '‹secret›' }])
    expect(entries[1]?.request.cookies).toEqual([{ name: 'sid', value: '‹secret›' }])
    expect(Har.ofHops({ reveal: true })(hops).log.entries[1]?.request.cookies).toEqual([
      { name: 'sid', value: 'c4nary' },
    ])
  })
  it('is JSON, whatever is planned', () => {
    fc.assert(
      fc.property(spec, ([method, segment, changes, session]) => {
        const request = changes.reduce((made, step) => step(made), Request.make(method, `http://h.test/${segment}`))
        const plan = Plan.plan({ session })(request)
        if (E.isLeft(plan)) return
        const har = Plan.toHar({ reveal: true })(plan.right)
        expect(JSON.parse(JSON.stringify(har))).toEqual(har)
      }),
    )
  })
})

describe('HAR 1.2', () => {
  const open = (request: Request.Request) => {
    const made = Plan.plan({ session: Session.empty, entropy: 'messages' })(request)
    if (E.isLeft(made)) expect.fail(made.left.message)
    return Plan.toHar({ reveal: true })(made.right).log.entries[0]?.request
  }
  it.each([
    ['https://h.test/a?b=1#section', 'https://h.test/a?b=1'],
    ['https://h.test/#', 'https://h.test/'],
    ['https://h.test/?q=%23#a?b#c', 'https://h.test/?q=%23'],
  ])('has no fragment in the URL %s', (url, expected) => {
    expect(open(Request.get(url))?.url).toBe(expected)
  })
  it('lists the decoded fields of a form in addition to its text', () => {
    const made = open(
      Request.withForm([
        ['a b', '1+2 &='],
        ['ü', ''],
        ['a b', '😀'],
      ])(Request.post('http://h.test/')),
    )
    expect(made?.postData?.params).toEqual([
      { name: 'a b', value: '1+2 &=' },
      { name: 'ü', value: '' },
      { name: 'a b', value: '😀' },
    ])
    expect(made?.postData?.text).toContain('a+b=')
  })
  it('lists the parts of a multipart form, with names and types of files', () => {
    const content = new Uint8Array([0xff, 0x0d, 0x0a])
    const form = {
      note: 'ü\r\n--',
      'a"b': { content, filename: 'q"ü.bin', contentType: 'image/png' },
      text: { content: 'x', filename: 'x.txt' },
    }
    expect(open(Request.withMultipart(form)(Request.post('http://h.test/')))?.postData?.params).toEqual([
      { name: 'note', value: 'ü\r\n--' },
      { name: 'a"b', fileName: 'q"ü.bin', contentType: 'image/png' },
      expect.objectContaining({ name: 'text', value: 'x', fileName: 'x.txt' }),
    ])
  })
  it('lists no fields for a body that is not a form or is not shown', () => {
    const form = Request.withForm({ a: '1' })(Request.post('http://h.test/'))
    expect(open(Request.withJson({ a: 1 })(form))?.postData?.params).toEqual([])
    const made = Plan.plan({ session: Session.empty })(form)
    expect(E.isRight(made) && Plan.toHar()(made.right).log.entries[0]?.request.postData?.params).toEqual([])
  })
  it('says which version of HTTP was spoken', () => {
    const made = Plan.plan({ session: Session.empty })(Request.get('http://h.test/'))
    if (E.isLeft(made)) expect.fail(made.left.message)
    const versions = (head: Reply.HeadInput) => {
      const [entry] = Har.ofHops()([{ plan: made.right, head: Reply.head(head) }]).log.entries
      return [entry?.request.httpVersion, entry?.response.httpVersion]
    }
    expect(versions({ status: 200 })).toEqual(['HTTP/1.1', 'HTTP/1.1'])
    expect(versions({ status: 200, httpVersion: 'HTTP/2' })).toEqual(['HTTP/2', 'HTTP/2'])
  })
})

/** Lists that come in pages: which requests are sent, when, and with which credentials. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import {
  Client,
  Environment,
  Http,
  HttpError,
  Jar,
  Pages,
  Plan,
  Request,
  Response,
  Session,
  Stream,
  Transport,
} from 'requests-ts'
import { pages, RuleSet } from 'requests-ts/laws'
import { describe, expect, it } from 'vitest'
import { untyped } from './untyped.js'

const numbers = Response.json(t.array(t.number).decode)
const list = (request: Request.Request | string = 'http://h.test/0') => ({ request, items: numbers })

interface Rig {
  readonly options: Client.Options
  /** The URLs that were requested. */
  readonly urls: string[]
  readonly plans: Plan.Plan[]
}

const rigOf = (
  server: (plan: Plan.Plan) => ReturnType<Extract<Transport.Server, (plan: Plan.Plan) => unknown>>,
  session = Session.empty,
): Rig => {
  const plans: Plan.Plan[] = []
  const urls: string[] = []
  const transport = Transport.memory((plan) => {
    plans.push(plan)
    urls.push(Plan.wire(plan).url)
    return server(plan)
  })
  return { options: { session, transport, environment: Environment.empty }, urls, plans }
}

/** Page `i` has the items of `pages[i]`, a cookie of its own and a link to the next one. `failAt` fails with 500. */
const linked = (pages: ReadonlyArray<ReadonlyArray<number>>, failAt = -1) =>
  rigOf(({ url }) => {
    const i = Number(url.pathname.slice(1))
    const link = i + 1 < pages.length ? { link: `</${i + 1}>; rel="next"` } : {}
    return {
      status: i === failAt ? 500 : 200,
      headers: { ...link, 'set-cookie': `c${i}=1; Path=/` },
      json: pages[i] ?? [],
    }
  })

const reading =
  <A>(count: number) =>
  (items: AsyncIterable<A>) =>
    pipe(items, Stream.take(count), Stream.toArray)

const cookies = (jar: Jar.Jar): number => Jar.toArray(jar).length

const someLists = fc.array(fc.array(fc.nat(9), { maxLength: 4 }), { minLength: 1, maxLength: 6 })

RuleSet.suite({ describe, test: it })('pages', pages(Http.pages))
RuleSet.suite({ describe, test: it })(
  'streamed pages',
  pages((options) => Http.streamPages(options)(Stream.toArray)),
)

describe('a list', () => {
  it('requests the pages that the reader needs, and at most lookAhead more', () =>
    fc.assert(
      fc.asyncProperty(someLists, fc.nat(12), fc.nat(3), async (pages, wanted, lookAhead) => {
        const { options, urls } = linked(pages)
        const outcome = await Client.runWith(options)(Http.streamPages({ ...list(), lookAhead })(reading(wanted)))()
        const all = pages.flat()
        expect(outcome).toEqual(E.right(all.slice(0, wanted)))
        const ends = pages.map((_, i) => pages.slice(0, i + 1).flat().length)
        const used = wanted === 0 ? 0 : wanted > all.length ? pages.length : ends.findIndex((end) => end >= wanted) + 1
        expect(urls.length).toBeGreaterThanOrEqual(used)
        expect(urls.length).toBeLessThanOrEqual(used === 0 ? 0 : Math.min(used + lookAhead, pages.length))
      }),
    ))
  it('fails with a page that fails when its turn comes, and not for a reader that stops before', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(3), fc.nat(8), async (failAt, lookAhead, wanted) => {
        const { options } = linked(
          Array.from({ length: 6 }, (_, i) => [i]),
          failAt,
        )
        const program = Http.streamPages({ ...list(), lookAhead })(reading(wanted))
        const outcome = await Client.use(options)(program)()
        if (wanted <= failAt) {
          const items = pipe(
            outcome,
            E.map(([read]) => read),
          )
          expect(items).toEqual(E.right(Array.from({ length: wanted }, (_, n) => n)))
          return
        }
        expect(outcome).toMatchObject({ left: { _tag: 'StatusError', response: { status: 500 } } })
        const jar = E.isLeft(outcome) ? HttpError.jar(outcome.left) : O.none
        expect(O.isSome(jar) && cookies(jar.value)).toBe(failAt + 1)
      }),
    ))
  it('requests nothing before the reader asks for an item', async () => {
    const { options, urls } = linked([[1]])
    const program = Http.streamPages(list())(() => TE.right('not read'))
    expect(await Client.runWith(options)(program)()).toEqual(E.right('not read'))
    expect(urls).toEqual([])
  })
  it('aborts a page that is read ahead when the reader stops', async () => {
    let aborted = 0
    const { options } = linked([[1], [2]])
    const transport: Transport.Transport = (plan, controls) =>
      plan.url.pathname === '/0'
        ? (options.transport ?? Transport.memory({}))(plan, controls)
        : () =>
            new Promise((resolve) =>
              controls?.signal?.addEventListener('abort', () => {
                aborted += 1
                resolve(E.left(untyped({ _tag: 'Aborted', message: 'aborted', plan, cause: O.none, unsent: true })))
              }),
            )
    const program = Http.streamPages({ ...list(), lookAhead: 1 })(reading(1))
    expect(await Client.runWith({ ...options, transport })(program)()).toEqual(E.right([1]))
    expect(aborted).toBe(1)
  })
  it('fails with the error of its decoder', async () => {
    const { options } = rigOf(() => ({ status: 200, json: ['a'] }))
    expect(await Client.runWith(options)(Http.pages(list()))()).toMatchObject({
      left: { _tag: 'InvalidPayload', paths: ['[0]'] },
    })
  })
  it.each([0, 2])('throws an exception of the function that reads the items, with lookAhead %i', async (lookAhead) => {
    const { options } = linked([[1], [2], [3]])
    const items = (response: Response.Response) => {
      if (response.plan.url.pathname === '/1') throw new Error('mine')
      return numbers(response)
    }
    const program = Http.pages({ request: 'http://h.test/0', items, lookAhead })
    await expect(Client.runWith(options)(program)()).rejects.toThrow('mine')
    const first = Http.streamPages({ request: 'http://h.test/0', items, lookAhead })(reading(1))
    expect(await Client.runWith(options)(first)()).toEqual(E.right([1]))
  })
})

describe('a hostile server', () => {
  it('whose pages form a cycle is found out without its query', async () => {
    const { options, urls } = rigOf(({ url }) => {
      const next = url.pathname === '/0' ? 1 : 0
      return { status: 200, headers: { link: `</${next}?key=S3CRET>; rel="next"` }, json: [next] }
    })
    expect(await Client.runWith(options)(Http.pages(list('http://h.test/0?key=S3CRET')))()).toMatchObject({
      left: { _tag: 'RepeatedPage', pages: 2, url: 'http://h.test/0' },
    })
    expect(urls.length).toBe(2)
  })
  it.each(['http://h.test/0?a=1', '?a=1', '', '#x', 'HTTP://H.test:80/0?a=1'])(
    'that links to the first page as %j is found out',
    async (link) => {
      const { options, urls } = rigOf(() => ({ status: 200, headers: { link: `<${link}>; rel=next` }, json: [1] }))
      const session = Session.at('http://h.test')
      const outcome = await Client.runWith({ ...options, session })(
        Http.pages(list(Request.withQuery({ a: 1 })(Request.get('0')))),
      )()
      expect(outcome).toMatchObject({ left: { _tag: 'RepeatedPage' } })
      expect(urls.length).toBeLessThanOrEqual(2)
    },
  )
  it.each<readonly [string, Session.Session, Request.Request, number]>([
    ['the session adds', Session.withQuery({ v: 1 })(Session.at('http://h.test')), Request.get('0'), 1],
    [
      'the request replaces',
      Session.withQuery({ v: 1 })(Session.at('http://h.test')),
      Request.withQuery({ v: 2 })(Request.get('0')),
      2,
    ],
    ['the URL has', Session.withQuery({ v: 1 })(Session.at('http://h.test')), Request.get('0?v=2'), 2],
  ])('that links to the first page without a parameter that %s is found out', async (_, session, request, count) => {
    const { options, urls } = rigOf(() => ({ status: 200, headers: { link: '</0>; rel=next' }, json: [1] }), session)
    expect(await Client.runWith(options)(Http.pages(list(request)))()).toMatchObject({
      left: { _tag: 'RepeatedPage', pages: count },
    })
    expect(new Set(urls).size).toBe(count)
  })
  it.each([
    [undefined, 1000],
    [3, 3],
    [2.9, 2],
    [0, 1],
    [Number.NaN, 1],
  ])('with endless pages is read up to the limit %s', async (limit, expected) => {
    const { options, urls } = rigOf(({ url }) => ({
      status: 200,
      headers: { link: `</${Number(url.pathname.slice(1)) + 1}?key=S3CRET>; rel="next"` },
      json: [1],
    }))
    const outcome = await Client.runWith(options)(
      Http.pages({ ...list(), ...(limit === undefined ? {} : { limit }) }),
    )()
    expect(outcome).toMatchObject({ left: { _tag: 'TooManyPages', limit: expected } })
    expect(urls.length).toBe(expected)
    expect(E.isLeft(outcome) && outcome.left.message).not.toContain('S3CRET')
  })
  it('whose list has as many pages as the limit is read', async () => {
    const { options } = linked([[1], [2], [3]])
    expect(await Client.runWith(options)(Http.pages({ ...list(), limit: 3 }))()).toEqual(E.right([1, 2, 3]))
  })
  it.each([
    ['javascript:alert(1)', 'UnsupportedScheme'],
    ['file:///etc/passwd', 'UnsupportedScheme'],
    ['http://[bad/', 'InvalidUrl'],
    [untyped<string>(undefined), 'InvalidUrl'],
    [untyped<string>({ href: 'http://h.test/2' }), 'InvalidUrl'],
    [untyped<string>(Symbol('x')), 'InvalidUrl'],
  ])('that names %s as the next page sends nothing there', async (url, tag) => {
    const { options, urls } = rigOf(() => ({ status: 200, json: [1] }))
    const program = Http.pages({ ...list(), next: (_, __, { pages }) => (pages === 1 ? O.some(url) : O.none) })
    expect(await Client.runWith(options)(program)()).toMatchObject({ left: { _tag: tag } })
    expect(urls.length).toBe(1)
  })

  it.each(['https://[::1', 'http://h.test:99999/', '//[bad'])(
    'whose Link %s is not a URL does not end the list',
    async (link) => {
      const { options, urls } = rigOf(() => ({ status: 200, headers: { link: `<${link}>; rel=next` }, json: [1] }))
      expect(await Client.runWith(options)(Http.pages(list()))()).toMatchObject({
        left: { _tag: expect.stringMatching(/^(?:InvalidUrl|MissingScheme)$/) },
      })
      expect(urls.length).toBe(1)
    },
  )
  it.each([
    ['with one page', 1],
    ['with many pages', 50],
  ])('%s is read with a look-ahead and a limit that are infinite', async (_, count) => {
    const { options, urls } = linked(Array.from({ length: count }, (_, i) => [i]))
    const endless = { ...list(), lookAhead: Number.POSITIVE_INFINITY, limit: Number.POSITIVE_INFINITY }
    expect(await Client.runWith(options)(Http.pages(endless))()).toEqual(E.right([...Array(count).keys()]))
    expect(urls.length).toBe(count)
  })
  it('with endless pages is read ahead without a limit only until the reader stops', async () => {
    const { options, urls } = rigOf(({ url }) => {
      const next = Number(url.pathname.slice(1)) + 1
      return { status: 200, headers: { link: `</${next}>; rel="next"` }, json: [next] }
    })
    const endless = { ...list(), lookAhead: Number.POSITIVE_INFINITY, limit: Number.POSITIVE_INFINITY }
    expect(await Client.runWith(options)(Http.streamPages(endless)(reading(3)))()).toEqual(E.right([1, 2, 3]))
    const sent = urls.length
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(urls.length).toBe(sent)
  })
  it('with a long list of requests with a body is compared in linear time', async () => {
    const { options } = rigOf(() => ({ status: 200, json: [1] }))
    const page = (n: number) => Request.withJson({ n, pad: 'x'.repeat(2_000) })(Request.post('http://h.test/'))
    const limit = 2_000
    const program = Http.pages({ ...list(page(0)), limit, next: (_, __, { pages }) => O.some(page(pages)) })
    const start = process.cpuUsage()
    expect(await Client.runWith(options)(program)()).toMatchObject({ left: { _tag: 'TooManyPages' } })
    const { user } = process.cpuUsage(start)
    // Comparing each body with all others takes more than 20 seconds.
    expect(user / 1e6).toBeLessThan(10)
  })

  const dangerous = pipe(
    Session.empty,
    Session.withBearer('hunter2'),
    Session.withHeader('X-Api-Key', 'hunter2'),
    Session.withCookie('sid', 'hunter2'),
    Session.withSecretQuery('key', 'hunter2'),
  )
  const SETTINGS = [
    Session.withHeader('Accept', 'application/vnd.test+json'),
    Session.withHeader('X-Team', 'a'),
    Session.withHeader('Host', 'inner.test'),
    Session.withHeader('X-Key', 'hunter2'),
    Session.withSensitiveHeaders('X-Key'),
    Session.withSecretHeader('X-Other-Key', 'hunter2'),
    Session.withoutHeader('User-Agent'),
    Session.withCookie('sid', 'hunter2'),
    Session.withSecretQuery('key', 'hunter2'),
    Session.withProxy('http://user:pass@proxy.test:3128'),
    Session.withLimits({ body: 1_000 }),
    Session.withTimeouts({ total: 5_000 }),
    Session.withVerify(false),
    Session.withCa('/no/such/ca.pem'),
    Session.withClientCertificate({ cert: '/no/such/cert.pem', key: '/no/such/key.pem' }),
    Session.withIdempotencyKey(),
  ]
  const anyAuth = fc.constantFrom(
    Session.withBearer('hunter2'),
    Session.withBasicAuth('u', 'hunter2'),
    Session.withoutAuth,
  )
  const someSettings = fc.tuple(fc.subarray(SETTINGS), fc.subarray(SETTINGS), anyAuth, fc.constantFrom(0, 1, 2))
  const origins = [
    'http://other.test/2',
    'https://other.test/2',
    'http://other.test:81/2',
    'http://h.test:81/2',
    'http://free.test/2',
  ]
  /** What is sent for the second page, whose URL the first one has in a field. */
  const secondOf = async (
    session: Session.Session,
    request: Request.Request,
    field: 'link' | 'location',
    to: string,
  ) => {
    const first =
      field === 'link'
        ? { status: 200, headers: { link: `<${to}>; rel="next"` }, json: [1] }
        : { status: 302, headers: { location: to } }
    const { options, plans } = rigOf(({ url }) => (url.pathname === '/0' ? first : { status: 200, json: [2] }), session)
    const proxies = { http_proxy: 'http://environment.test:3128', no_proxy: 'free.test' }
    const environment = Environment.make(proxies, 'machine other.test login u password hunter2')
    await Client.runWith({ ...options, environment })(Http.pages({ request, items: numbers }))()
    return plans.slice(1).map((plan) => {
      const { method, url, headers } = Plan.wire(plan)
      return { method, url, headers: Object.fromEntries(headers), route: plan.route }
    })
  }
  it('at another origin is sent as a redirect to there would be', () =>
    fc.assert(
      fc.asyncProperty(someSettings, fc.constantFrom(...origins), async ([ofSession, ofRequest, auth, layer], to) => {
        const session = [...ofSession, ...(layer === 0 ? [auth] : [])].reduce((s, set) => set(s), Session.defaults)
        const ofContent = Request.withHeader('Content-Language', 'de')
        const posted = pipe(Request.post('http://h.test/0'), Request.withJson({ q: 1 }), ofContent)
        const request = [...ofRequest, ...(layer === 1 ? [auth] : [])].reduce((r, set) => set(r), posted)
        const linked = await secondOf(session, request, 'link', to)
        expect(linked.length).toBe(1)
        expect(linked).toEqual(await secondOf(session, request, 'location', to))
      }),
    ))
  it('at another origin keeps the limits, redirect policies and observers of the request', async () => {
    const starts: string[] = []
    const request = pipe(
      Request.get('http://h.test/0'),
      Request.withMaxRedirects(0),
      Request.withObserver({
        onSend:
          ({ plan }) =>
          () =>
            void starts.push(plan.url),
      }),
    )
    const { options, urls } = rigOf(({ url }) =>
      url.pathname === '/0'
        ? { status: 200, headers: { link: '<http://other.test/2>; rel="next"' }, json: [1] }
        : { status: 302, headers: { location: '/3' } },
    )
    expect(await Client.runWith(options)(Http.pages({ request, items: numbers }))()).toMatchObject({
      left: { _tag: 'TooManyRedirects' },
    })
    expect(starts).toEqual(['http://h.test/0', 'http://other.test/2'])
    expect(urls).toEqual(starts)
  })
  it('at the same origin gets them again, each once', async () => {
    const request = Request.get('http://h.test/0')
    const { options, plans } = rigOf(({ url }) => {
      const isFirst = url.pathname === '/0'
      return { status: 200, ...(isFirst ? { headers: { link: '</1?page=2>; rel="next"' } } : {}), json: [1] }
    }, dangerous)
    await Client.runWith(options)(Http.pages({ request: Request.withQuery({ page: 1 })(request), items: numbers }))()
    expect(plans.map((plan) => Plan.wire(plan).url)).toEqual([
      'http://h.test/0?key=hunter2&page=1',
      'http://h.test/1?page=2&key=hunter2',
    ])
    expect(
      plans.map((plan) => Plan.wire(plan).headers.filter(([, value]) => value.includes('hunter2')).length),
    ).toEqual([3, 3])
  })
})

describe('a link that repeats a secret of the query', () => {
  const secret = 'S3CRETVALUE'
  const ofRequest = Request.withSecretQuery('k', secret)(Request.get('http://h.test/0'))
  const ofSession = Session.withSecretQuery('k', secret)(Session.at('http://h.test'))
  const readWith = async (link: string, request: Request.Request, session: Session.Session) => {
    let count = 0
    const { options, urls } = rigOf(() => {
      count += 1
      return count === 1 ? { status: 200, headers: { link: `<${link}>; rel=next` }, json: [1] } : { status: 500 }
    }, session)
    const outcome = await Client.runWith(options)(Http.pages({ request, items: numbers }))()
    return E.isLeft(outcome) && outcome.left._tag === 'StatusError'
      ? { error: outcome.left, url: urls[1] }
      : expect.fail('it is not a StatusError')
  }

  it.each([
    [`/1?k=${secret}&p=2`, `http://h.test/1?p=2&k=${secret}`],
    [`?p=2&k=${secret}`, `http://h.test/0?p=2&k=${secret}`],
    [`?p=2&k=${encodeURIComponent(secret).replace('S', '%53')}`, `http://h.test/0?p=2&k=${secret}`],
    [`?other=${secret}`, `http://h.test/0?k=${secret}&other=${secret}`],
    [`?next=%2F%3Fk%3D${secret}`, `http://h.test/0?k=${secret}&next=%2F%3Fk%3D${secret}`],
    ['?k=renewed', 'http://h.test/0?k=renewed'],
    [`?k=${secret}&k=${secret}`, `http://h.test/0?k=${secret}&k=${secret}`],
    [`?${secret}=1`, `http://h.test/0?${secret}=1&k=${secret}`],
    [`/${secret}/1`, `http://h.test/${secret}/1?k=${secret}`],
    [`http://other.test/1?k=${secret}&p=2`, `http://other.test/1?p=2&k=${secret}`],
    [`http://other.test/${secret}`, `http://other.test/${secret}`],
  ])('as %s sends it as the server wrote it, each parameter once, and shows it nowhere', async (link, expected) => {
    for (const [request, session] of [
      [ofRequest, Session.empty],
      [Request.get('0'), ofSession],
    ] as const) {
      const { error, url } = await readWith(link, request, session)
      const sorted = (text = ''): unknown => [text.split('?')[0], text.split('?')[1]?.split('&').sort()]
      expect(sorted(url)).toEqual(sorted(expected))
      for (const shown of [error.message, HttpError.show(error), JSON.stringify(error)])
        expect(shown).not.toMatch(/S3CRETVALUE|renewed/)
    }
  })
  it('replaces a parameter that the session has', async () => {
    const session = Session.withQuery({ v: 1, z: 2 })(Session.at('http://h.test'))
    expect((await readWith('/1?v=1&p=2', Request.get('0'), session)).url).toBe('http://h.test/1?v=1&p=2&z=2')
  })
})

describe('credentials for a link', () => {
  /** Pages by host and path, each with its link; a redirect if it begins with `!`. */
  const sentTo = async (site: Readonly<Record<string, string>>, request: Request.Request, session = Session.empty) => {
    const { options, plans } = rigOf(({ url }) => {
      const next = site[`${url.protocol}//${url.hostname}${url.pathname}`]
      if (next?.startsWith('!') === true) return { status: 307, headers: { location: next.slice(1) } }
      return { status: 200, ...(next === undefined ? {} : { headers: { link: `<${next}>; rel=next` } }), json: [1] }
    }, session)
    expect(await Client.runWith(options)(Http.pages({ request, items: numbers }))()).toMatchObject({ _tag: 'Right' })
    return plans.map((plan) => [
      plan.url.href,
      Plan.wire(plan).headers.some(([name]) => name.toLowerCase() === 'authorization'),
    ])
  }
  const own = Request.withBearer('hunter2')(Request.get('http://h.test/0'))
  const bank = pipe(Session.at('https://bank.test'), Session.withBearer('hunter2'))

  it('of a page that was redirected to another origin are not sent', async () => {
    const site = { 'http://h.test/0': '!http://evil.test/1', 'http://evil.test/1': 'http://h.test/2' }
    expect((await sentTo(site, own)).map(([, sent]) => sent)).toEqual([true, false, false])
  })
  it('to the base URL are not sent for a page of another origin', async () => {
    const site = { 'https://evil.test/list': 'https://bank.test/transfer?to=evil' }
    expect((await sentTo(site, Request.get('https://evil.test/list'), bank)).map(([, sent]) => sent)).toEqual([
      false,
      false,
    ])
  })
  it('are sent after a redirect that kept them', async () => {
    const site = { 'http://h.test/0': '!https://h.test/0', 'https://h.test/0': '/1' }
    const session = pipe(Session.at('http://h.test'), Session.withBearer('hunter2'))
    for (const sent of [await sentTo(site, own), await sentTo(site, Request.get('0'), session)])
      expect(sent).toEqual([
        ['http://h.test/0', true],
        ['https://h.test/0', true],
        ['https://h.test/1', true],
      ])
  })
  it('are kept without the fields of a body', async () => {
    const { options, plans } = rigOf(({ url }) => ({
      status: 200,
      ...(url.pathname === '/0' ? { headers: { link: '</1>; rel=next' } } : {}),
      json: [1],
    }))
    const request = pipe(
      Request.post('http://h.test/0'),
      Request.withHeader('Content-Type', 'application/json'),
      Request.withHeader('X-Own', '1'),
      Request.withText('{}'),
    )
    expect(await Client.runWith(options)(Http.pages({ request, items: numbers }))()).toEqual(E.right([1, 1]))
    expect(plans.map((plan) => Plan.wire(plan).headers.map(([name]) => name))[1]).toEqual(['X-Own'])
  })
})

describe('the next page', () => {
  const Cursor = t.type({ items: t.array(t.number), next: t.union([t.string, t.null]) })
  const read = Response.json(Cursor.decode)
  const items = flow(
    read,
    E.map((page) => page.items),
  )
  const next = Pages.byCursor(
    'after',
    flow(
      read,
      O.fromEither,
      O.chainNullableK((page) => page.next),
    ),
  )

  it.each<readonly [string, Request.Request, string]>([
    ['a URL', Request.get('http://h.test/x?after=0&size=5#f'), 'http://h.test/x?size=5&after=a%26b#f'],
    [
      'keys',
      Request.withQuery({ after: '0', size: 5 })(Request.get('http://h.test/x')),
      'http://h.test/x?after=a%26b&size=5',
    ],
    [
      'pairs',
      Request.withQuery([
        ['after', '0'],
        ['size', 5],
      ])(Request.get('http://h.test/x')),
      'http://h.test/x?after=a%26b&size=5',
    ],
    [
      'other keys',
      Request.withQuery({ size: 5 })(Request.get('http://h.test/x')),
      'http://h.test/x?after=a%26b&size=5',
    ],
    ['text', Request.withQueryText('size=5')(Request.get('http://h.test/x')), 'http://h.test/x?after=a%26b&size=5'],
    [
      'text and the URL',
      Request.withQueryText('after=0&size=5')(Request.get('http://h.test/x?after=1')),
      'http://h.test/x?after=a%26b&size=5',
    ],
    [
      'pairs and the URL',
      Request.withQuery([
        ['after', '0'],
        ['size', 5],
      ])(Request.get('http://h.test/x?after=1')),
      'http://h.test/x?after=a%26b&size=5',
    ],
  ])('by cursor replaces the parameter in %s', async (_, request, expected) => {
    const { options, urls } = rigOf(({ url }) => ({
      status: 200,
      json: { items: [1], next: url.href.includes('a%26b') ? '' : 'a&b' },
    }))
    expect(await Client.runWith(options)(Http.pages({ request, items, next }))()).toEqual(E.right([1, 1]))
    expect(urls[1]).toBe(expected)
    expect(urls.length).toBe(2)
  })
  it.each<readonly [string, Session.Session]>([
    ['keys', Session.withQuery({ page: 1, z: 2 })(Session.at('http://h.test'))],
    [
      'pairs',
      Session.withQuery([
        ['page', 1],
        ['z', 2],
      ])(Session.at('http://h.test')),
    ],
    ['text', Session.withQueryText('page=1&z=2')(Session.at('http://h.test'))],
    ['text, at its end', Session.withQueryText('z=2&page=1')(Session.at('http://h.test'))],
  ])('by number replaces the parameter in the %s of the session', async (_, session) => {
    const { options, urls } = rigOf(
      ({ url }) => ({ status: 200, json: url.href.includes('page=3') ? [] : [1] }),
      session,
    )
    const program = Http.pages({ ...list('x'), next: Pages.byNumber('page') })
    expect(await Client.runWith(options)(program)()).toEqual(E.right([1, 1]))
    const sorted = urls.map((url) => new URL(url).search.slice(1).split('&').sort())
    expect(sorted).toEqual([1, 2, 3].map((page) => [`page=${page}`, 'z=2']))
    const other = Http.pages({ ...list('http://other.test/x'), next: Pages.byNumber('page') })
    expect(await Client.runWith(options)(other)()).toEqual(E.right([1, 1]))
    expect(urls.slice(3)).toEqual(['', '?page=2', '?page=3'].map((query) => `http://other.test/x${query}`))
  })
  it('by a cursor that does not change is a repeated page', async () => {
    const { options, urls } = rigOf(() => ({ status: 200, json: { items: [1], next: 'a' } }))
    expect(await Client.runWith(options)(Http.pages({ request: 'http://h.test/x', items, next }))()).toMatchObject({
      left: { _tag: 'RepeatedPage', pages: 2 },
    })
    expect(urls.length).toBe(2)
  })
  it.each([
    [{}, [undefined, 2, 3]],
    [{ start: 0 }, [undefined, 1, 2]],
  ])('by number with %j ends after an empty page', async (options, expected) => {
    const rig = rigOf(({ url }) => ({ status: 200, json: url.search.endsWith(String(expected[2])) ? [] : [1] }))
    const program = Http.pages({ ...list('http://h.test/x'), next: Pages.byNumber('page', options) })
    expect(await Client.runWith(rig.options)(program)()).toEqual(E.right([1, 1]))
    expect(rig.urls).toEqual(expected.map((page) => `http://h.test/x${page === undefined ? '' : `?page=${page}`}`))
  })
  it('of a function may be a request with a body', async () => {
    const { options, plans } = rigOf((plan) => ({ status: 200, json: [plan.method.length] }))
    const page = (n: number) => pipe(Request.post('http://h.test/search'), Request.withJson({ n }))
    const program = Http.pages({
      ...list(page(1)),
      next: (_, __, { pages }) => (pages < 3 ? O.some(page(pages + 1)) : O.none),
    })
    expect(await Client.runWith(options)(program)()).toEqual(E.right([4, 4, 4]))
    const again = Http.pages({ ...list(page(1)), next: (_, __, { pages }) => O.some(page((pages % 2) + 1)) })
    expect(await Client.runWith(options)(again)()).toMatchObject({ left: { _tag: 'RepeatedPage', pages: 2 } })
    expect(plans.length).toBe(5)
  })
  it.each([undefined, null, {}, 5])('of a function that returns %j is missing', async (value) => {
    const { options } = linked([[1], [2]])
    expect(await Client.runWith(options)(Http.pages({ ...list(), next: untyped<Pages.Next>(() => value) }))()).toEqual(
      E.right([1]),
    )
  })
})

describe('options that are not valid', () => {
  const { items, request } = list()
  const invalid: ReadonlyArray<readonly [string, unknown, string]> = [
    ['that are missing', undefined, 'items'],
    ['that are null', null, 'items'],
    ['that are a number', 5, 'items'],
    ['without items', { request }, 'items'],
    ['with items that are not a function', { request, items: [1] }, 'items'],
    ['with a next page that is null', { request, items, next: null }, 'next'],
    ['with a next page that is a text', { request, items, next: '/1' }, 'next'],
    ['with items that are inherited', Object.create({ request, items }), 'items'],
  ]
  it.each(invalid)('%s are InvalidSettings, and nothing is sent', async (_, given, name) => {
    const { options, urls } = linked([[1], [2]])
    const failure = { left: { _tag: 'InvalidSettings', setting: expect.stringContaining(name) } }
    expect(await Client.runWith(options)(Http.pages(untyped<ReturnType<typeof list>>(given)))()).toMatchObject(failure)
    expect(
      await Client.runWith(options)(Http.streamPages(untyped<ReturnType<typeof list>>(given))(Stream.toArray))(),
    ).toMatchObject(failure)
    expect(urls).toEqual([])
  })
  it('of byNumber that are null count as none', async () => {
    const next = Pages.byNumber('page', untyped(null))
    const { options, urls } = linked([[1]])
    await Client.runWith(options)(Http.pages({ ...list(), next, limit: 2 }))()
    expect(urls).toEqual(['http://h.test/0', 'http://h.test/0?page=2'])
  })
})

/**
 * Every parser of text from servers or users takes linear time: 50 ms for 100 KB, whatever the text repeats or nests.
 *
 * Each parser is one line of `PARSERS`. The best of several runs counts, measured in CPU time of this process. A quadratic
 * parser would need seconds.
 */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as Jar from '../../src/cookies/Jar.js'
import * as L from '../../src/index.js'
import { secretsInCredentials } from '../../src/session/auth/oauth2/RequestSecrets.js'
import * as Redirect from '../../src/stages/Redirect.js'
import * as FileDigest from '../../src/transport/download/FileDigest.js'
import * as Range from '../../src/transport/download/Range.js'
import * as RetryPolicy from '../../src/transport/RetryPolicy.js'
import * as Charset from '../../src/values/Charset.js'
import * as Digest from '../../src/values/Digest.js'
import * as Headers from '../../src/values/Headers.js'
import * as JsonScalars from '../../src/values/JsonScalars.js'
import * as Link from '../../src/values/Link.js'
import * as Multipart from '../../src/values/Multipart.js'
import * as Redaction from '../../src/values/Redaction.js'
import * as Url from '../../src/values/Url.js'
import * as Coding from '../../src/wire/coding/Coding.js'
import * as Reply from '../../src/wire/Reply.js'

const LENGTH = 100_000
const MAX_MS = 50

const base = Url.parse('http://h.test/a/b')
const site = new URL('http://h.test/a')
const now = new Date(0)
const head = (name: string, value: string, status = 200) => Reply.head({ status, headers: [[name, value]] })

const planned = (request: L.Request.Request, session: L.Session.Session = L.Session.empty) =>
  L.Plan.plan({ session })(request)
const response = (text: string, headers: Reply.HeadersInput = []) => {
  const { outcome } = L.Exchange.simulate({ session: L.Session.empty })(() => ({ status: 200, headers, body: text }))(
    L.Request.get('http://h.test/'),
  )
  if (E.isLeft(outcome)) throw new Error(outcome.left.message)
  return outcome.right
}
const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** All parsers by the text that they parse. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  'WWW-Authenticate': (text) => Digest.select([text]),
  Link: Link.parse,
  'Content-Type': Charset.ofContentType,
  'Set-Cookie': (text) => Jar.absorb(site, [text], now)(Jar.empty),
  Location: (text) => [
    Redirect.getRedirectTarget(head('Location', text, 302)),
    E.isRight(base) && Url.resolve(base.right.url)(text),
  ],
  'Retry-After': (text) => RetryPolicy.askedFor(now)(head('Retry-After', text)),
  'Content-Range': (text) => Range.contentRange(head('Content-Range', text)),
  'Repr-Digest': (text) => FileDigest.ofHead(head('Repr-Digest', text)),
  ETag: (text) => Range.validator(head('ETag', text)),
  'Content-Encoding': (text) => Coding.codings(head('Content-Encoding', text).headers),
  'Content-Length': (text) => Reply.lengthOf(head('Content-Length', text).headers),
  'links of a response': (text) =>
    L.Response.link('next')(response('', [['Link', `<${text.replace(/[^\x20-\x7e]/g, '')}>; rel=next`]])),
  'a problem of a response': (text) => {
    const body = JSON.stringify({ type: text, title: text, detail: text })
    return L.Response.ok({
      ...response(body, { 'content-type': 'application/problem+json' }),
      status: 400,
    })
  },
  'JSON of a response': (text) => L.Response.json(E.right)(response(text)),
  'lines of a response': (text) => L.Response.lines(response(text)),
  'a URL': (text) => [Url.parse(text), Url.parse(`http://${text}`), Url.parse(`http://h/${text}`), Url.masked(text)],
  'a URL template': (text) => [L.Url.template(text)({ a: 1 }), L.Url.template(`/{${text}`)({})],
  'a URL template of many variables': (text) => {
    const short = text.slice(0, text.length / 50)
    return [
      L.Url.template(short.replace(/[^/.x]/g, '{a}'))({ a: 1 }),
      L.Url.template('/x{/a*}')({ a: short.split('') }),
    ]
  },
  'a value of a URL template': (text) => [
    L.Url.template('/x/{a}{?a}')({ a: text }),
    L.Url.template('{+a}/x')({ a: `/${text}` }),
  ],
  'a request URL': (text) => planned(L.Request.get(text), L.Session.withBaseUrl('http://h/v1')(L.Session.empty)),
  'a base URL': (text) => planned(L.Request.get('x'), L.Session.withBaseUrl(`http://h/${text}x`)(L.Session.empty)),
  'query text': (text) => planned(L.Request.withQueryText(text)(L.Request.get('http://h/'))),
  'a query': (text) => planned(L.Request.withSecretQuery(text, text)(L.Request.get('http://h/'))),
  'text that may repeat secrets': (text) => {
    const hide = Redaction.redact(new Set([`${text.slice(0, 20)}x`, 'a', 'aaaa', '%41']))
    return [hide(text), hide(text.replaceAll('a', '%2541')), Redaction.redactReference(new Set(['%%%%', 'a=a=']))(text)]
  },
  'the credentials of a request': (text) => secretsInCredentials(text),
  'the JSON of a request': (text) => JsonScalars.named(JSON.stringify([text, { [text]: text, a: [[text]] }])),
  'a form': (text) => planned(L.Request.withForm({ [text]: text })(L.Request.post('http://h/'))),
  'a header': (text) => planned(L.Request.withHeader('X-A', text)(L.Request.post('http://h/'))),
  'a method': (text) => planned(L.Request.make(text, 'http://h/')),
  'a proxy': (text) => [L.Proxy.parse(text), L.Proxy.parse(`http://${text}`)],
  'the key of a proxy': (text) => planned(L.Request.withProxy({ [text]: 'p:1' })(L.Request.get('http://h/'))),
  NO_PROXY: (text) => L.NoProxy.parse(text)({ hostname: '10.0.0.1', port: '80' }),
  'proxy variables': (text) =>
    L.Environment.proxyFor({ protocol: 'http:', hostname: 'h', port: '' })(
      L.Environment.make({ http_proxy: text, no_proxy: text }),
    ),
  'the prefix of a mount': (text) => L.Session.mount(text, L.Transport.memory({}))(L.Session.empty),
  'a multipart boundary': Multipart.boundaryOf,
  'cookies.txt': (text) => L.CookiesTxt.read(now)(text),
  'a saved session': (text) => L.Session.decode(asJson(text)),
  'a tape': (text) => L.Tape.decode(asJson(text)),
  'any field': (text) => [Headers.isName(text), Headers.isValue(text)],
}

/** Returns the CPU milliseconds of the best of eight runs. Stops at the first run that is fast enough or hopelessly slow. */
const best = (run: () => unknown, enough = MAX_MS): number => {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < 8 && least >= enough; i++) {
    const start = process.cpuUsage()
    run()
    const { user, system } = process.cpuUsage(start)
    least = Math.min(least, (user + system) / 1000)
    if (least > 20 * MAX_MS) return least
  }
  return least
}

/** A text that grows by repeating its middle part. */
type Growing = readonly [before: string, pump: string, after: string]

const textOf = ([before, pump, after]: Growing, length: number): string =>
  before + pump.repeat(Math.ceil(length / pump.length)) + after

/**
 * Returns whether parsing stays within the limit. On a busy machine it may take longer, but at most twice as long as a
 * linear parser takes for a text four times as long. Shorter texts come first, so that an exponential parser fails early.
 */
const isLinear = (read: (text: string) => unknown, growing: Growing): boolean =>
  [1000, 8000, LENGTH].every((length) => {
    const text = textOf(growing, length)
    const elapsed = best(() => read(text))
    if (elapsed < MAX_MS) return true
    const quarter = textOf(growing, length / 4)
    return elapsed < 20 * MAX_MS && elapsed < 8 * best(() => read(quarter), 0)
  })

/** The start, the repeated part and the end of a text: syntax of the formats that the parsers know. */
const part = fc.constantFrom(
  ...['', 'a', '0', ' ', '\t', ',', ';', '=', '"', '\\', '<', '>', '/', ':', '.', '%', '@', '-', '?', '[', "'", 'é'],
  ...['Digest ', 'Digest a=', 'Digest a="', '; a="', 'a=', '\\"', '<x>;', 'rel=', ', ', '%41', '//', '..', '/../'],
  ...[
    'a=:A:',
    'a=:A:;',
    'text/x; charset=',
    'charset="',
    'http://',
    'http://h:',
    'http://h/',
    'a=b; ',
    'Expires=',
    'Domain=',
    'bytes ',
  ],
)
/** A repeated text with a part that is itself repeated. */
const nested = fc.tuple(part, fc.integer({ min: 1, max: 40 }), part).map(([x, n, y]) => `${x.repeat(n)}${y}` || 'a')
const pump = fc.oneof(
  nested,
  part.filter((text) => text !== ''),
  fc.tuple(part, part).map(([x, y]) => `${x}${y}` || 'a'),
)

describe.each(Object.entries(PARSERS))('parsing %s', (_, read) => {
  // Retried, because another process may occupy the processor.
  it('takes linear time', { retry: 2 }, () => {
    fc.assert(
      fc.property(part, pump, part, (before, pumped, after) => {
        expect(isLinear(read, [before, pumped, after])).toBe(true)
      }),
      { numRuns: 20, endOnFailure: true },
    )
  })
})

it.each<[string, keyof typeof PARSERS, Growing]>([
  ['takes linear time for a word before an equals sign', 'WWW-Authenticate', ['', 'a', '=x']],
  ['takes linear time for a word before blanks', 'WWW-Authenticate', ['', 'a ', '']],
  ['takes linear time for a quote that is not closed', 'WWW-Authenticate', ['Digest a="', '\\"', '']],
  ['takes linear time for angle brackets that are not closed', 'Link', ['', '<', '']],
  ['takes linear time for blanks inside a charset', 'Content-Type', ['text/html; charset=a', ' ', 'b']],
  ['takes linear time for quotes that are not closed', 'the credentials of a request', ['Token ', 'a="\\"', '']],
  ['takes linear time for blanks before an equals sign', 'the credentials of a request', ['Token a', ' ', '=x']],
  ['takes linear time for blanks in a parameter', 'Repr-Digest', ['sha-256=:A:;', ' ', '"']],
  ['takes linear time for blanks after a digest', 'Repr-Digest', ['sha-256=:A:', ' ', 'x']],
  ['takes linear time for a port of zeros', 'Location', ['http://h:', '0', 'x/']],
  ['takes linear time for slashes before a colon', 'Location', ['', '/', ':']],
])('%s (%s)', (_, field, growing) => {
  expect(isLinear((text) => PARSERS[field]?.(text), growing)).toBe(true)
})

it('does not throw for a quoted string with millions of escapes', () => {
  const quoted = `"${'\\a'.repeat(4_500_000)}"`
  expect(PARSERS['WWW-Authenticate']?.(`Digest realm="r", nonce=${quoted}`)).toBeDefined()
  expect(PARSERS['Link']?.(`</>; title=${quoted}`)).toBeDefined()
})

describe('hostile Set-Cookie', () => {
  it.each([
    ['blanks in the value', `a=1${' '.repeat(65_536)}2`],
    ['blanks alone', ' '.repeat(65_536)],
    ['tabs before the name', `${'\t'.repeat(65_536)}a=1`],
    ['blanks in an attribute', `a=1; Path=${' '.repeat(65_536)}x`],
    ['blanks after a domain', `a=1; Domain${' '.repeat(32_768)}=${' '.repeat(32_768)}x`],
    ['empty attributes', `a=1${';'.repeat(65_536)}`],
    ['equals signs', `a=1; ${'='.repeat(65_536)}`],
    ['dates', `a=1${'; Expires=1 1 1 1'.repeat(4_000)}`],
    ['one long date', `a=1; Expires=${'1:1:1 '.repeat(10_000)}`],
    ['dots', `a=1; Domain=${'.'.repeat(65_536)}`],
    ['a domain of many labels', `a=1; Domain=${'a.'.repeat(500)}com`],
    ['colons', `a=1; Domain=${':'.repeat(1_000)}`],
    ['digits', `a=1; Max-Age=${'1'.repeat(65_536)}`],
  ])('takes less than 50 ms for 65 KB: %s', (_, setCookie) => {
    const once = (): number => {
      const start = performance.now()
      Jar.absorb(site, [setCookie], now)(Jar.empty)
      return performance.now() - start
    }
    // The best of five runs, because the machine may be busy.
    expect(Math.min(...Array.from({ length: 5 }, once))).toBeLessThan(50)
  })
})

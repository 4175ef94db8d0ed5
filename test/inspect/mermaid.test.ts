/** A story as a Mermaid diagram: one statement a line, whatever a server sends, and no secret. */
import * as fc from 'fast-check'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import { chain as anyChain, CANARY, contextOf, requestOf, serverOf } from '../../laws/arbitrary/Chain.js'
import { Exchange, Headers, Jar, type Reply, Request, Session, Story } from '../../src/index.js'

const now = new Date('2026-01-01T00:00:00Z')
const simulated = (server: Reply.Server, request: Request.Request, session = Session.empty) =>
  Exchange.simulate({ session, now, jar: Jar.empty, entropy: 'seed' })(server)(request)
const drawn = (...given: Parameters<typeof simulated>): string => Story.toMermaid(Story.ofTrace(simulated(...given)))

// The part of Mermaid's grammar that is used, stricter than its lexer: a text consists of harmless characters and entities.
const TEXT = String.raw`(?:[\p{L}\p{N} .,/:?=_+()'→‹›…-]|#\d+;|<br/>)+`
const STATEMENT = new RegExp(
  `^  (?:participant client|participant jar as cookie jar|participant server\\d+ as ${TEXT}` +
    `|client->>server\\d+: ${TEXT}|server\\d+(?:-->>|--x)client: ${TEXT}|client->>jar: ${TEXT}|Note over client: ${TEXT})$`,
  'u',
)

/** Returns the statements of a diagram, or throws if a line is not one. */
const statementsOf = (diagram: string): ReadonlyArray<string> => {
  const [first, ...lines] = diagram.split('\n')
  expect(first).toBe('sequenceDiagram')
  for (const line of lines) {
    expect(line).toMatch(STATEMENT)
    expect(line).not.toMatch(/style|classdef|\bend(?![\w#])|wrap:/i)
  }
  return lines
}

/** The text that Mermaid shows. */
const shown = (statement: string): string =>
  statement.replaceAll('<br/>', '').replace(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))

const HOSTILE = [
  'a;participant evil',
  'a\nend',
  '\u2028end',
  '#quot;',
  '%%{init: {"theme":"dark"}}%%',
  '<script>alert(1)</script>',
  '<br/>',
  '$$x$$',
  '```',
  'end',
  'style: #x;',
  'ſtyle:#;',
  'classDef x fill:#fff;',
  'wrap:',
  'client->>client: x',
  'A@{ "type": "database" }',
  '\u202e',
  '\ud800',
  '😀',
]
const text = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 200 }))
const texts = fc.array(text, { maxLength: 4 }).map((parts) => parts.join(''))

describe('a diagram of a story', () => {
  const server: Reply.Server = {
    'GET http://shop.test/': (plan) =>
      Headers.has('Authorization')(plan.headers)
        ? { status: 307, headers: { location: '/end;x', 'set-cookie': ['sid=c4nary', 'x=1; Domain=other.test'] } }
        : { status: 401, headers: { 'www-authenticate': 'Digest realm="r", nonce="n", qop="auth"' } },
    'GET http://shop.test/end;x': { status: 302, headers: { location: 'http://cdn.test/home' } },
    'GET http://cdn.test/home': { status: 200, body: 'welcome' },
  }
  const session = pipe(
    Session.empty,
    Session.withDigestAuth('me', 'c4nary'),
    Session.withSecretHeader('X-Key', 'c4nary'),
  )

  it('shows requests, replies, cookies and decisions of each hop', () => {
    expect(drawn(server, Request.get('http://shop.test/'), session)).toMatchInlineSnapshot(`
      "sequenceDiagram
        participant client
        participant server1 as http://shop.test
        participant server2 as http://cdn.test
        participant jar as cookie jar
        client->>server1: 1. GET /
        server1-->>client: 401 Unauthorized
        Note over client: answers the challenge of http://shop.test, once
        client->>server1: 2. GET /
        server1-->>client: 307 Temporary Redirect
        client->>jar: + cookie sid, for shop.test/, until the session ends
        client->>jar: #33; Cookie #34;x#34; rejected: its Domain #34;other.test#34; does not<br/>cover shop.test
        Note over client: follows the redirect to http://shop.test/#101;nd#59;x
        client->>server1: 3. GET /#101;nd#59;x
        server1-->>client: 302 Found
        Note over client: follows the redirect to http://cdn.test/home#59; without header<br/>X-Key, header Authorization: it is secret, and<br/>http://cdn.test is another origin
        client->>server2: 4. GET /home
        server2-->>client: 200 OK
        Note over client: done: 7 bytes"
    `)
  })
  it('shows a proxy, a reply that is missing, and a request without a plan', () => {
    const proxied = drawn({}, Request.withProxy('http://u:c4nary@p.test:1')(Request.get('http://h.test/')))
    expect(statementsOf(proxied).map(shown)).toContain('  Note over client: through the proxy http://‹secret›@p.test:1')
    expect(proxied).not.toContain('c4nary')
    const down = drawn(() => expect.fail('down'), Request.get('http://h.test/'))
    expect(down).toContain('server1--xclient: no complete reply')
    expect(statementsOf(drawn({}, Request.get('h.test'))).map(shown)).toMatchObject([
      '  participant client',
      expect.stringContaining('MissingScheme'),
    ])
  })
  it('limits the length of a text and the number of cookies of a hop', () => {
    const cookies = Array.from({ length: 150 }, (_, i) => `c${i}=1`)
    const diagram = drawn(
      { 'GET /': { status: 200, headers: { 'set-cookie': cookies } } },
      Request.get('http://h.test/'),
    )
    expect(statementsOf(diagram).length).toBeLessThan(25)
    const long = drawn({}, Request.get(`http://h.test/${'a'.repeat(10_000)}`))
    expect(long.length).toBeLessThan(3_000)
  })
  it('has one statement a line and shows the text itself, whatever names, reasons and URLs are', () => {
    const [hop] = Story.ofTrace(simulated({ 'GET /': { status: 200 } }, Request.get('http://h.test/'))).chapters
    if (hop === undefined || O.isNone(hop.head)) expect.fail('no hop')
    const { plan, head } = hop
    fc.assert(
      fc.property(texts, texts, texts, (url, reason, name) => {
        const diagram = Story.toMermaid({
          chapters: [
            {
              plan: { ...plan, method: name, url: { ...plan.url, origin: url, pathname: url, search: reason } },
              head: O.some({ ...head.value, reason }),
              changes: [
                { kind: 'gained', name, detail: url },
                { kind: 'refused', name, detail: reason },
              ],
              decision: [reason, url],
              isGood: false,
            },
          ],
          hooks: [name],
          problem: O.some(reason),
        })
        expect(statementsOf(diagram)).toHaveLength(10)
      }),
      { numRuns: 500, examples: [['a', 'endſ', 'a']] },
    )
    const odd = drawn({}, Request.get('http://h.test/a;b%25#c'))
    expect(statementsOf(odd).map(shown)).toContain('  client->>server1: 1. GET /a;b%25')
  })
  it('of any exchange has one message for each hop, and never a secret', () => {
    fc.assert(
      fc.property(anyChain, (chain) => {
        const story = Story.ofTrace(Exchange.simulate(contextOf(chain))(serverOf(chain))(requestOf(chain)))
        const diagram = Story.toMermaid(story)
        const requests = statementsOf(diagram).filter((line) => line.startsWith('  client->>server'))
        expect(requests).toHaveLength(story.chapters.length)
        expect(shown(diagram)).not.toContain(CANARY)
      }),
      { numRuns: 200 },
    )
  })
})

/**
 * A story as a Mermaid sequence diagram, which GitHub and GitLab draw from a code block with the language `mermaid`.
 *
 * | part of the story             | in the diagram                                                      |
 * |-------------------------------|---------------------------------------------------------------------|
 * | origins, the jar              | participants, in the order of their first message                   |
 * | request, reply                | a message to the origin, and one back; a cross if no reply came     |
 * | proxy, if it changes          | a note                                                              |
 * | changes of the jar            | messages to the jar, without values                                 |
 * | decisions, errors             | a note                                                              |
 *
 * Mermaid gives a meaning to `;`, `#`, `%%`, `<`, `$$`, to line ends and to words such as `end` and `style`. Servers choose
 * URLs, reasons and cookie names, so everything but letters, digits and a few signs is written as an entity (`#59;`), which
 * Mermaid shows as the character.
 */

import * as O from 'fp-ts/lib/Option.js'
import { statusLine } from '../session/auth/oauth2/ServerText.js'
import * as Proxy from '../values/Proxy.js'
import type { Plan } from '../wire/Plan.js'
import * as Layout from './Layout.js'
import { type Change, type Chapter, SIGN, type Story } from './Story.js'

// Longer texts are wrapped and then truncated, because Mermaid does not wrap them.
const COLUMNS = 60
const MAX_LINES = 4
/** The largest number of changes of the jar that are drawn for one hop. */
const MAX_CHANGES = 12

// `style` and `classDef`: Mermaid removes the last `;` of a line that has one of them, a colon and an entity. `wrap:` is an
// instruction at the start of a text. Without the flag `i`, which would take ſ for a letter of a word: `endſ` has the word `end`.
const SPECIAL =
  /[Ssſ][Tt][Yy][Ll][Ee]|[Cc][Ll][Aa][Ssſ]{2}[Dd][Ee][Ff]|[Ww][Rr][Aa][Pp](?=:)|(?<!\w)[Ee][Nn][Dd](?!\w)|[^\p{L}\p{N} .,/:?=_+()'→‹›…-]/gu

/** Writes the first character of a special word, or a special character, as an entity. */
const escaped = (text: string): string =>
  text.replace(SPECIAL, (found) => {
    const first = found.codePointAt(0) ?? 0
    return `#${first};${found.slice(String.fromCodePoint(first).length)}`
  })

const label = (text: string): string => {
  const lines = Layout.wrap(text, COLUMNS)
  const shown = lines.length > MAX_LINES ? [...lines.slice(0, MAX_LINES - 1), '…'] : lines
  const joined = shown.map(escaped).join('<br/>')
  // Mermaid needs a text in each message.
  return joined.trim() === '' ? '…' : joined
}

/** Returns the origin of a plan. The URL standard does not define one for schemes such as `http+unix:`. */
const originOf = ({ url }: Plan): string => (url.origin === 'null' ? `${url.protocol}//${url.hostname}` : url.origin)

const proxyOf = ({ route }: Plan): string | undefined =>
  O.isSome(route.proxy) ? Proxy.show(route.proxy.value) : undefined

const note = (text: string): string => `Note over client: ${label(text)}`

const changeText = ({ kind, name, detail }: Change): string =>
  kind === 'refused' ? `${SIGN[kind]} ${detail}` : `${SIGN[kind]} cookie ${name}, ${detail}`

const hopLines = (chapter: Chapter, number: number, server: string): ReadonlyArray<string> => {
  const { plan, head, changes, decision } = chapter
  const { pathname, search } = plan.url
  const reply = O.isSome(head)
    ? `${server}-->>client: ${label(statusLine(plan, head.value))}`
    : `${server}--xclient: no complete reply`
  const left = changes.length - MAX_CHANGES
  return [
    `client->>${server}: ${label(`${number}. ${plan.method} ${pathname}${search}`)}`,
    reply,
    ...changes.slice(0, MAX_CHANGES).map((change) => `client->>jar: ${label(changeText(change))}`),
    ...(left > 0 ? [`client->>jar: and ${left} more changes`] : []),
    ...(decision.length === 0 ? [] : [note(decision.join('; '))]),
  ]
}

/**
 * Returns a Mermaid sequence diagram of a story, without a code fence and without secrets. GitHub does not draw a diagram of
 * more than 50,000 characters.
 *
 * @since 0.2.0
 * @category formats
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Exchange, Request, Session, Story } from 'requests-ts'
 *
 * const diagram = pipe(
 *   Request.get('http://h.test/a'),
 *   Exchange.simulate({ session: Session.empty })({
 *     'GET /a': { status: 302, headers: { location: '/b', 'set-cookie': 'sid=1' } },
 *     'GET /b': { status: 200, body: 'welcome' } }),
 *   Story.ofTrace,
 *   Story.toMermaid)
 * assert.equal(diagram, [
 *   'sequenceDiagram',
 *   '  participant client',
 *   '  participant server1 as http://h.test',
 *   '  participant jar as cookie jar',
 *   '  client->>server1: 1. GET /a',
 *   '  server1-->>client: 302 Found',
 *   '  client->>jar: + cookie sid, for h.test/, until the session ends',
 *   '  Note over client: follows the redirect to http://h.test/b',
 *   '  client->>server1: 2. GET /b',
 *   '  server1-->>client: 200 OK',
 *   '  Note over client: done: 7 bytes'].join('\n'))
 */
export const toMermaid = ({ chapters, hooks, problem }: Story): string => {
  const servers = new Map<string, string>()
  const lines: string[] = []
  let proxy: string | undefined
  for (const [i, chapter] of chapters.entries()) {
    const origin = originOf(chapter.plan)
    const server = servers.get(origin) ?? `server${servers.size + 1}`
    servers.set(origin, server)
    const next = proxyOf(chapter.plan)
    if (next !== proxy) lines.push(note(next === undefined ? 'without a proxy' : `through the proxy ${next}`))
    proxy = next
    lines.push(...hopLines(chapter, i + 1, server))
  }
  if (O.isSome(problem)) lines.push(note(problem.value))
  if (hooks.length > 0) lines.push(note(`hooks that see each reply: ${hooks.join(', ')}`))
  const hasChanges = chapters.some(({ changes }) => changes.length > 0)
  const participants = [
    'participant client',
    ...Array.from(servers, ([origin, server]) => `participant ${server} as ${label(origin)}`),
    ...(hasChanges ? ['participant jar as cookie jar'] : []),
  ]
  return ['sequenceDiagram', ...[...participants, ...lines].map((line) => `  ${line}`)].join('\n')
}

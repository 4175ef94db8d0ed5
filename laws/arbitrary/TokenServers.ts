/**
 * The servers of a `TokenWeb`: an API and a token endpoint. They remember what they received and answered. The laws
 * compare that with a model of their own.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Octets from '../../src/values/Octets.js'
import { type Plan, wire } from '../../src/wire/Plan.js'
import type { Answer, Server } from '../../src/wire/Reply.js'
import { type ApiPage, CANARY, endpointOf, HELD, hrefOf, originAt, type TokenReply, type TokenWeb } from './TokenWeb.js'

const unBasic = (value: string): string => {
  const [, code = ''] = /^Basic +(\S+)/i.exec(value) ?? []
  return Octets.toText(Octets.fromBase64(code))
}

/** Returns everything that a server can read in a plan. */
export const textOf = (plan: Plan): string => {
  const { method, url, headers, body } = wire(plan)
  const fields = headers.map(([name, value]) => `${name}: ${value} ${unBasic(value)}`)
  return [method, url, ...fields, O.isSome(body) ? Octets.toText(body.value) : ''].join('\n')
}

/** What the servers received, and what they answered. */
export interface Received {
  readonly to: 'api' | 'endpoint' | 'nowhere'
  readonly plan: Plan
  /** The index of the page. */
  readonly page: number
  readonly isRejected: boolean
  readonly isRedirect: boolean
  readonly reply: TokenReply | undefined
  /** The tokens of the reply. */
  readonly access: string
  readonly refresh: string | undefined
  /** The cookie that the reply sets. */
  readonly cookie: string | undefined
}

/** Servers with a memory: use them for one exchange. */
export interface Servers {
  readonly server: Server
  readonly received: () => ReadonlyArray<Received>
}

const grant = (access: string, refresh: string | undefined, expiresIn: number | undefined): Answer => ({
  status: 200,
  json: {
    access_token: access,
    token_type: 'Bearer',
    ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    ...(refresh === undefined ? {} : { refresh_token: refresh }),
  },
})

const tokenAnswer = (reply: TokenReply, plan: Plan, { access, refresh }: Pick<Received, 'access' | 'refresh'>) => {
  switch (reply._tag) {
    case 'Token':
      return grant(access, refresh, reply.expiresIn)
    case 'Error':
      // A careless server repeats what it received.
      return { status: reply.status, json: { error: reply.code, error_description: textOf(plan) } }
    case 'Negative':
      return grant(access, undefined, -1)
    case 'Garbage':
      return { status: 200, body: `{"access_token": ${access}}` }
    case 'Html':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: `<p>${access}</p>` }
    case 'Unavailable':
      return { status: 503, body: access }
    case 'Redirect':
      return { status: reply.status, headers: { location: `${originAt(reply.place)}/token?moved` } }
    case 'Fault':
      return { status: Number.NaN } // not an answer: the fault `ProtocolError`
  }
}

const isRedirectStatus = (status: number): boolean => status >= 300 && status < 400

const pageAnswer = (web: TokenWeb, page: ApiPage, at: number, isRejected: boolean): Answer => {
  if (isRejected) return { status: web.rejection, body: 'no' }
  return {
    status: page.status,
    headers: isRedirectStatus(page.status) ? { location: hrefOf(web, at + page.onward) } : {},
    body: 'ok',
  }
}

/** What the servers answer to a request, and what they note about it. */
type Reaction = readonly [answer: Answer, noted: Pick<Received, 'to' | 'isRejected' | 'isRedirect' | 'reply'>]

const NOWHERE: Reaction = [{ status: 404 }, { to: 'nowhere', isRejected: false, isRedirect: false, reply: undefined }]

/** Returns the servers of a web. */
export const serve = (web: TokenWeb): Servers => {
  const log: Received[] = []
  const rejects = ({ rejects: which }: ApiPage, page: number, text: string): boolean => {
    if (which === 'once') return !log.some((one) => one.page === page)
    return which === 'always' || (which === 'held' && text.includes(HELD.access))
  }
  const ofPage = (at: number, plan: Plan): Reaction => {
    const page = web.pages[at]
    if (page === undefined) return NOWHERE
    const isRejected = rejects(page, at, textOf(plan))
    const isRedirect = !isRejected && isRedirectStatus(page.status)
    return [pageAnswer(web, page, at, isRejected), { to: 'api', isRejected, isRedirect, reply: undefined }]
  }
  const server = (plan: Plan): Answer => {
    const href = `${plan.url.origin}${plan.url.pathname}`
    const page = web.pages.findIndex((_, i) => hrefOf(web, i) === href)
    const n = log.length
    const asked = log.filter(({ to }) => to === 'endpoint').length
    const reply = href === endpointOf(web) ? (web.replies[asked] ?? web.replies.at(-1)) : undefined
    const rotates = reply?._tag === 'Token' && reply.rotates
    const tokens = { access: `${CANARY}-access-${n}`, refresh: rotates ? `${CANARY}-refresh-${n}` : undefined }
    const [answer, noted]: Reaction =
      reply === undefined
        ? ofPage(page, plan)
        : [tokenAnswer(reply, plan, tokens), { to: 'endpoint', isRejected: false, isRedirect: false, reply }]
    const wantsCookie = web.pages[page]?.setsCookie ?? (reply !== undefined && web.endpointSetsCookie)
    const cookie = wantsCookie && !Number.isNaN(answer.status) ? `n${n}=${plan.url.hostname}` : undefined
    log.push({ ...noted, ...tokens, plan, page, cookie })
    const { headers = {} } = answer
    return cookie === undefined ? answer : { ...answer, headers: { ...headers, 'set-cookie': `${cookie}; Path=/` } }
  }
  return { server, received: () => [...log] }
}

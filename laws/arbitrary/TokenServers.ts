/**
 * The servers of a `TokenWeb`: an API and a token endpoint. They remember what they received and answered. The laws compare
 * that with a model of their own.
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
      return { status: 200, body: `{"access_token": "${access}` }
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

const pageAnswer = (web: TokenWeb, page: ApiPage, at: number, isRejected: boolean): Answer => {
  if (isRejected) return { status: web.rejection, body: 'no' }
  const isRedirect = page.status >= 300 && page.status < 400
  return { status: page.status, headers: isRedirect ? { location: hrefOf(web, at + page.onward) } : {}, body: 'ok' }
}

/** Returns the servers of a web. */
export const serve = (web: TokenWeb): Servers => {
  const log: Received[] = []
  const rejects = ({ rejects: which }: ApiPage, page: number, text: string): boolean => {
    if (which === 'once') return !log.some((one) => one.page === page)
    return which === 'always' || (which === 'held' && text.includes(HELD.access))
  }
  const server = (plan: Plan): Answer => {
    const href = `${plan.url.origin}${plan.url.pathname}`
    const page = web.pages.findIndex((_, i) => hrefOf(web, i) === href)
    const n = log.length
    const found = web.pages[page]
    const isEndpoint = href === endpointOf(web)
    const asked = log.filter(({ to }) => to === 'endpoint').length
    const reply = isEndpoint ? (web.replies[asked] ?? web.replies.at(-1)) : undefined
    const rotates = reply?._tag === 'Token' && reply.rotates
    const tokens = { access: `${CANARY}-access-${n}`, refresh: rotates ? `${CANARY}-refresh-${n}` : undefined }
    const isRejected = found !== undefined && rejects(found, page, textOf(plan))
    const made =
      reply !== undefined
        ? tokenAnswer(reply, plan, tokens)
        : found !== undefined
          ? pageAnswer(web, found, page, isRejected)
          : { status: 404 }
    const setsCookie = found?.setsCookie ?? (reply !== undefined && reply._tag !== 'Fault' && web.endpointSetsCookie)
    const cookie = setsCookie ? `n${n}=${plan.url.hostname}` : undefined
    const isRedirect = found !== undefined && !isRejected && found.status >= 300 && found.status < 400
    const to = isEndpoint ? 'endpoint' : found === undefined ? 'nowhere' : 'api'
    log.push({ to, plan, page, isRejected, isRedirect, reply, ...tokens, cookie })
    const { headers = {} } = made
    return cookie === undefined ? made : { ...made, headers: { ...headers, 'set-cookie': `${cookie}; Path=/` } }
  }
  return { server, received: () => [...log] }
}

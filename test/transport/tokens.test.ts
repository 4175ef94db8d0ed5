// Tokens over sockets: one request for many programs, and everything that may go wrong with it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Auth from '../../src/Auth.js'
import * as Client from '../../src/Client.js'
import * as Jar from '../../src/cookies/Jar.js'
import * as Http from '../../src/Http.js'
import * as HttpError from '../../src/HttpError.js'
import * as OAuth2 from '../../src/OAuth2.js'
import * as Request from '../../src/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Secret from '../../src/values/Secret.js'
import * as Token from '../../src/values/Token.js'
import { sleep, web } from './servers.js'

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

/** An authorization server at `/token` and an API that accepts its newest token, on one origin. With an answer of its own, any. */
const serve = async (answer?: Answer) => {
  const seen: string[] = []
  let issued = 0
  let valid = ''
  const issue: Answer = async (_, response) => {
    await sleep(20)
    issued += 1
    valid = `t${issued}`
    response.end(JSON.stringify({ access_token: valid, expires_in: 3600 }))
  }
  const { url } = await web(async (request, response) => {
    const body = await bodyOf(request)
    seen.push(`${request.method} ${request.url}`)
    if (request.url === '/token') {
      await (answer ?? issue)(request, response, body)
      return
    }
    await sleep(2)
    const isAccepted = answer !== undefined || request.headers.authorization === `Bearer ${valid}`
    response.statusCode = isAccepted ? 200 : 401
    response.end('ok')
  })
  return {
    url,
    seen,
    issued: () => issued,
    issue,
    revoke: () => {
      valid = 'revoked'
    },
    tokens: () => seen.filter((line) => line === 'POST /token').length,
    requests: () => seen.filter((line) => line !== 'POST /token').length,
  }
}

const sessionFor = (url: string, change: Partial<Auth.OAuth2Options> = {}) =>
  pipe(
    Session.empty,
    Session.withBaseUrl(url),
    Session.withAuth(
      Auth.oauth2({
        name: 'api',
        tokenUrl: `${url}/token`,
        clientId: 'me',
        clientSecret: 'hunter2',
        grant: OAuth2.clientCredentials,
        ...change,
      }),
    ),
  )

const statusOf = <E>(outcome: E.Either<E, { readonly status: number }>): unknown =>
  E.isRight(outcome) ? outcome.right.status : outcome.left

const ten = Array.from({ length: 10 }, (_, i) => Http.get(`item/${i}`))

/** A server that never answers the first token request. `begun` waits for that request. */
const serveAfterTheFirst = async () => {
  let count = 0
  const server = await serve(async (request, response, body) => {
    count += 1
    if (count > 1) await server.issue(request, response, body)
    else await new Promise((resolve) => request.socket.on('close', resolve))
  })
  const begun = async (): Promise<void> => {
    while (count === 0) await sleep(1)
  }
  return { server, begun }
}

describe('one token request', () => {
  it('serves all requests of a program that run at the same time', async () => {
    const server = await serve()
    const outcome = await pipe(ten, Http.parallel(), Client.use({ session: sessionFor(server.url) }))()
    expect(E.isRight(outcome) && outcome.right[0].map(({ status }) => status)).toEqual(Array(10).fill(200))
    expect(server.tokens()).toBe(1)
  })
  it('serves programs of one client, and renews a rejected token once', async () => {
    const server = await serve()
    await Client.scoped({ session: sessionFor(server.url) })((client) => async () => {
      const run = () => Promise.all(ten.map((program) => Client.runIn(client)(program)()))
      expect((await run()).map(statusOf)).toEqual(Array(10).fill(200))
      server.revoke()
      expect((await run()).map(statusOf)).toEqual(Array(10).fill(200))
      expect(server.tokens()).toBe(2)
      expect(Jar.tokens(Client.jar(client)()).map(({ name }) => name)).toEqual(['api'])
      return E.right(undefined)
    })()
  })
  it('is sent by another program if the first one is aborted', async () => {
    const { server, begun } = await serveAfterTheFirst()
    await Client.scoped({ session: sessionFor(server.url) })((client) => async () => {
      const controller = new AbortController()
      const first = Client.runIn(client)(pipe(Http.get('a'), Http.withSignal(controller.signal)))()
      await begun()
      const others = ['b', 'c'].map((path) => Client.runIn(client)(Http.get(path))())
      await sleep(10)
      controller.abort()
      expect(statusOf(await first)).toMatchObject({ _tag: 'Aborted', plan: { cause: 'Token' } })
      expect((await Promise.all(others)).map(statusOf)).toEqual([200, 200])
      expect(server.tokens()).toBe(2)
      return E.right(undefined)
    })()
  })
  it('is sent by another program if the total timeout of the first one ends it', async () => {
    const { server, begun } = await serveAfterTheFirst()
    await Client.scoped({ session: sessionFor(server.url) })((client) => async () => {
      const first = Client.runIn(client)(Http.get('a', Request.withTimeouts({ total: 150 })))()
      await begun()
      const second = Client.runIn(client)(Http.get('b'))()
      expect(statusOf(await first)).toMatchObject({ _tag: 'DeadlineExceeded', limit: 150, plan: { cause: 'Token' } })
      expect(statusOf(await second)).toBe(200)
      return E.right(undefined)
    })()
  })
  it('that is refused fails all that wait for it', async () => {
    const server = await serve(async (_, response) => {
      await sleep(20)
      response.statusCode = 400
      response.end(JSON.stringify({ error: 'invalid_client', error_description: 'unknown' }))
    })
    await Client.scoped({ session: sessionFor(server.url) })((client) => async () => {
      const outcomes = await Promise.all(ten.map((program) => Client.runIn(client)(program)()))
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({
          left: {
            _tag: 'TokenRefused',
            credential: 'api',
            code: 'invalid_client',
            status: 400,
            description: O.some('unknown'),
          },
        })
      }
      expect([server.tokens(), server.requests()]).toEqual([1, 0])
      return E.right(undefined)
    })()
  })
  it('is not shared by programs whose cookies differ', async () => {
    const server = await serve((request, response) => {
      response.end(JSON.stringify({ access_token: String(request.headers.cookie), expires_in: 3600 }))
    })
    const jarOf = (user: string) => Jar.absorb(new URL(server.url), [`user=${user}`], new Date())(Jar.empty)[0]
    await Client.scoped({ session: sessionFor(server.url) })((client) => async () => {
      const run = (user: string) => Http.get('a')(jarOf(user))(client)()
      const outcomes = await Promise.all([run('ada'), run('bob'), run('ada')])
      const tokens = outcomes.map((outcome) =>
        E.isRight(outcome) ? Jar.tokens(outcome.right[1]).map(({ token }) => Secret.reveal(token.accessToken)) : [],
      )
      expect(tokens).toEqual([['user=ada'], ['user=bob'], ['user=ada']])
      expect(server.tokens()).toBe(2)
      return E.right(undefined)
    })()
  })
  it('is used by a program that started before another one obtained it', async () => {
    const server = await serve()
    await Client.scoped({ session: sessionFor(server.url) })((client) => async () => {
      const [first] = [await Http.get('a')(Jar.empty)(client)()]
      const second = await Http.get('b')(Jar.empty)(client)()
      expect([first, second].map((outcome) => E.isRight(outcome) && outcome.right[0].status)).toEqual([200, 200])
      expect(server.tokens()).toBe(1)
      return E.right(undefined)
    })()
  })
})

describe('a token endpoint', () => {
  const failing = async (answer: Answer, change: Parameters<typeof Http.get>[1] = (request) => request) => {
    const server = await serve(answer)
    const outcome = await pipe(Http.get('a', change), Client.use({ session: sessionFor(server.url) }))()
    expect(server.requests()).toBe(0)
    return E.isLeft(outcome) ? outcome.left : expect.fail('it did not fail')
  }
  const endless: Answer = (_, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x'))) {}
      if (!response.destroyed) response.once('drain', write)
    }
    write()
  }
  it.each<[string, Answer, string, string | undefined]>([
    ['with a body of 1 GB', endless, 'TokenFailed', 'BodyTooLarge'],
    ['that hangs up', (request) => void request.socket.destroy(), 'TokenFailed', 'ConnectFailed'],
    [
      'that redirects',
      (_, response) => void response.writeHead(307, { location: '/other' }).end(),
      'TokenFailed',
      undefined,
    ],
    ['that answers 500', (_, response) => void response.writeHead(500).end('oh'), 'TokenFailed', undefined],
    ['that answers with HTML', (_, response) => void response.end('<html>login</html>'), 'TokenFailed', undefined],
    [
      'that answers with a token of two lines',
      (_, response) => void response.end('{"access_token":"a\\nb"}'),
      'TokenFailed',
      undefined,
    ],
    [
      'that cuts its body',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('{')
        setTimeout(() => response.destroy(), 10)
      },
      'TokenFailed',
      'BodyCut',
    ],
  ])('%s is %s', async (_, answer, tag, cause) => {
    const error = await failing(answer)
    expect(error).toMatchObject({ _tag: tag, credential: 'api', plan: { cause: 'Token' } })
    expect(HttpError.show(error)).toContain("'api'")
    if (error._tag === 'TokenFailed') {
      const { _tag: found }: { readonly _tag?: unknown } = Object(error.error)
      expect(found).toBe(cause)
    }
  })
  it('that hangs is ended by the read timeout, and by the total timeout of the request', async () => {
    const hang: Answer = (request) => new Promise((resolve) => request.socket.on('close', () => resolve()))
    const server = await serve(hang)
    const session = pipe(sessionFor(server.url), Session.withTimeouts({ read: 100 }))
    const read = await pipe(Http.get('a'), Client.use({ session }))()
    expect(read).toMatchObject({ left: { _tag: 'TokenFailed', credential: 'api', error: { _tag: 'ReadTimeout' } } })
    const total = await failing(hang, Request.withTimeouts({ total: 100 }))
    expect(total).toMatchObject({ _tag: 'DeadlineExceeded', limit: 100, plan: { cause: 'Token' } })
    expect(HttpError.show(total)).toContain("'api'")
  })
})

it('a clock that is an hour ahead, or behind, renews a token that the server rejects', async () => {
  const server = await serve()
  const session = sessionFor(server.url)
  for (const hours of [-1, 1]) {
    const clock = () => new Date(Date.now() + hours * 3_600_000)
    const first = await pipe(Http.get('a'), Client.use({ session, clock }))()
    expect(E.isRight(first) && first.right[0].status).toBe(200)
    server.revoke()
    const jar = E.isRight(first) ? first.right[1] : Jar.empty
    const second = await pipe(Http.get('a'), Client.use({ session, jar }))()
    expect(E.isRight(second) && second.right[0].status).toBe(200)
  }
})

it('a token that another token request needs is shared and renewed too', async () => {
  const counts = { inner: 0, outer: 0 }
  let inner = 'revoked'
  const { url } = await web(async (request, response) => {
    await bodyOf(request)
    await sleep(10)
    if (request.url === '/inner') {
      counts.inner += 1
      inner = `i${counts.inner}`
      response.end(JSON.stringify({ access_token: inner, expires_in: 3600 }))
      return
    }
    if (request.url?.startsWith('/outer') === true) {
      if (request.headers.authorization !== `Bearer ${inner}`) {
        response.writeHead(401).end()
        return
      }
      counts.outer += 1
      response.end(JSON.stringify({ access_token: `o${request.url}`, expires_in: 3600 }))
      return
    }
    response.writeHead(/^Bearer o/.test(request.headers.authorization ?? '') ? 200 : 401).end('ok')
  })
  const innerAuth = Auth.renewable({ name: 'inner', obtain: Request.post(`${url}/inner`) })
  const get = (name: string) =>
    Http.get(
      `${url}/${name}`,
      Request.withAuth(
        Auth.renewable({ name, obtain: pipe(Request.post(`${url}/outer/${name}`), Request.withAuth(innerAuth)) }),
      ),
    )
  const old = Token.at(new Date())({ accessToken: 'old', expiresIn: 3600 })
  const jar = Jar.withToken({ name: 'inner', endpoint: `${url}/inner` }, old, new Date())(Jar.empty)
  await Client.scoped({ session: Session.empty, jar })((client) => async () => {
    const run = (name: string) => Client.runIn(client)(get(name))()
    const outcomes = await Promise.all(['a', 'b', 'a'].map(run))
    expect(outcomes.map(statusOf)).toEqual([200, 200, 200])
    expect(counts).toEqual({ inner: 1, outer: 2 })
    return E.right(undefined)
  })()
})

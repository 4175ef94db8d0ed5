/** The cost of planning a request, compared with `new Request` of the platform. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Environment, Plan, Request, Session } from 'requests-ts'
import { jarOf, NOW } from './cookies.js'
import { compare, cpu, type Measured, repeatedly, warmUp } from './measure.js'

const eight = (prefix: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`X-${prefix}-${i}`, `value number ${i}`]))

const measure = async (base: () => unknown, candidate: () => unknown): Promise<Measured> => {
  const [platform, planned] = [repeatedly(base), repeatedly(candidate)]
  await warmUp([platform, planned], 40_000)
  return compare({ base: cpu(platform, 2000), candidate: cpu(planned, 2000), rounds: 42 })
}

/** Compares building and planning a complete POST with `new Request`. */
export const post = (): Promise<Measured> => {
  const session = pipe(
    Session.empty,
    Session.withHeaders(eight('Session')),
    Session.withQuery({ lang: 'en' }),
    Session.withAmbient({ proxies: true, netrc: true, certificates: true }),
  )
  const plan = Plan.plan({ session, jar: jarOf(100), now: NOW, environment: Environment.empty })
  const headers = eight('Request')
  const body = { id: 1, name: 'a name', tags: ['x', 'y'], nested: { deep: true } }
  return measure(
    () =>
      new globalThis.Request('https://host0.site0.com/a/b?x=1&lang=en&q=monoid&page=2', {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      }),
    () => {
      const request = pipe(
        Request.post('https://host0.site0.com/a/b?x=1'),
        Request.withHeaders(headers),
        Request.withQuery({ q: 'monoid', page: 2 }),
        Request.withJson(body),
      )
      if (E.isLeft(plan(request))) throw new Error('the request could not be planned')
    },
  )
}

/** Compares building and planning a GET with `new Request`. */
export const get = (): Promise<Measured> => {
  const headers = eight('Session')
  const plan = Plan.plan({ session: pipe(Session.empty, Session.withHeaders(headers)) })
  return measure(
    () => new globalThis.Request('https://host0.site0.com/a/b', { headers }),
    () => {
      if (E.isLeft(plan(Request.get('https://host0.site0.com/a/b'))))
        throw new Error('the request could not be planned')
    },
  )
}

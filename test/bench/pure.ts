/** The cost of planning and of the jar, without a network. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Environment, Jar, Plan, Request, Session } from 'requests-ts'
import { least, paired, type Ratio, type Work } from './measure.js'

const NOW = new Date()
const eight = (prefix: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`X-${prefix}-${i}`, `value number ${i}`]))

/** Returns a jar with the given number of cookies, ten for each site. */
export const jarOf = (cookies: number): Jar.Jar => {
  const ten = Array.from({ length: 10 }, (_, i) => `name${i}=value-${i}; Path=/`)
  const sites = Array.from({ length: Math.max(1, cookies / 10) }, (_, i) => new URL(`https://host${i}.site${i}.com/`))
  return sites.reduce((jar, url) => Jar.absorb(url, ten, NOW)(jar)[0], Jar.empty)
}

const TARGET = new URL('https://host0.site0.com/a/b')

const repeated =
  (one: () => unknown): Work =>
  (times) => {
    for (let i = 0; i < times; i++) one()
  }

/** Compares planning a complete POST with `new Request` of the platform. */
export const preparation = (): Promise<Ratio> => {
  const session = pipe(
    Session.empty,
    Session.withHeaders(eight('Session')),
    Session.withQuery({ lang: 'en' }),
    Session.withAmbient({ proxies: true, netrc: true, certificates: true }),
  )
  const context = { session, jar: jarOf(100), now: NOW, environment: Environment.empty }
  const body = { id: 1, name: 'a name', tags: ['x', 'y'], nested: { deep: true } }
  const plan = Plan.plan(context)
  const candidate = repeated(() => {
    const request = pipe(
      Request.post('https://host0.site0.com/a/b?x=1'),
      Request.withHeaders(eight('Request')),
      Request.withQuery({ q: 'monoid', page: 2 }),
      Request.withJson(body),
    )
    if (E.isLeft(plan(request))) throw new Error('the request could not be planned')
  })
  const base = repeated(
    () =>
      new globalThis.Request('https://host0.site0.com/a/b?x=1&lang=en&q=monoid&page=2', {
        method: 'POST',
        headers: eight('Request'),
        body: JSON.stringify(body),
      }),
  )
  return paired({ base, candidate, times: 4000 })
}

/** Compares planning a plain GET with `new Request` with eight headers. */
export const bareGet = (): Promise<Ratio> => {
  const session = pipe(Session.empty, Session.withHeaders(eight('Session')))
  const plan = Plan.plan({ session })
  return paired({
    base: repeated(() => new globalThis.Request('https://host0.site0.com/a/b', { headers: eight('Session') })),
    candidate: repeated(() => plan(Request.get('https://host0.site0.com/a/b'))),
    times: 6000,
  })
}

/** Returns the microseconds to select ten cookies for a new URL. */
export const pick = async (cookies: number): Promise<number> => {
  const jar = jarOf(cookies)
  let n = 0
  return least(
    repeated(() => {
      n = (n + 1) % 64
      Jar.header({ protocol: 'https:', hostname: TARGET.hostname, pathname: `/a/${n}` }, NOW)(jar)
    }),
    20_000,
  )
}

/** Returns the microseconds to store one Set-Cookie. */
export const write = (cookies: number): Promise<number> => {
  const jar = jarOf(cookies)
  let n = 0
  return least(
    repeated(() => {
      n += 1
      Jar.absorb(TARGET, [`name${n % 10}=other-${n}; Path=/`], NOW)(jar)
    }),
    20_000,
  )
}

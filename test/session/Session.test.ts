import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
)

const planned = (session: Session.Session) => {
  const plan = Plan.plan({ session })(Request.get('https://h.test/'))
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}

it('exports the version of the package', () => expect(Session.VERSION).toBe(version))

describe('the empty session', () => {
  it('sends no headers, sets no timeouts and uses nothing of the environment', () => {
    const plan = planned(Session.empty)
    expect(Plan.wire(plan).headers).toEqual([])
    expect(plan.route.timeouts).toEqual({})
    expect(Session.empty.mounts).toEqual([])
    expect(Session.empty.ambient).toEqual({ proxies: false, netrc: false, certificates: false })
  })
})

describe('the default session', () => {
  it('sends four headers, has timeouts, and uses the environment', () => {
    const plan = planned(Session.defaults)
    expect(Plan.wire(plan).headers).toEqual([
      ['User-Agent', `requests-ts/${version}`],
      ['Accept-Encoding', expect.stringMatching(/^gzip, deflate\b/)],
      ['Accept', '*/*'],
      ['Connection', 'keep-alive'],
    ])
    expect(plan.route.timeouts).toEqual({ connect: 10_000, read: 60_000 })
    expect(Session.defaults.mounts).toEqual([])
    expect(Session.defaults.ambient).toEqual({ proxies: true, netrc: true, certificates: true })
  })
})

describe('withAmbient', () => {
  it('switches each source by itself', () => {
    const some = pipe(Session.empty, Session.withAmbient({ netrc: true, proxies: true }))
    expect(some.ambient).toEqual({ proxies: true, netrc: true, certificates: false })
    expect(Session.withAmbient({ netrc: false })(some).ambient).toEqual({
      proxies: true,
      netrc: false,
      certificates: false,
    })
    expect(Session.withAmbient({})(some)).toEqual(some)
  })
  it('keeps the rest of the session', () => {
    const session = Session.withAmbient({ netrc: false })(Session.defaults)
    expect(session).toEqual({ ...Session.defaults, ambient: { proxies: true, netrc: false, certificates: true } })
  })
})

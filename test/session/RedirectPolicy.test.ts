import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'

const planned = (url: string): Plan.Plan => {
  const plan = Plan.plan({ session: Session.empty })(Request.get(url))
  if (E.isLeft(plan)) throw new Error(plan.left.message)
  return plan.right
}

/** Returns the verdict about a redirect to the last URL after the others have answered: `Tag`, or `Refuse: reason`. */
const verdict = (policy: RedirectPolicy.RedirectPolicy, ...urls: readonly [...string[], string]): string => {
  const plans = urls.map(planned)
  const next = planned(urls[urls.length - 1] ?? '')
  return shown(policy({ previous: plans.slice(0, -1).map(({ url }) => url), status: 302, next }))
}
const shown = (verdict: RedirectPolicy.Verdict): string =>
  verdict._tag === 'Refuse' ? `Refuse: ${verdict.reason}` : verdict._tag

const { toFollow, toStop, toRefuse } = RedirectPolicy
const [A, B] = ['http://a.test/', 'http://b.test/']

describe('combined verdicts', () => {
  it.each([
    [toFollow, toFollow, 'Follow'],
    [toFollow, toStop, 'Stop'],
    [toFollow, toRefuse('y'), 'Refuse: y'],
    [toStop, toFollow, 'Stop'],
    [toStop, toStop, 'Stop'],
    [toStop, toRefuse('y'), 'Refuse: y'],
    [toRefuse('x'), toFollow, 'Refuse: x'],
    [toRefuse('x'), toStop, 'Refuse: x'],
    [toRefuse('x'), toRefuse('y'), 'Refuse: x'],
  ])('%j and %j combine to %s', (x, y, expected) => {
    expect(shown(RedirectPolicy.VerdictMonoid.concat(x, y))).toBe(expected)
    expect(
      verdict(
        RedirectPolicy.Monoid.concat(
          () => x,
          () => y,
        ),
        A,
        B,
      ),
    ).toBe(expected)
  })
  it('have Follow as identity', () => {
    expect(shown(RedirectPolicy.VerdictMonoid.empty)).toBe('Follow')
    expect(verdict(RedirectPolicy.Monoid.empty, A, B)).toBe('Follow')
  })
})

describe('follow and none', () => {
  it.each([
    [A, B],
    ['https://a.test/', A],
  ])('return the same verdict for every redirect: %s to %s', (from, to) => {
    expect(verdict(RedirectPolicy.follow, from, to)).toBe('Follow')
    expect(verdict(RedirectPolicy.none, from, to)).toBe('Stop')
  })
})

describe('limit', () => {
  it.each([
    [0, 1, 'Refuse: more than 0 redirects'],
    [1, 1, 'Follow'],
    [1, 2, 'Refuse: more than 1 redirects'],
    [3, 2, 'Follow'],
    [3, 3, 'Follow'],
    [3, 4, 'Refuse: more than 3 redirects'],
  ])('of %d after %d responses returns %s', (n, answered, expected) =>
    expect(verdict(RedirectPolicy.limit(n), ...Array.from({ length: answered }, () => A), B)).toBe(expected),
  )
})

describe('sameOrigin', () => {
  it.each([
    ['http://a.test/x', 'http://a.test/y?z#w', 'Follow'],
    ['http://a.test/', 'http://a.test:80/', 'Follow'],
    ['https://a.test:443/', 'https://a.test/', 'Follow'],
    ['http://a.test/', 'http://b.test/', 'Stop'],
    ['http://a.test/', 'http://www.a.test/', 'Stop'],
    ['http://a.test/', 'https://a.test/', 'Stop'],
    ['http://a.test/', 'http://a.test:8080/', 'Stop'],
  ])('from %s to %s returns %s', (from, to, expected) =>
    expect(verdict(RedirectPolicy.sameOrigin, from, to)).toBe(expected),
  )
  it('compares with the URL that sent the redirect only', () => {
    expect(verdict(RedirectPolicy.sameOrigin, A, B, B, B)).toBe('Follow')
    expect(verdict(RedirectPolicy.sameOrigin, B, B, A, B)).toBe('Stop')
  })
  it('stops if there is no previous URL', () => {
    expect(verdict(RedirectPolicy.sameOrigin, A)).toBe('Stop')
  })
})

describe('httpsOnly', () => {
  it.each([
    ['https://a.test/', 'https://b.test/', 'Follow'],
    ['http://a.test/', 'https://a.test/', 'Follow'],
    ['https://a.test/', 'http://b.test:8080/x?token=1', 'Refuse: http://b.test:8080 is not https'],
    ['http://a.test/', 'http://a.test/', 'Refuse: http://a.test is not https'],
  ])('from %s to %s returns %s', (from, to, expected) =>
    expect(verdict(RedirectPolicy.httpsOnly, from, to)).toBe(expected),
  )
})

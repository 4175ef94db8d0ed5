/** Redirect policies are compared by their decisions: equal decisions lead to equal outcomes. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as RedirectPolicy from '../../src/session/RedirectPolicy.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { simulate } from '../../src/stages/Exchange.js'

type Policy = RedirectPolicy.RedirectPolicy

const { concat, empty } = RedirectPolicy.Monoid

const policy: fc.Arbitrary<Policy> = fc.oneof(
  fc.constantFrom<Policy>(
    RedirectPolicy.none,
    RedirectPolicy.follow,
    RedirectPolicy.sameOrigin,
    RedirectPolicy.httpsOnly,
    () => RedirectPolicy.toStop,
    () => RedirectPolicy.toRefuse('mine'),
    ({ next }) => (next.url.pathname === '/stop' ? RedirectPolicy.toStop : RedirectPolicy.toFollow),
  ),
  fc.nat({ max: 3 }).map(RedirectPolicy.limit),
)

/** Locations that can be followed, and some that cannot. */
const location = fc.constantFrom(
  '/stop',
  '/on',
  'http://other.test/',
  'https://h.test/',
  'http://[/',
  'http://',
  'ftp://h.test/',
  'http://a b/',
  'http://h.test:99999/',
  '\xff',
  '',
)
const locations = fc.array(location, { minLength: 1, maxLength: 2 })
const status = fc.constantFrom(301, 302, 303, 307, 308)

/** The outcome of a simulation as text, so that two runs can be compared. */
const outcome = (session: Session.Session, status: number, lines: ReadonlyArray<string>): string => {
  const server = ({ url }: Plan.Plan) =>
    url.pathname === '/' ? { status, headers: { location: lines } } : { status: 200, body: url.href }
  const ended = simulate({ session })(server)(Request.get('http://h.test/')).outcome
  return E.isLeft(ended)
    ? `${ended.left._tag} ${ended.left.message}`
    : `${ended.right.status} ${ended.right.url} ${pipe(ended.right.next, O.map(Plan.show), O.toUndefined)}`
}

const under = (policy: Policy) => Session.withRedirectPolicy(policy)(Session.empty)

describe('a redirect policy', () => {
  it('is unchanged when it is combined with the empty policy', () => {
    fc.assert(
      fc.property(policy, status, locations, (policy, status, lines) => {
        const alone = outcome(under(policy), status, lines)
        expect(outcome(under(concat(policy, empty)), status, lines)).toBe(alone)
        expect(outcome(under(concat(empty, policy)), status, lines)).toBe(alone)
        expect(outcome(pipe(under(policy), Session.andRedirectPolicy(empty)), status, lines)).toBe(alone)
        expect(outcome(pipe(under(empty), Session.andRedirectPolicy(policy)), status, lines)).toBe(alone)
      }),
      { numRuns: 300 },
    )
  })
  it('is defined by its decisions, not by the identity of its function', () => {
    fc.assert(
      fc.property(policy, status, locations, (policy, status, lines) => {
        expect(
          outcome(
            under((attempt) => policy(attempt)),
            status,
            lines,
          ),
        ).toBe(outcome(under(policy), status, lines))
      }),
      { numRuns: 300 },
    )
  })
  it.each(['http://[/', 'ftp://h.test/', 'http://a b/'])(
    'that stops returns a redirect to the invalid Location %j as the response',
    (invalid) => {
      for (const stop of [RedirectPolicy.none, () => RedirectPolicy.toStop]) {
        expect(outcome(under(stop), 302, [invalid])).toBe('302 http://h.test/ undefined')
      }
      expect(outcome(under(RedirectPolicy.sameOrigin), 302, [invalid])).toMatch(/^(InvalidRedirect|RedirectRefused) /)
      expect(
        outcome(
          under(() => RedirectPolicy.toRefuse('mine')),
          302,
          [invalid],
        ),
      ).not.toContain('mine')
    },
  )
  it('receives the answered plan if the Location is invalid', () => {
    const seen: string[] = []
    const watch: Policy = ({ next, previous }) => {
      seen.push(`${next.url.href} after ${previous.map(({ href }) => href).join()}`)
      return RedirectPolicy.toFollow
    }
    outcome(under(watch), 302, ['http://[/'])
    outcome(under(watch), 302, ['/on'])
    expect(seen).toEqual(['http://h.test/ after http://h.test/', 'http://h.test/on after http://h.test/'])
  })
})

/** What becomes of an error of the user's own where jars are joined: nothing. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { describe, expect, it } from 'vitest'
import * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import * as Http from '../src/Http.js'
import * as HttpError from '../src/HttpError.js'
import * as Response from '../src/Response.js'
import * as Session from '../src/session/Session.js'
import { memory } from '../src/transport/Memory.js'

class Refused extends Error {
  readonly response: unknown
  constructor(response: unknown) {
    super('refused')
    this.response = response
  }
}

const transport = memory((plan) => ({ status: 500, headers: { 'set-cookie': `${plan.url.pathname.slice(1)}=1` } }))
const programs = <E>(toError: (response: Response.Response) => E) => {
  const failing = (path: string) =>
    pipe(
      Http.get(`http://h.test/${path}`),
      SRTE.flatMapEither((response) => E.left(toError(response))),
    )
  return Http.parallel()([failing('a'), failing('b')])
}
const run = <E>(toError: (response: Response.Response) => E) =>
  pipe(programs(toError), Client.use({ session: Session.empty, transport }), (task) => task())

describe('the error of a parallel program', () => {
  it.each<[string, (response: Response.Response) => unknown]>([
    ['of a class', (response) => new Refused(response)],
    ['with a tag of its own', (response) => ({ _tag: 'Mine', response })],
    ['of another shape under a tag of ours', () => ({ _tag: 'StatusError', response: { jar: 'of honey' } })],
    ['that is text', () => 'text'],
    ['that is null', () => null],
  ])('%s is the very one that the program gave', async (_, toError) => {
    const given: unknown[] = []
    const outcome = await run((response) => {
      const error = toError(response)
      given.push(error)
      return error
    })
    expect(E.isLeft(outcome) && given.includes(outcome.left)).toBe(true)
  })
  it('carries the joined jar where it is ours', async () => {
    const outcome = await run((response) => pipe(response, Response.ok, E.swap, E.toUnion))
    const jar = E.isLeft(outcome) ? HttpError.jar(outcome.left) : O.none
    expect(O.isSome(jar) && Jar.toArray(jar.value).map(({ name }) => name)).toEqual(['a', 'b'])
  })
})

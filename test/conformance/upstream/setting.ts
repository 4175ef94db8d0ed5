/**
 * What the tests of this folder have in common: a plan opened, and a program run over real sockets.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Client, Environment, type Http, Jar, Plan, Request, Session } from 'requests-ts'

/** Trusts what surrounds it, and has no header of its own. */
export const trusting: Session.Session = pipe(
  Session.empty,
  Session.withAmbient({ proxies: true, netrc: true, certificates: true }),
)

export const right = <L, A>(either: E.Either<L, A>): A => {
  if (E.isLeft(either)) throw new Error(`a Left: ${JSON.stringify(either.left)}`)
  return either.right
}

/** The tag of an error, or `right`. */
export const tagOf = <A>(either: E.Either<{ readonly _tag: string }, A>): string =>
  E.isLeft(either) ? either.left._tag : 'right'

interface World {
  readonly session?: Session.Session
  readonly environment?: Environment.Environment
  readonly jar?: Jar.Jar
}

export const planned = (
  request: Request.Request,
  { session = Session.empty, environment = Environment.empty, jar = Jar.empty }: World = {},
): E.Either<Plan.PlanError, Plan.Plan> =>
  Plan.plan({ session, environment, jar, now: new Date(0), entropy: 'seed' })(request)

export const wire = (request: Request.Request, world: World = {}): Plan.Wire =>
  Plan.wire(right(planned(request, world)))

export const urlOf = (request: Request.Request, world: World = {}): string => wire(request, world).url

/** The URL of a GET, or the tag of the error. */
export const located = (url: string): string =>
  pipe(
    planned(Request.get(url)),
    E.match(
      ({ _tag }) => _tag,
      (plan) => plan.url.href,
    ),
  )

export const headerOf = (request: Request.Request, name: string, world: World = {}): string | undefined =>
  wire(request, world).headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1]

export const bodyOf = (request: Request.Request, world: World = {}): string =>
  pipe(
    wire(request, world).body,
    O.match(
      () => '',
      (bytes) => Buffer.from(bytes).toString('utf8'),
    ),
  )

/** Runs a program over real sockets, which are closed with it. */
export const run = <L, A>(
  program: Http.Http<L, A>,
  { session = Session.empty, environment = Environment.empty, jar = Jar.empty }: World = {},
): Promise<E.Either<L, readonly [A, Jar.Jar]>> => pipe(program, Client.use({ session, environment, jar }))()

/** The value alone; a failure is an error of the test. */
export const value = async <L, A>(program: Http.Http<L, A>, world: World = {}): Promise<A> =>
  right(await run(program, world))[0]

/** The error alone; a success is an error of the test. */
export const error = async <L, A>(program: Http.Http<L, A>, world: World = {}): Promise<L> => {
  const outcome = await run(program, world)
  if (E.isRight(outcome)) throw new Error('there is no error')
  return outcome.left
}

/** The lines of the head of a request that was received. */
export const headLines = (received: string | undefined): ReadonlyArray<string> =>
  (received ?? '').split('\r\n\r\n', 1)[0]?.split('\r\n') ?? []

/** Bytes that come in these pieces. */
export async function* chunks(...parts: ReadonlyArray<string>): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

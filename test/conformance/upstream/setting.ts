/** Helpers for the tests of this folder: they plan a request, or run a program over real sockets. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { Client, Environment, type Http, Jar, Plan, Request, Session } from 'requests-ts'

/** Uses the proxies, netrc and certificates of the environment. Has no headers. */
export const ambientSession: Session.Session = pipe(
  Session.empty,
  Session.withAmbient({ proxies: true, netrc: true, certificates: true }),
)

/** Returns the value of a Right. Throws on a Left. */
export const right = <L, A>(either: E.Either<L, A>): A => {
  if (E.isLeft(either)) throw new Error(`a Left: ${JSON.stringify(either.left)}`)
  return either.right
}

/** Returns the tag of an error, or `right`. */
export const tagOf = <A>(either: E.Either<{ readonly _tag: string }, A>): string =>
  E.isLeft(either) ? either.left._tag : 'right'

interface Context {
  readonly session?: Session.Session
  readonly environment?: Environment.Environment
  readonly jar?: Jar.Jar
}

export const planned = (
  request: Request.Request,
  { session = Session.empty, environment = Environment.empty, jar = Jar.empty }: Context = {},
): E.Either<Plan.PlanError, Plan.Plan> =>
  Plan.plan({ session, environment, jar, now: new Date(0), entropy: 'seed' })(request)

export const wire = (request: Request.Request, context: Context = {}): Plan.Wire =>
  Plan.wire(right(planned(request, context)))

export const urlOf = (request: Request.Request, context: Context = {}): string => wire(request, context).url

/** Returns the planned URL of a GET, or the tag of the error. */
export const plannedUrl = (url: string): string =>
  pipe(
    planned(Request.get(url)),
    E.match(
      ({ _tag }) => _tag,
      (plan) => plan.url.href,
    ),
  )

export const headerOf = (request: Request.Request, name: string, context: Context = {}): string | undefined =>
  wire(request, context).headers.find(([other]) => other.toLowerCase() === name.toLowerCase())?.[1]

export const bodyOf = (request: Request.Request, context: Context = {}): string =>
  pipe(
    wire(request, context).body,
    O.match(
      () => '',
      (bytes) => Buffer.from(bytes).toString('utf8'),
    ),
  )

/** Runs a program over real sockets, and closes them at its end. */
export const run = <L, A>(
  program: Http.Http<L, A>,
  { session = Session.empty, environment = Environment.empty, jar = Jar.empty }: Context = {},
): Promise<E.Either<L, readonly [A, Jar.Jar]>> => pipe(program, Client.use({ session, environment, jar }))()

/** Returns the value of a program. Throws if it fails. */
export const value = async <L, A>(program: Http.Http<L, A>, context: Context = {}): Promise<A> =>
  right(await run(program, context))[0]

/** Returns the error of a program. Throws if it succeeds. */
export const error = async <L, A>(program: Http.Http<L, A>, context: Context = {}): Promise<L> => {
  const outcome = await run(program, context)
  if (E.isRight(outcome)) throw new Error('the program did not fail')
  return outcome.left
}

/** Returns the lines of a received request head. */
export const headLines = (received: string | undefined): ReadonlyArray<string> =>
  (received ?? '').split('\r\n\r\n', 1)[0]?.split('\r\n') ?? []

/** Yields each part as a chunk of bytes. */
export async function* chunks(...parts: ReadonlyArray<string>): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

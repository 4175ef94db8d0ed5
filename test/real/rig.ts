/**
 * The ports and files of the servers that run.sh starts, and functions that run a program against them.
 *
 * Each program has its own client, which is closed at its end. The environment of the machine is not used.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import {
  Client,
  Environment,
  type Http,
  HttpError,
  type Jar,
  Http as Program,
  type Request,
  type Response,
  Response as Responses,
  Session,
  Transport,
} from 'requests-ts'

const PORTS = [
  'nginx',
  'nginxOther',
  'nginxTls',
  'nginxMutual',
  'nginxExpired',
  'nginxNotYetValid',
  'nginxWrongHost',
  'nginxSelfSigned',
  'nginxUntrusted',
  'nginxOld',
  'apache',
  'squid',
  'squidAuth',
  'squidTls',
  'squidTlsAuth',
  'tinyproxy',
  'tinyproxyAuth',
  'microsocks',
  'microsocksAuth',
  'dante',
  'httpbin',
  'nghttpd',
] as const
export type Port = (typeof PORTS)[number]

const Rig = t.type({ dir: t.string, ports: t.record(t.string, t.number) })

const load = (): t.TypeOf<typeof Rig> => {
  const path = process.env['REAL_RIG']
  if (path === undefined) throw new Error('these tests need their servers: npm run test:real')
  const rig = Rig.decode(JSON.parse(readFileSync(path, 'utf8')))
  if (E.isLeft(rig)) throw new Error(`Invalid ${path}: it must contain dir and ports`)
  return rig.right
}

const rig = load()

export const port = (name: Port): number => {
  const number = rig.ports[name]
  if (number === undefined) throw new Error(`run.sh chose no port for ${name}`)
  return number
}

/** Returns `http://127.0.0.1:port`. */
export const http = (name: Port): string => `http://127.0.0.1:${port(name)}`
/** Returns `https://localhost:port`, for servers with TLS. */
export const https = (name: Port): string => `https://localhost:${port(name)}`

/** Returns the path of a file in the folder of the servers, such as a log. */
export const file = (...path: ReadonlyArray<string>): string => join(rig.dir, ...path)
/** Returns the path of a file of the test PKI. */
export const pki = (name: string): string => file('pki', name)

/** The default session with the test CA and with timeouts. */
export const session: Session.Session = pipe(
  Session.defaults,
  Session.withCa(pki('ca.pem')),
  Session.withTimeouts({ connect: 5000, read: 10_000, total: 15_000 }),
)

export interface Options {
  readonly session?: Session.Session
  readonly transport?: Transport.Options
  readonly jar?: Jar.Jar
}

export type Outcome<E, A> = E.Either<E, readonly [A, Jar.Jar]>

/** Runs a program with its own client. */
export const run = <E, A>(program: Http.Http<E, A>, options: Options = {}): Promise<Outcome<E, A>> =>
  pipe(
    program,
    Client.use({
      session: options.session ?? session,
      openTransport: () => Transport.undici(options.transport),
      environment: Environment.empty,
      ...(options.jar === undefined ? {} : { jar: options.jar }),
    }),
  )()

/** Returns the result of a program. Throws if it fails. */
export const value = async <A>(program: Http.Http<HttpError.HttpError, A>, options?: Options): Promise<A> => {
  const outcome = await run(program, options)
  if (E.isLeft(outcome)) throw new Error(HttpError.show(outcome.left))
  return outcome.right[0]
}

/** Returns the error of a program. Throws if it succeeds. */
export const failure = async <E extends HttpError.HttpError>(
  program: Http.Http<E, unknown>,
  options?: Options,
): Promise<E> => {
  const outcome = await run(program, options)
  if (E.isRight(outcome)) throw new Error(`the program did not fail: ${JSON.stringify(outcome.right[0])}`)
  return outcome.left
}

type Build = ReadonlyArray<(request: Request.Request) => Request.Request>

/** Returns the response to a GET with any status. */
export const get = (url: string, build: Build = [], options?: Options): Promise<Response.Response> =>
  value(Program.get(url, ...build), options)

export const text = async (url: string, build: Build = [], options?: Options): Promise<string> =>
  Responses.text(await get(url, build, options))

/** Decodes a response with a codec. Throws if it is invalid. */
export const decoded =
  <A>(codec: t.Decoder<unknown, A>) =>
  (response: Response.Response): A => {
    const read = pipe(response, Responses.ok, E.flatMap(Responses.json(codec.decode)))
    if (E.isLeft(read)) throw new Error(`${HttpError.show(read.left)}: ${Responses.text(response).slice(0, 300)}`)
    return read.right
  }

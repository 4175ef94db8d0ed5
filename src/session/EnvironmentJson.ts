/** The snapshot of an environment as JSON, so that a request can be planned again as it was planned before. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Secret from '../values/Secret.js'
import * as Serialization from '../values/Serialization.js'
import type { Environment } from './Environment.js'

const FORMAT = 'requests-ts/environment'
const VERSION = 1

/** The codec of a saved environment. */
export const EnvironmentJson = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        format: t.literal(FORMAT),
        version: t.literal(VERSION),
        variables: t.readonlyArray(t.readonly(t.tuple([Serialization.Line, Serialization.Text]))),
        netrc: Serialization.Text,
        problems: t.readonlyArray(Serialization.Text),
      }),
      t.partial({ netrcPath: Serialization.Line }),
    ]),
  ),
)
export type EnvironmentJson = t.TypeOf<typeof EnvironmentJson>

/**
 * Converts an environment to JSON. Error: `Unwritable`, with the paths of secrets that need `{ reveal: true }`:
 * `variables.https_proxy`, `netrc`. An empty one is not a secret.
 *
 * Laws: `decode(encode({ reveal: true })(environment))` plans the same as the environment. Whatever `encode` returns, `decode`
 * accepts.
 *
 * @since 0.2.0
 * @category formats
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Environment } from 'requests-ts'
 *
 * const environment = Environment.make({ https_proxy: 'http://me:pass@proxy.test:3128' })
 * const hidden = pipe(environment, Environment.encode(), E.mapLeft(({ paths }) => paths))
 * assert.deepEqual(hidden, E.left(['variables.https_proxy']))
 * const again = pipe(environment, Environment.encode({ reveal: true }), E.flatMap(Environment.decode))
 * assert.equal(E.isRight(again) && again.right.variables.has('https_proxy'), true)
 */
export const encode =
  (options: Serialization.Reveal = {}) =>
  ({ variables, netrc, netrcPath, problems }: Environment): E.Either<Serialization.EncodeError, EnvironmentJson> => {
    const writer = Serialization.writer(options)
    const hidden = (path: string, value: Secret.Secret): string => {
      const text = Secret.reveal(value)
      return writer.secret(path, text === '' ? '' : value, Serialization.Text)
    }
    const json: EnvironmentJson = {
      format: FORMAT,
      version: VERSION,
      variables: [...variables].map(([name, value]) => [
        writer.secret(`variables.${name}`, name),
        hidden(`variables.${name}`, value),
      ]),
      netrc: hidden('netrc', netrc),
      problems: problems.map((problem, i) => writer.secret(`problems[${i}]`, problem, Serialization.Text)),
      ...(netrcPath === undefined ? {} : { netrcPath: writer.secret('netrcPath', netrcPath) }),
    }
    return E.flatMap(Serialization.readable<EnvironmentJson>(decode))(Serialization.written(writer, json))
  }

/**
 * Converts JSON to an environment. Error: `Unreadable`.
 *
 * @since 0.2.0
 * @category formats
 */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, Environment> => {
  const json = Serialization.readVersion(FORMAT, VERSION, EnvironmentJson, u)
  if (E.isLeft(json)) return json
  const { variables, netrc, problems, netrcPath } = json.right
  return E.right({
    variables: new Map(variables.map(([name, value]) => [name, Secret.make(value)])),
    netrc: Secret.make(netrc),
    problems,
    ...(netrcPath === undefined ? {} : { netrcPath }),
  })
}

/** A session as JSON. Separate from `Session`, so that a bundle contains the codecs only if it uses `encode` or `decode`. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Serialization from '../values/Serialization.js'
import type { Session } from './SessionRecord.js'
import * as SettingsJson from './SettingsJson.js'

const FORMAT = 'requests-ts/session'
const FORMAT_VERSION = 1

/** The codec of a saved session. */
export const SessionJson = t.readonly(
  t.strict({
    format: t.literal(FORMAT),
    version: t.literal(FORMAT_VERSION),
    settings: SettingsJson.SettingsJson,
    trust: t.readonly(t.strict({ proxies: t.boolean, netrc: t.boolean, certificates: t.boolean })),
  }),
)
export type SessionJson = t.TypeOf<typeof SessionJson>

/**
 * Converts a session to JSON. Error: `Unwritable`, with the paths of functions, of mounted transports and of secrets that
 * would need `{ reveal: true }`. The redirect policies of this library are saved by name.
 *
 * Laws: `decode(encode({ reveal: true })(session)) = session` for a session without functions. Whatever `encode` returns,
 * `decode` accepts.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Session } from 'requests-ts'
 *
 * const session = pipe(Session.defaults, Session.withBearer('token'))
 * assert.deepEqual(pipe(session, Session.encode(), E.mapLeft(({ paths }) => paths)), E.left(['auth.token']))
 * const again = pipe(session, Session.encode({ reveal: true }), E.flatMap(Session.decode))
 * assert.deepEqual(pipe(again, E.map(({ ambient }) => ambient)), E.right(session.ambient))
 */
export const encode =
  (options: Serialization.Reveal = {}) =>
  ({ settings, mounts, ambient }: Session): E.Either<Serialization.EncodeError, SessionJson> => {
    const writer = Serialization.writer(options)
    const json: SessionJson = {
      format: FORMAT,
      version: FORMAT_VERSION,
      settings: SettingsJson.write(writer, settings),
      trust: ambient,
    }
    for (const [prefix] of mounts) writer.refuse(`mounts (${prefix})`)
    return E.flatMap(Serialization.readable<SessionJson>(decode))(Serialization.written(writer, json))
  }

/** Converts JSON to a session. Error: `Unreadable`. */
export const decode = (u: unknown): E.Either<Serialization.DecodeError, Session> => {
  const json = Serialization.readVersion(FORMAT, FORMAT_VERSION, SessionJson, u)
  if (E.isLeft(json)) return json
  const { settings, trust } = json.right
  return E.right({ settings: SettingsJson.read(settings), mounts: [], ambient: { ...trust } })
}

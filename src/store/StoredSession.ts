/** The text of a file that has a session and its jar: the form that `Store` and `JarStore.file` share. */
import * as E from 'fp-ts/lib/Either.js'
import * as Jar from '../cookies/Jar.js'
import * as Session from '../session/Session.js'
import * as Printable from '../values/Printable.js'
import * as Serialization from '../values/Serialization.js'

/** The content of the file. */
export interface Stored {
  /** Functions in it, such as hooks, mounts, signers and renewable tokens, cannot be saved. */
  readonly session: Session.Session
  /** Remembers deleted cookies, so that joining it with another jar does not restore them. */
  readonly jar: Jar.Jar
}

const FORMAT = 'requests-ts/store'
const VERSION = 1

/** Returns the text of a session and a jar, with their secrets. Error: `Unwritable`, if a setting is a function. */
export const encode = ({ session, jar }: Stored): E.Either<Serialization.EncodeError, string> => {
  const sessionJson = Session.encode({ reveal: true })(session)
  if (E.isLeft(sessionJson)) return sessionJson
  const jarJson = Jar.encode({ reveal: true })(jar)
  if (E.isLeft(jarJson)) return jarJson
  const json = { format: FORMAT, version: VERSION, session: sessionJson.right, jar: jarJson.right }
  return E.right(`${JSON.stringify(json, null, 2)}\n`)
}

const isStore = (u: unknown): u is { readonly session?: unknown; readonly jar?: unknown } =>
  typeof u === 'object' && u !== null

/** Decodes the text of a saved file. Error: `Unreadable`. */
export const decode = (text: string): E.Either<Serialization.DecodeError, Stored> => {
  const json = Printable.parseJson(text)
  if (E.isLeft(json)) return E.left(Serialization.decodeError([json.left]))
  const envelope = Serialization.checkEnvelope(FORMAT, VERSION, json.right)
  if (E.isLeft(envelope)) return envelope
  if (!isStore(envelope.right)) return E.left(Serialization.decodeError(['the file is not a JSON object']))
  const session = Session.decode(envelope.right.session)
  if (E.isLeft(session)) return session
  const jar = Jar.decode(envelope.right.jar)
  return E.isLeft(jar) ? jar : E.right({ session: session.right, jar: jar.right })
}

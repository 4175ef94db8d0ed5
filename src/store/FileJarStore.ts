/**
 * A jar store in a file, for the processes of one machine. Without a cipher it has the form of `Store`, so that a file of the
 * command's `--session` can be used: its session and its digest challenges stay as they are.
 *
 * A merge reads and writes the whole file. So it is for some hundred cookies and some merges for each second.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { IO } from 'fp-ts/lib/IO.js'
import * as t from 'io-ts'
import * as Cookie from '../cookies/Cookie.js'
import * as Jar from '../cookies/Jar.js'
import * as TokenStore from '../cookies/TokenStore.js'
import * as Session from '../session/Session.js'
import type { StoreFailed } from '../session/StoreError.js'
import * as Printable from '../values/Printable.js'
import * as Serialization from '../values/Serialization.js'
import * as UserInput from '../values/UserInput.js'
import * as Clock from '../wire/Clock.js'
import type { Cipher } from './Cipher.js'
import { hasRecords, type JarStore } from './JarStore.js'
import * as StoredSession from './StoredSession.js'
import { type Attempt, attempt, invalid, isText, type Problem, type StoreOptions, settingsOf } from './StoreOptions.js'
import * as TextFile from './TextFile.js'

const FORMAT = 'requests-ts/sealed'
const VERSION = 1
const CONTEXT = 'requests-ts/store'

const Sealed = t.readonly(t.type({ format: t.literal(FORMAT), version: t.literal(VERSION), sealed: t.string }))

const unreadable = (message: string): Problem => ({
  reason: 'Unreadable',
  message: `${message}. The file was not changed: restore it, or name another one`,
})

const sealedIn = (text: string): E.Either<Serialization.DecodeError, string> => {
  const json = Printable.parseJson(text)
  if (E.isLeft(json)) return E.left(Serialization.decodeError([json.left]))
  return E.map(({ sealed }: t.TypeOf<typeof Sealed>) => sealed)(
    Serialization.readVersion(FORMAT, VERSION, Sealed, json.right),
  )
}

const plainOf = async (cipher: Cipher | undefined, text: string): Attempt<string> => {
  if (cipher === undefined) return E.right(text)
  const sealed = sealedIn(text)
  if (E.isLeft(sealed)) return E.left(unreadable(sealed.left.message))
  const plain = await cipher.open(sealed.right, CONTEXT)()
  return E.isLeft(plain) ? E.left(unreadable(Printable.messageOf(plain.left))) : plain
}

const open = async (cipher: Cipher | undefined, text: string): Attempt<StoredSession.Stored> => {
  const plain = await plainOf(cipher, text)
  if (E.isLeft(plain)) return plain
  const stored = StoredSession.decode(plain.right)
  return E.isLeft(stored) ? E.left(unreadable(stored.left.message)) : stored
}

const seal = async (cipher: Cipher | undefined, stored: StoredSession.Stored): Attempt<string> => {
  const text = StoredSession.encode(stored)
  if (E.isLeft(text)) return E.left({ reason: 'Unwritable', message: text.left.message })
  if (cipher === undefined) return text
  const sealed = await cipher.seal(text.right, CONTEXT)()
  if (E.isLeft(sealed)) return E.left({ reason: 'Unwritable', message: Printable.messageOf(sealed.left) })
  return E.right(`${JSON.stringify({ format: FORMAT, version: VERSION, sealed: sealed.right })}\n`)
}

const toProblem = (error: StoreFailed | Problem): Problem =>
  '_tag' in error ? { reason: 'Unavailable', message: `${error.message}; check the folder and its permissions` } : error

/** Returns a jar without what nothing is sent for, if it was written before the horizon. */
const withoutOld = (jar: Jar.Jar, now: Date, horizon: number): Jar.Jar => {
  const since = now.getTime() - horizon
  const cookies = Jar.records(jar)
  const tokens = [...jar.tokens.values()]
  const keptCookies = cookies.filter((one) => one.updated.ms >= since || Cookie.isLive(one, now.getTime()))
  const keptTokens = tokens.filter((one) => one.updated.ms >= since || TokenStore.isUsable(one, now))
  if (keptCookies.length === cookies.length && keptTokens.length === tokens.length) return jar
  return Jar.withRecords(keptCookies)({ ...jar, tokens: TokenStore.fromArray(keptTokens) })
}

/**
 * Options of a store in a file.
 *
 * @since 0.2.0
 * @category model
 */
export interface FileOptions extends StoreOptions {
  /** Decides what has expired. The system's clock by default. */
  readonly clock?: Clock.Clock | IO<Date>
}

/**
 * Returns a store in a file, which is made with the first record, in a folder that exists.
 *
 * @since 0.2.0
 * @category constructors
 */
export const file = (path: string, options: FileOptions = {}): JarStore => {
  if (!isText(path)) return invalid('a jar in a file', 'its path must be text without control characters')
  const name = `the jar in the file ${Printable.quoted(path)}`
  const settings = settingsOf(options)
  if (E.isLeft(settings)) return invalid(name, settings.left)
  const { cipher, horizon, timeout } = settings.right
  const { clock = Clock.system }: FileOptions = UserInput.own(Object(options))
  if (typeof clock !== 'function' && typeof clock?.now !== 'function')
    return invalid(name, 'the option clock must be a clock')
  const now = typeof clock === 'function' ? clock : clock.now
  let last: { readonly text: string; readonly jar: Jar.Jar } | undefined

  const load = async (): Attempt<Jar.Jar> => {
    const text = await TextFile.read(path)
    if (E.isLeft(text)) return E.left(toProblem(text.left))
    if (text.right === undefined) return E.right(Jar.empty)
    if (last?.text === text.right) return E.right(last.jar)
    const stored = await open(cipher, text.right)
    if (E.isLeft(stored)) return stored
    const jar = Jar.withoutChallenges(stored.right.jar)
    last = { text: text.right, jar }
    return E.right(jar)
  }

  const merge = async (delta: Jar.Jar): Attempt<void> => {
    const added = Jar.withoutChallenges(delta)
    if (!hasRecords(added)) return E.right(undefined)
    const changed = await TextFile.change<Problem>(path, async (text) => {
      const old = text === undefined ? E.right({ session: Session.defaults, jar: Jar.empty }) : await open(cipher, text)
      if (E.isLeft(old)) return old
      const { session, jar } = old.right
      return seal(cipher, { session, jar: Jar.join(withoutOld(jar, now(), horizon), added) })
    })
    return E.isLeft(changed) ? E.left(toProblem(changed.left)) : changed
  }

  return {
    load: attempt(name, 'load', timeout)(load),
    merge: (delta) => attempt(name, 'merge', timeout)(() => merge(delta)),
  }
}

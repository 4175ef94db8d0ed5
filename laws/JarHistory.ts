/** The operations of a jar that the laws use, and what a jar receives. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as Cookie from '../src/cookies/Cookie.js'
import type * as DigestCache from '../src/cookies/DigestCache.js'
import type * as JarOf from '../src/cookies/Jar.js'
import type { Token } from '../src/values/Token.js'

type Jar = JarOf.Jar

/** The operations that the laws use. Any implementation can be tested. */
export type Operations = Pick<
  typeof JarOf,
  | 'empty'
  | 'absorb'
  | 'set'
  | 'remove'
  | 'clear'
  | 'clearSession'
  | 'evict'
  | 'remember'
  | 'counted'
  | 'challengeFor'
  | 'token'
  | 'tokens'
  | 'withToken'
  | 'withoutTokens'
  | 'cookiesFor'
  | 'header'
  | 'records'
  | 'join'
  | 'delta'
  | 'Eq'
>

/** One response: its URL, its Set-Cookie fields, and when it was received. */
export interface ReceivedCookies {
  readonly url: URL
  readonly setCookies: ReadonlyArray<string>
  readonly now: Date
}

/** An operation on a jar. */
export type Step =
  | ({ readonly _tag: 'Absorb' } & ReceivedCookies)
  | { readonly _tag: 'Set'; readonly input: Cookie.Input }
  | { readonly _tag: 'Remove'; readonly name: string }
  | { readonly _tag: 'Clear'; readonly domain: string }
  | { readonly _tag: 'ClearSession' }
  | { readonly _tag: 'Remember'; readonly challenge: DigestCache.Input; readonly now: Date }
  | { readonly _tag: 'Count'; readonly origin: string; readonly user: string }
  | { readonly _tag: 'StoreToken'; readonly key: JarOf.TokenKey; readonly token: Token; readonly now: Date }
  | { readonly _tag: 'RemoveTokens'; readonly selection: JarOf.TokenSelection }

/** What a jar received, in order. */
export type History = ReadonlyArray<Step>

/** Stores the Set-Cookie fields of one reply. */
export const absorb =
  (jars: Operations) =>
  ({ url, setCookies, now }: ReceivedCookies) =>
  (jar: Jar): Jar =>
    jars.absorb(url, setCookies, now)(jar)[0]

const applyStep = (jars: Operations, jar: Jar, step: Step): Jar => {
  switch (step._tag) {
    case 'Absorb':
      return absorb(jars)(step)(jar)
    case 'Set':
      return E.getOrElse(() => jar)(jars.set(step.input)(jar))
    case 'Remove':
      return jars.remove({ name: step.name })(jar)
    case 'Clear':
      return jars.clear({ domain: step.domain })(jar)
    case 'ClearSession':
      return jars.clearSession(jar)
    case 'Remember':
      return jars.remember(step.challenge, step.now)(jar)
    case 'Count': {
      const found = jars.challengeFor(step)(jar)
      return O.isNone(found) ? jar : jars.counted(found.value)(jar)
    }
    case 'StoreToken':
      return jars.withToken(step.key, step.token, step.now)(jar)
    case 'RemoveTokens':
      return jars.withoutTokens(step.selection)(jar)
  }
}

/** Returns the jar after a history. Two replays share no objects. */
export const replay =
  (jars: Operations) =>
  (history: History) =>
  (jar: Jar): Jar =>
    history.reduce((current, step) => applyStep(jars, current, step), jar)

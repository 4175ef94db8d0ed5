/**
 * Differences of cookies over several requests.
 *
 * | rule | Python                                                   | here                                       |
 * |------|----------------------------------------------------------|--------------------------------------------|
 * | D13  | http.cookiejar                                           | RFC 6265bis (`models/cookie-jar.ts`)       |
 * | D19  | any host                                                 | a URL without a canonical host is not sent |
 * | D30  | cookies without a domain keep the position of their dict | before the other cookies for the path `/`  |
 */

import { type Input, isCollection, type Output, type Sequence } from '../families/cookies.js'
import { type Cookies, placeOf, sentTo, takeAll } from '../models/cookie-jar.js'
import {
  cookiePairs,
  heldOf,
  pairsOf,
  type SettingCookies,
  settingCookiesIn,
  settingCookiesOf,
} from '../models/given-cookies.js'
import { onTheWire } from '../models/normal-url.js'
import { canonicalHost, partsOf, withBrackets } from '../models/parts.js'
import { strOf } from '../models/python-text.js'
import { modelOf } from '../observe/jar.js'
import type { Rule, Subject } from '../subject.js'
import type { Py } from '../tagged.js'
import { collectionOf } from './collection.js'

type R = Rule<Input, Output>

/** The URL as it is planned; undefined if its host is invalid (D19). */
const planned = (url: string): string | undefined => {
  const host = canonicalHost(partsOf(url).host)
  if (host === undefined) return undefined
  return onTheWire(url.replace(/^([^/]*\/\/)(\[[^\]]*\]|[^:/?#]*)/, `$1${withBrackets(host)}`))
}

const given = (cookies: Sequence['steps'][number]['cookies'], below: SettingCookies): SettingCookies => {
  if (cookies === undefined) return below
  if ('jar' in cookies) return settingCookiesIn(cookies.jar, below)
  return cookies._tag === 'Dict' || cookies._tag === 'CiDict'
    ? settingCookiesOf(
        cookies.entries.map(([key, value]) => [strOf(key) ?? '', value] as const),
        below,
      )
    : below
}

const headerOf = (headers: ReadonlyArray<readonly [Py, Py]>, name: string): string | undefined => {
  const value = headers.find(([key]) => strOf(key)?.toLowerCase() === name)?.[1]
  return value?._tag === 'Bytes' ? Buffer.from(value.bytes).toString('latin1') : value && strOf(value)
}

const runModel = ({ steps, session_cookies = [] }: Sequence, now: number): Output => {
  const below = settingCookiesIn(session_cookies)
  let held: Cookies = heldOf(session_cookies, steps[0]?.url ?? '')
  let seconds = now
  const sent: Array<string | null> = []
  for (const { url, set_cookie = [], advance = 0, cookies, headers = [] } of steps) {
    seconds += advance
    const target = planned(url)
    if (target === undefined) {
      sent.push(null)
      continue
    }
    const place = placeOf(target, seconds * 1000)
    const literal = headerOf(headers, 'cookie')
    const text = literal ?? cookiePairs(sentTo(held, place), pairsOf(given(cookies, below))).join('; ')
    sent.push(text === '' ? null : text)
    held = takeAll(held, place, set_cookie)
  }
  return { sent, jar: modelOf(held, below) }
}

const sorted = (text: string | null): string => (text ?? '').split('; ').sort().join('; ')

/** Returns a rule that expects the cookies of the model: the same in another order, or different ones. */
const headerRule = (id: string, isSame: boolean): R => ({
  id,
  when: ({ input }) => !isCollection(input),
  expect: ({ input, meta }: Subject<Input>, python) => {
    if (isCollection(input)) return python
    const { sent = [] } = runModel(input, meta.now)
    const theirs = python.sent ?? []
    const pick = (text: string | null, i: number): string | null => {
      const other = theirs[i] ?? null
      return (sorted(text) === sorted(other)) === isSame ? text : other
    }
    return { ...python, sent: sent.map(pick) }
  },
})

const NO_HOST: R = {
  id: 'D19',
  when: ({ input }) => !isCollection(input),
  expect: ({ input }, python) => {
    if (isCollection(input)) return python
    const { sent = [] } = python
    return { ...python, sent: sent.map((text, i) => (planned(input.steps[i]?.url ?? '') === undefined ? null : text)) }
  },
}

const JAR: R = {
  id: 'D13',
  when: ({ input }) => !isCollection(input),
  expect: ({ input, meta }, python) =>
    isCollection(input) ? python : { ...python, jar: runModel(input, meta.now).jar },
}

/** Operations on a cookie without a domain fail and have no effect. */
const COLLECTION: R = {
  id: 'D13',
  when: ({ input }) => isCollection(input),
  expect: ({ input, meta }, python) => (isCollection(input) ? collectionOf(input, meta.now) : python),
}

export const all: ReadonlyArray<R> = [NO_HOST, headerRule('D13', false), headerRule('D30', true), JAR, COLLECTION]

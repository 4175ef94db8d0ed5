/**
 * The Cookie header of a prepared request, by the model of RFC 6265bis.
 *
 * | rule | Python                                                   | here                                      |
 * |------|----------------------------------------------------------|-------------------------------------------|
 * | D13  | http.cookiejar decides what is sent, and strips `\"`     | RFC 6265bis                               |
 * | D30  | cookies without a domain keep the position of their dict | before the other cookies for the path `/` |
 */

import type { Input, Output } from '../families/prepare.js'
import { placeOf, sentTo } from '../models/cookie-jar.js'
import {
  cookiePairs,
  heldOf,
  pairsOf,
  type SettingCookies,
  settingCookiesIn,
  settingCookiesOf,
} from '../models/given-cookies.js'
import { mergedHeaders, valueOf } from '../models/plain-request.js'
import { strOf } from '../models/python-text.js'
import { type CookieSpec, isFailure, type Prepared } from '../shapes.js'
import type { Rule, Subject } from '../subject.js'
import { added, type Pairs, replaced } from './fields.js'

type R = Rule<Input, Output>

const jarSpecs = ({ cookies }: Input['request']): ReadonlyArray<CookieSpec> =>
  cookies !== undefined && 'jar' in cookies ? cookies.jar : []

/** Returns the cookies of the settings. The request takes precedence over the session. */
export const mergedSettingCookies = ({ session, request }: Pick<Input, 'session' | 'request'>): SettingCookies => {
  const below = settingCookiesIn(session.cookies ?? [])
  const { cookies } = request
  if (cookies !== undefined && 'jar' in cookies) return settingCookiesIn(cookies.jar, below)
  if (cookies?._tag !== 'Dict' && cookies?._tag !== 'CiDict') return below
  return settingCookiesOf(
    cookies.entries.map(([key, value]) => [strOf(key) ?? '', value] as const),
    below,
  )
}

const ours = ({ input, meta }: Subject<Input>, python: Prepared): string => {
  const held = heldOf(jarSpecs(input.request), python.url, heldOf(input.session.cookies ?? [], python.url))
  const isHttp = /^https?:/.test(python.url)
  const sent = isHttp ? sentTo(held, placeOf(python.url, meta.now * 1000)) : []
  return cookiePairs(sent, pairsOf(mergedSettingCookies(input))).join('; ')
}

const sorted = (text: string): string => text.split('; ').sort().join('; ')

const differs = (subject: Subject<Input>, python: Output, isSame: boolean): boolean => {
  if (isFailure(python)) return false
  const { session, request } = subject.input
  if (valueOf(mergedHeaders(session, request), 'Cookie') !== undefined) return false
  const theirs = valueOf(python.headers, 'Cookie') ?? ''
  const text = ours(subject, python)
  return text !== theirs && (sorted(text) === sorted(theirs)) === isSame
}

/** Replaces the Cookie header, or adds one where requests adds it. */
export const withCookie = <P extends Prepared>(python: P, given: Pairs, text: string): P => {
  if (text === '') return { ...python, headers: python.headers.filter(([name]) => name.toLowerCase() !== 'cookie') }
  if (valueOf(python.headers, 'Cookie') !== undefined) {
    return { ...python, headers: replaced(python.headers, 'cookie', text) }
  }
  return { ...python, headers: added(python.headers, given, ['Cookie', text]) }
}

const cookieRule = (id: string, isSame: boolean): R => ({
  id,
  when: (subject, python) => differs(subject, python, isSame),
  expect: (subject, python) => {
    if (isFailure(python)) return python
    const { session, request } = subject.input
    return withCookie(python, mergedHeaders(session, request), ours(subject, python))
  },
})

export const all: ReadonlyArray<R> = [cookieRule('D13', false), cookieRule('D30', true)]

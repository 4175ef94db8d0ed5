/**
 * Where each cookie of a plan came from, and which cookies of the jar stayed away.
 *
 * | the user gave               | a cookie comes from                                          |
 * |-----------------------------|--------------------------------------------------------------|
 * | a Cookie header             | that header: it stands for itself                            |
 * | cookies with `withCookie`   | the jar or the settings, in the order of `stages/Cookies`    |
 * | nothing                     | the jar                                                      |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Cookie from '../../cookies/Cookie.js'
import * as Jar from '../../cookies/Jar.js'
import type { Settings } from '../../session/Settings.js'
import * as Stage from '../../stages/prepare/CookieHeader.js'
import * as Override from '../../values/Override.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import { type Ground, otherwise, plannedUrl } from './Ground.js'
import { ofSettings } from './Headers.js'
import { type Piece, sourcesOf } from './InOrder.js'
import { type Of, pairsOf } from './Part.js'
import { byHand, type Dropped, from, ofSetting, type Source } from './Source.js'

const credentialsAllowed = ({ before }: Ground): boolean => O.isNone(before) || before.value.credentialsAllowed

/** The Cookie header of the user, which stands for itself. */
const literal = (ground: Ground): ReadonlyArray<string> | undefined => {
  const setting = ground.merged.settings.headers.get('cookie')
  return credentialsAllowed(ground) && setting?._tag === 'Set' ? setting.value.values.map(Secret.reveal) : undefined
}

/** What the cookies of session and request leave for those of the jar. */
const roomOf = (ground: Ground): number => {
  const own = credentialsAllowed(ground) ? Stage.given(ground.merged.settings) : E.right('')
  return Stage.roomBeside(E.isRight(own) ? own.right : '')
}

const ofJar = (cookie: Cookie.Cookie): Piece => ({
  text: Cookie.pair(cookie),
  source: from('jar', O.isSome(cookie.setBy) ? `set by ${cookie.setBy.value}` : 'set by hand'),
})

const given = (ground: Ground): ReadonlyArray<Piece> => {
  if (!credentialsAllowed(ground)) return []
  return Override.entries(ground.merged.settings.cookies).map(([name, value]) => {
    const pick = (settings: Settings) => settings.cookies.get(name) ?? Override.inherit
    return { text: `${name}=${Secret.reveal(value)}`, source: ofSetting(ground.layers, pick, Secret.show) ?? byHand }
  })
}

/** The cookies that the inputs give, as `stages/Cookies` orders them. */
const planned = (ground: Ground): ReadonlyArray<Piece> => {
  const own = literal(ground)
  if (own !== undefined) {
    const source = ofSettings(ground, 'cookie', 'a Cookie header stands for itself') ?? byHand
    return own.flatMap((value) => pairsOf(value).map(({ text }) => ({ text, source })))
  }
  const { inputs } = ground
  const url = Url.withSentPathname(plannedUrl(ground))
  const kept = Url.isHttp(url) ? Jar.cookiesFor(url, inputs.now, roomOf(ground))(inputs.jar) : []
  const isDeep = ({ path }: Cookie.Cookie): boolean => path.length > 1
  const [deep, shallow] = [kept.filter(isDeep), kept.filter((cookie) => !isDeep(cookie))]
  return [...deep.map(ofJar), ...given(ground), ...shallow.map(ofJar)]
}

/** Where the cookies of the Cookie header came from, all in order. */
export const ofCookies = (ground: Ground, parts: ReadonlyArray<Of<'Cookie'>>): ReadonlyArray<Source> => {
  if (parts.length === 0) return []
  const texts = parts.map(({ pair }) => Secret.reveal(pair))
  return sourcesOf(planned(ground), texts).map((source) => source ?? otherwise(ground))
}

/** Why a cookie is not sent to a URL, in words. */
export const REASONS: Readonly<Record<Exclude<Cookie.CookieStatus, 'sent'>, string>> = {
  domain: 'it is for another host',
  'host-only': 'it is for its own host alone, and this one is below it',
  path: 'it is for another path',
  secure: 'it is Secure, and the connection is not',
  expired: 'it has expired',
  'site-limit': 'its site has more than 180 live cookies, and Secure and newer ones go first',
  'header-limit': 'the Cookie header would be longer than servers accept, and longer paths and newer cookies go first',
}

/** Cookies of the jar that were near and not sent. Cookies of other hosts are omitted. */
export const dropped = (ground: Ground): ReadonlyArray<Dropped> => {
  const { inputs } = ground
  const url = Url.withSentPathname(plannedUrl(ground))
  if (!Url.isHttp(url)) return []
  return Jar.why(
    url,
    inputs.now,
    roomOf(ground),
  )(inputs.jar).flatMap(({ cookie, verdict }): ReadonlyArray<Dropped> => {
    const what = `cookie ${cookie.name}`
    const value = `${Secret.REDACTED}, for ${cookie.hostOnly ? '' : '.'}${cookie.domain}${cookie.path}`
    if (verdict === 'domain') return []
    if (verdict !== 'sent') return [{ what, layer: 'jar', value, why: REASONS[verdict] }]
    const why = 'a Cookie header of your own stands for itself'
    return literal(ground) !== undefined ? [{ what, layer: 'jar', value, why }] : []
  })
}

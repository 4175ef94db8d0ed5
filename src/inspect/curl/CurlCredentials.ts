/**
 * Whose request a curl line is: the first of these that it has.
 *
 * | order | written                                  | here                                         |
 * |-------|------------------------------------------|----------------------------------------------|
 * | 1     | `-H 'Authorization: …'`                  | the header; with `--digest`, until a challenge comes |
 * | 2     | `--oauth2-bearer`                        | `withBearer`                                 |
 * | 3     | `-u`, else `user:pass@` in the URL       | `withDigestAuth` with `--digest`, else `withBasicAuth` |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import type { Pair } from './CurlUrl.js'
import { type Left, settingsOf } from './HeaderLines.js'
import { isOn, last, type Option } from './Options.js'

export interface Credentials {
  readonly settings: Settings.Settings
  readonly leftOut: ReadonlyArray<Left>
}

/** curl sends the octets it is given; text that is no UTF-8 stands as latin-1. */
export const text = (octets: Shell.Octets): string => Shell.toText(octets) ?? octets

/** `user:password` of an option. */
export const pair = (option: string, octets: Shell.Octets): E.Either<string, Pair> => {
  const colon = octets.indexOf(':')
  if (colon < 0) return E.left(`${option} has no password, which curl would ask for; write user:password`)
  return E.right([octets.slice(0, colon), octets.slice(colon + 1)])
}

/** Octets beyond ASCII are sent as they stand, whatever coding they are in, so they are a header of their own. */
const basic = ([user, pass]: Pair): Settings.Settings => {
  if (/^[\0-\x7f]*$/.test(user + pass)) return settingsOf(Settings.withBasicAuth(user, pass))
  const value = `Basic ${Buffer.from(`${user}:${pass}`, 'latin1').toString('base64')}`
  return settingsOf(Settings.withSecretHeader('Authorization', value), Settings.withoutAuth)
}

const overruled = (options: ReadonlyArray<Option>, names: ReadonlyArray<string>, why: string): ReadonlyArray<Left> =>
  names.flatMap((name) => (last(options, name) === undefined ? [] : [{ option: `--${name}`, why }]))

/** The credentials of a line whose header lines have these names, in lower case. */
export const credentials = (
  options: ReadonlyArray<Option>,
  userinfo: Pair | undefined,
  names: ReadonlySet<string>,
): E.Either<string, Credentials> => {
  const user = last(options, 'user')
  const given = user === undefined ? E.right(userinfo) : pair('-u', user.value)
  if (E.isLeft(given)) return given
  const inUrl =
    userinfo !== undefined && user !== undefined
      ? [{ option: 'the credentials in the URL', why: '-u stands for them' }]
      : []
  const isDigest = isOn(options, 'digest') && given.right !== undefined
  const bearer = last(options, 'oauth2-bearer')
  if (names.has('authorization') && (!isDigest || bearer !== undefined)) {
    const why = 'the Authorization header of the line stands for it'
    const url = userinfo === undefined ? [] : [{ option: 'the credentials in the URL', why }]
    return E.right({
      settings: Settings.empty,
      leftOut: [...overruled(options, ['user', 'oauth2-bearer'], why), ...url],
    })
  }
  const waits = bearer !== undefined && (isOn(options, 'digest') || isOn(options, 'basic'))
  if (bearer !== undefined && !waits) {
    const why = '--oauth2-bearer stands for it'
    return E.right({
      settings: settingsOf(Settings.withBearer(bearer.value)),
      leftOut: [...overruled(options, ['user'], why), ...inUrl],
    })
  }
  const why = 'beside --digest or --basic curl waits for a challenge, and only digest is answered here'
  const late = waits ? overruled(options, isDigest ? ['oauth2-bearer'] : ['oauth2-bearer', 'user'], why) : []
  if (waits && !isDigest) return E.right({ settings: Settings.empty, leftOut: [...late, ...inUrl] })
  if (given.right === undefined) return E.right({ settings: Settings.empty, leftOut: [] })
  const [name, pass] = given.right
  const settings = isDigest ? settingsOf(Settings.withDigestAuth(text(name), text(pass))) : basic(given.right)
  return E.right({ settings, leftOut: [...late, ...inUrl] })
}

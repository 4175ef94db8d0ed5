/**
 * Converts the credentials of a curl line. If there are several, the first of this table wins.
 *
 * | order | in the line                              | converted to                                 |
 * |-------|------------------------------------------|----------------------------------------------|
 * | 1     | `-H 'Authorization: …'`                  | the header; with `--digest`, until the first challenge |
 * | 2     | `--oauth2-bearer`                        | `withBearer`                                 |
 * | 3     | `-u`, else `user:pass@` in the URL       | `withDigestAuth` with `--digest`, else `withBasicAuth` |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Settings from '../../session/Settings.js'
import * as Shell from '../Shell.js'
import { type Converted, type LeftOut, settingsOf } from './Converted.js'
import type { UserAndPassword } from './CurlUrl.js'
import { isOn, last, type Option } from './Options.js'

/** Decodes UTF-8, or Latin-1 if the octets are not UTF-8: curl sends octets unchanged. */
export const textOf = (octets: Shell.Octets): string => Shell.toText(octets) ?? octets

/** Parses the `user:password` of an option. */
export const parseUser = (option: string, octets: Shell.Octets): E.Either<string, UserAndPassword> => {
  const colon = octets.indexOf(':')
  if (colon < 0) return E.left(`${option} has no password, and curl would prompt for it; write user:password`)
  return E.right([octets.slice(0, colon), octets.slice(colon + 1)])
}

/** curl sends octets outside ASCII unchanged, in whatever encoding, so such credentials become a header. */
const basic = ([user, pass]: UserAndPassword): Settings.Settings => {
  if (/^[\0-\x7f]*$/.test(user + pass)) return settingsOf(Settings.withBasicAuth(user, pass))
  const value = `Basic ${Buffer.from(`${user}:${pass}`, 'latin1').toString('base64')}`
  return settingsOf(Settings.withSecretHeader('Authorization', value), Settings.withoutAuth)
}

const leftOutOf = (options: ReadonlyArray<Option>, names: ReadonlyArray<string>, why: string): ReadonlyArray<LeftOut> =>
  names.flatMap((name) => (last(options, name) === undefined ? [] : [{ option: `--${name}`, why }]))

/** Converts the credentials. `names` are the lower-case names of the line's headers. */
export const convert = (
  options: ReadonlyArray<Option>,
  userinfo: UserAndPassword | undefined,
  names: ReadonlySet<string>,
): E.Either<string, Converted> => {
  const user = last(options, 'user')
  const given = user === undefined ? E.right(userinfo) : parseUser('-u', user.value)
  if (E.isLeft(given)) return given
  const inUrl =
    userinfo !== undefined && user !== undefined
      ? [{ option: 'the credentials in the URL', why: '-u overrides them' }]
      : []
  const isDigest = isOn(options, 'digest') && given.right !== undefined
  const bearer = last(options, 'oauth2-bearer')
  if (names.has('authorization') && (!isDigest || bearer !== undefined)) {
    const why = 'the Authorization header of the line overrides it'
    const url = userinfo === undefined ? [] : [{ option: 'the credentials in the URL', why }]
    return E.right({
      settings: Settings.empty,
      leftOut: [...leftOutOf(options, ['user', 'oauth2-bearer'], why), ...url],
    })
  }
  const waitsForChallenge = bearer !== undefined && (isOn(options, 'digest') || isOn(options, 'basic'))
  if (bearer !== undefined && !waitsForChallenge) {
    const why = '--oauth2-bearer overrides it'
    return E.right({
      settings: settingsOf(Settings.withBearer(bearer.value)),
      leftOut: [...leftOutOf(options, ['user'], why), ...inUrl],
    })
  }
  const why = 'with --digest or --basic, curl waits for a challenge, and only digest challenges are supported'
  const unused = waitsForChallenge
    ? leftOutOf(options, isDigest ? ['oauth2-bearer'] : ['oauth2-bearer', 'user'], why)
    : []
  if (waitsForChallenge && !isDigest) return E.right({ settings: Settings.empty, leftOut: [...unused, ...inUrl] })
  if (given.right === undefined) return E.right({ settings: Settings.empty, leftOut: [] })
  const [name, pass] = given.right
  const settings = isDigest ? settingsOf(Settings.withDigestAuth(textOf(name), textOf(pass))) : basic(given.right)
  return E.right({ settings, leftOut: [...unused, ...inUrl] })
}

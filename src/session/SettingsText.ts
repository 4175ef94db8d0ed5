/**
 * Prints settings as one line, for logs and test failures. It names headers and cookies without their values; a query and
 * a base URL are printed with their secrets hidden.
 */
import type { Show as ShowOf } from 'fp-ts/lib/Show.js'
import type * as Override from '../values/Override.js'
import * as Printable from '../values/Printable.js'
import * as Query from '../values/Query.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import type * as Auth from './auth/Auth.js'
import { empty, type HeaderSetting, type Settings } from './SettingsRecord.js'

type Line = readonly [setting: keyof Settings, text: string]

const line = (setting: keyof Settings, text: string): ReadonlyArray<Line> => (text === '' ? [] : [[setting, text]])

/** Returns one setting, unless it is inherited. */
const single = <K extends keyof Settings, A>(
  setting: K,
  override: Override.Override<A>,
  show: (value: A) => string,
): ReadonlyArray<Line> => {
  if (override._tag === 'Inherit') return []
  return line(setting, override._tag === 'Set' ? show(override.value) : 'none')
}

/** Returns the keys of a setting. A key that is removed has a minus. */
const keys = <A>(
  setting: keyof Settings,
  keyed: Override.Keyed<A>,
  show: (key: string, value: A) => string = (key) => key,
): ReadonlyArray<Line> => {
  const items = [...keyed].flatMap(([key, override]) => {
    if (override._tag === 'Inherit') return []
    return [override._tag === 'Set' ? show(key, override.value) : `-${key}`]
  })
  return line(setting, items.join(', '))
}

const layer = <A>(given: Override.Layer<A>, show: (value: A) => ReadonlyArray<Line>): ReadonlyArray<Line> =>
  given._tag === 'Inherit' ? [] : show(given.value)

const showAuth = (auth: Auth.Auth): string => ('name' in auth ? auth.name : auth._tag)

const shownUrl = (url: string | Secret.Secret): string => Url.masked(Secret.textOf(url) ?? '')

const isPresent = (): string => 'set'

const lines = (settings: Settings): ReadonlyArray<Line> => [
  ...single('baseUrl', settings.baseUrl, shownUrl),
  ...keys<HeaderSetting>('headers', settings.headers, (_, { name }) => name),
  ...layer(settings.query, (source) => line('query', Query.showSource(source))),
  ...keys('cookies', settings.cookies),
  ...single('auth', settings.auth, showAuth),
  ...layer(settings.proxies, (proxies) => keys('proxies', proxies)),
  ...single('verify', settings.verify, String),
  ...single('ca', settings.ca, isPresent),
  ...single('certificate', settings.certificate, isPresent),
  ...keys('timeouts', settings.timeouts, (key, ms) => `${key} ${String(ms)} ms`),
  ...keys('limits', settings.limits, (key, octets) => `${key} ${String(octets)} bytes`),
  ...single('maxRedirects', settings.maxRedirects, String),
  ...layer(settings.redirects, ({ length }) => line('redirects', `${length} policies`)),
  ...layer(settings.hooks, ({ length }) => line('hooks', String(length))),
  ...layer(settings.observers, ({ length }) => line('observers', String(length))),
  ...keys('sensitive', settings.sensitive),
  ...single('progress', settings.progress, isPresent),
  ...single('idempotencyKey', settings.idempotencyKey, ({ header }) => String(header)),
  ...single('compression', settings.compression, ({ coding }) => String(coding)),
]

/** Returns one line with every setting that is not inherited. */
export const show = (settings: Settings): string =>
  settings === empty
    ? ''
    : Printable.escapeControls(
        lines(settings)
          .map(([name, text]) => `${name}: ${text}`)
          .join('; '),
      )

/**
 * Prints settings as one line, without secrets.
 *
 * @since 0.2.0
 * @category instances
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Request, Settings } from 'requests-ts'
 *
 * const { settings } = pipe(Request.get('/'), Request.withHeader('X-A', '1'), Request.withBearer('token'))
 * assert.equal(Settings.Show.show(settings), 'headers: X-A; auth: Bearer')
 */
export const Show: ShowOf<Settings> = { show }

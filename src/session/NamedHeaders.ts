/**
 * Hides the values of headers that `withSensitiveHeaders` names, whether the value or the name was set first.
 *
 * The values that were hidden for this reason only are remembered: they become readable again when a later setting removes
 * the name, and they are saved as plain text.
 */
import type * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as Secret from '../values/Secret.js'

/** What is needed of `HeaderSetting`, whose module imports this one. */
interface HeaderValues {
  readonly values: ReadonlyArray<Headers.Value>
}

const hiddenForName = new WeakSet<Secret.Secret>()

/** Returns whether a value is hidden only because its header is named, and not by `withSecretHeader`. */
export const isHiddenForName = (value: Headers.Value): boolean => typeof value !== 'string' && hiddenForName.has(value)

const hide = (value: Headers.Value): Headers.Value => {
  if (typeof value !== 'string') return value
  const secret = Secret.make(value)
  hiddenForName.add(secret)
  return secret
}

const show = (value: Headers.Value): Headers.Value => (isHiddenForName(value) ? Secret.reveal(value) : value)

/** Returns the headers with the values of all named headers hidden; the same map if nothing has to change. */
export const hideNamed = <H extends HeaderValues>(
  headers: Override.Keyed<H>,
  sensitive: Override.Keyed<true>,
): Override.Keyed<H> => {
  let changed: Map<string, Override.Override<H>> | undefined
  for (const [key, { _tag }] of sensitive) {
    const header = headers.get(key)
    if (header?._tag !== 'Set' || _tag === 'Inherit') continue
    const isNamed = _tag === 'Set'
    const needsChange = isNamed ? (value: Headers.Value) => typeof value === 'string' : isHiddenForName
    if (!header.value.values.some(needsChange)) continue
    changed ??= new Map(headers)
    changed.set(key, Override.set({ ...header.value, values: header.value.values.map(isNamed ? hide : show) }))
  }
  return changed ?? headers
}

/**
 * Hides the values of headers that `withSensitiveHeaders` names, in whichever order names and values are given.
 *
 * A value that is hidden only for its name is plain again where a later setting takes the name away.
 */
import type * as Headers from '../values/Headers.js'
import * as Override from '../values/Override.js'
import * as Secret from '../values/Secret.js'

interface Setting {
  readonly name: string
  readonly values: ReadonlyArray<Headers.Value>
}

const hiddenForName = new WeakSet<Secret.Secret>()

/** Whether a value is hidden only because its header is named, and not by `withSecretHeader`. */
export const isHiddenForName = (value: Headers.Value): boolean => typeof value !== 'string' && hiddenForName.has(value)

const hide = (value: Headers.Value): Headers.Value => {
  if (typeof value !== 'string') return value
  const secret = Secret.make(value)
  hiddenForName.add(secret)
  return secret
}

const show = (value: Headers.Value): Headers.Value => (isHiddenForName(value) ? Secret.reveal(value) : value)

/** The header settings with the values of every named header hidden. The same map where nothing has to change. */
export const hideNamed = <H extends Setting>(
  headers: Override.Keyed<H>,
  sensitive: Override.Keyed<true>,
): Override.Keyed<H> => {
  let changed: Map<string, Override.Override<H>> | undefined
  for (const [key, { _tag }] of sensitive) {
    const given = headers.get(key)
    if (given?._tag !== 'Set' || _tag === 'Inherit') continue
    const isNamed = _tag === 'Set'
    const isWrong = isNamed ? (value: Headers.Value) => typeof value === 'string' : isHiddenForName
    if (!given.value.values.some(isWrong)) continue
    changed ??= new Map(headers)
    changed.set(key, Override.set({ ...given.value, values: given.value.values.map(isNamed ? hide : show) }))
  }
  return changed ?? headers
}

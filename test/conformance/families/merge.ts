/**
 * `merge.json`: `merge_setting` and `merge_hooks`, compared with the monoids of the settings, and running hooks.
 *
 * | Python                               | here                                                |
 * |--------------------------------------|-----------------------------------------------------|
 * | None                                 | a layer that inherits                               |
 * | a mapping                            | `Extend` of overrides by key, where None is `Unset` |
 * | any other value                      | `Replace`                                           |
 * | keys of a CaseInsensitiveDict        | compared in lower case, as header names are         |
 * | hooks whose `response` list is empty | a layer that inherits                               |
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Environment, Jar, Override, Reply, Request, Session, type Settings } from 'requests-ts'
import type { Json } from '../json.js'
import { failureOf } from '../observe/errors.js'
import * as Script from '../observe/script.js'
import { AnswerSpec, type Failure, failure, reading, readingOrFailure } from '../shapes.js'
import type { Family, Subject } from '../subject.js'
import { type Entry, type Py, Tagged, write } from '../tagged.js'
import { textOf } from '../translate/values.js'

const Setting = t.type({
  kind: t.literal('setting'),
  request: Tagged,
  session: Tagged,
  dict_class: t.union([t.literal('ordered'), t.literal('ci')]),
})
const Hooks = t.type({ kind: t.literal('hooks'), request: Tagged, session: Tagged })
const HooksRun = t.intersection([
  t.type({ kind: t.literal('hooks_run'), request: Tagged, session: Tagged, script: t.array(AnswerSpec) }),
  t.partial({ url: t.string }),
])
const Input = t.union([Setting, Hooks, HooksRun])
export type Input = t.TypeOf<typeof Input>

const Result = t.type({ result: t.unknown })
const Run = t.type({
  calls: t.array(t.string),
  status: t.number,
  history: t.array(t.number),
  requests: t.array(t.tuple([t.string, t.string])),
})
export type Output = t.TypeOf<typeof Result> | t.TypeOf<typeof Run> | Failure

// --- merge_setting --------------------------------------------------------------------------------------------------

/** A mapping, which is merged by key, or a value, which is replaced. */
type Source =
  | { readonly _tag: 'Keys'; readonly keys: Override.Keyed<Entry> }
  | { readonly _tag: 'Whole'; readonly value: Py }

const keysMonoid = Override.getKeyedMonoid<Entry>()

const LayerMonoid: Monoid<Override.Layer<Source>> = Override.getLayerMonoid<Source>({
  concat: (x, y) =>
    x._tag === 'Keys' && y._tag === 'Keys' ? { _tag: 'Keys', keys: keysMonoid.concat(x.keys, y.keys) } : y,
})

const isMapping = (py: Py): py is Extract<Py, { readonly _tag: 'Dict' | 'CiDict' | 'Pairs' }> =>
  py._tag === 'Dict' || py._tag === 'CiDict'

type Fold = (key: Py) => string
const exact: Fold = (key) => JSON.stringify(write(key))
const withoutCase: Fold = (key) => exact(key).toLowerCase()

const keysOf = (entries: ReadonlyArray<Entry>, fold: Fold): Override.Keyed<Entry> => {
  const keys = new Map<string, Override.Override<Entry>>()
  for (const entry of entries) keys.set(fold(entry[0]), entry[1]._tag === 'None' ? Override.unset : Override.set(entry))
  return keys
}

/** A CaseInsensitiveDict merges equal keys before two mappings are merged. */
const entriesOf = (mapping: Extract<Py, { readonly entries: ReadonlyArray<Entry> }>): ReadonlyArray<Entry> => {
  if (mapping._tag !== 'CiDict') return mapping.entries
  const entries = new Map<string, Entry>()
  for (const entry of mapping.entries) entries.set(withoutCase(entry[0]), entry)
  return [...entries.values()]
}

const layerOf = (py: Py, fold: Fold): Override.Layer<Source> => {
  if (py._tag === 'None') return LayerMonoid.empty
  if (!isMapping(py)) return Override.replace<Source>({ _tag: 'Whole', value: py })
  return Override.extend<Source>({ _tag: 'Keys', keys: keysOf(entriesOf(py), fold) })
}

/** Returns the merged value in Python's form. An operand that replaced the other is returned unchanged. */
const merged = (session: Py, request: Py, layers: readonly [Override.Layer<Source>, Override.Layer<Source>]): Json => {
  const both = LayerMonoid.concat(...layers)
  if (both._tag === 'Inherit') return write(request)
  for (const [given, layer] of [
    [session, layers[0]],
    [request, layers[1]],
  ] as const) {
    if (layer._tag !== 'Inherit' && layer.value === both.value) return write(given)
  }
  if (both.value._tag === 'Whole') return write(both.value.value)
  return write({ _tag: 'Dict', entries: Override.entries(both.value.keys).map(([, entry]) => entry) })
}

const mergeSetting = ({ session, request, dict_class }: t.TypeOf<typeof Setting>): Output => {
  const fold = dict_class === 'ci' ? withoutCase : exact
  return { result: merged(session, request, [layerOf(session, fold), layerOf(request, fold)]) }
}

// --- merge_hooks ----------------------------------------------------------------------------------------------------

const listedUnder = (event: string, py: Py): Py | undefined =>
  isMapping(py) ? py.entries.find(([key]) => textOf(key) === event)?.[1] : undefined

const isEmptyHooks = (hooks: Py): boolean => {
  const listed = listedUnder('response', hooks)
  return listed?._tag === 'List' && listed.items.length === 0
}

const mergeHooks = ({ session, request }: t.TypeOf<typeof Hooks>): Output => {
  const layer = (hooks: Py): Override.Layer<Source> => (isEmptyHooks(hooks) ? LayerMonoid.empty : layerOf(hooks, exact))
  return { result: merged(session, request, [layer(session), layer(request)]) }
}

// --- running hooks --------------------------------------------------------------------------------------------------

type Labelled = Extract<Py, { readonly _tag: 'Fn' }>

/** Returns the functions among the hooks of `response`. Python ignores other values. */
const callable = (hooks: Py): ReadonlyArray<Labelled> => {
  const listed = listedUnder('response', hooks)
  const items =
    listed?._tag === 'List' || listed?._tag === 'Tuple' ? listed.items : listed === undefined ? [] : [listed]
  return items.filter((item) => item._tag === 'Fn')
}

const hookOf =
  (calls: string[]) =>
  ({ label, returns }: Labelled): Settings.Hook =>
  (head) => {
    calls.push(label)
    return TE.right(returns === undefined ? head : Reply.head({ status: returns }))
  }

const runHooks = async ({ input, meta }: Subject<t.TypeOf<typeof HooksRun>>): Promise<Output> => {
  const { session, request, script, url = 'http://example.com/' } = input
  // `response` is the only event that has hooks.
  if (isMapping(request) && request.entries.some(([key]) => textOf(key) !== 'response'))
    return failure('InvalidSettings')
  const calls: string[] = []
  const [own, given] = [session, request].map((hooks) => callable(hooks).map(hookOf(calls)))
  const withSession = Session.withHooks(own ?? [])(Session.empty)
  const scripted = Script.open({ session: withSession, environment: Environment.empty, now: meta.now })
  scripted.follow({ answers: script })
  // A request's hooks replace the session's. An empty list does not.
  const configured =
    given === undefined || given.length === 0 ? Request.get(url) : Request.withHooks(given)(Request.get(url))
  const { result } = await Script.attempt(scripted, Jar.empty)(configured)
  if (E.isLeft(result)) return failureOf(result.left)
  return {
    calls,
    status: result.right.status,
    history: result.right.history.map(({ head }) => head.status),
    requests: scripted.sent.map((plan) => [plan.method, plan.url.href]),
  }
}

const observe = async (subject: Subject<Input>): Promise<Output> => {
  const { input } = subject
  switch (input.kind) {
    case 'setting':
      return mergeSetting(input)
    case 'hooks':
      return mergeHooks(input)
    case 'hooks_run':
      return runHooks({ ...subject, input })
  }
}

export const family: Family<Input, Output> = {
  name: 'merge',
  input: reading(Input, (input) => input),
  output: readingOrFailure(t.union([Result, Run]), (output): Output => output),
  observe,
  rules: [],
  excuses: [],
}

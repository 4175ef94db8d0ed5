/**
 * An explanation as data and as text for a terminal: for each field the layer that decided it, the details, and what that overrode.
 *
 * | layer         | meaning                                                                      |
 * |---------------|------------------------------------------------------------------------------|
 * | `defaults`    | `Session.defaults`, or the built-in value if no layer sets one               |
 * | `environment` | proxy variables, CA variables, netrc                                         |
 * | `session`     | the session's settings                                                       |
 * | `request`     | the request: its method, URL, body, settings                                 |
 * | `jar`         | the cookie jar                                                               |
 * | `prepare`, `redirect`, `challenge` | the stage that computed it                              |
 * | `hand`        | not known, because the plan was built or edited by hand                      |
 *
 * A default is recognised by identity, so a session that sets an equal value itself does not count as a default.
 */
import * as Layout from '../Layout.js'
import * as Paint from '../Paint.js'
import { type Label, label as labelOf } from './FieldLabel.js'
import type { PlanField } from './PlanField.js'

/** Where a part of a plan comes from. */
export type Layer =
  | 'defaults'
  | 'environment'
  | 'session'
  | 'request'
  | 'jar'
  | 'prepare'
  | 'redirect'
  | 'challenge'
  | 'hand'

/** A value that another layer overrode. Values are redacted. */
export interface Overridden {
  /** The layer that has the value. */
  readonly layer: Layer
  /** Redacted. */
  readonly value: string
}

/** The layer that decided a value. */
export interface Origin {
  /** The layer that decided. */
  readonly layer: Layer
  /** The details, as text; empty if the layer is enough. */
  readonly how: string
  /** What other layers had. */
  readonly overrode: ReadonlyArray<Overridden>
}

/** A field of a plan and where it came from. */
export interface FieldOrigin<F extends PlanField = PlanField> extends Origin {
  /** The field, with its content. */
  readonly part: F
}

/** A setting and where it came from. */
export interface Decided extends Origin {
  /** The name of the setting, for people. */
  readonly name: string
  /** Redacted. */
  readonly value: string
}

/** An input that was available and is not in the plan. */
export interface Dropped {
  /** A name such as `header X-A` or `netrc entry for example.com`. */
  readonly what: string
  /** The layer that has the input. */
  readonly layer: Layer
  /** Redacted. */
  readonly value: string
  /** Why it is not in the plan. */
  readonly why: string
}

/** Credentials that the plan does not have yet. They are added when it is sent. */
export interface Later {
  /** A name such as `token of 'api'`. */
  readonly what: string
  /** The layer that has the scheme. */
  readonly layer: Layer
  /** How they are made. */
  readonly how: string
}

/** An input that was not read. */
export interface Unasked {
  /** The name of the input, such as `netrc`. */
  readonly input: string
  /** What made it unnecessary, or forbids it. */
  readonly why: string
}

/** An input that was searched for credentials, and what was found. */
export interface Consulted {
  /** `netrc`, followed by the path of the file if it is known. */
  readonly input: string
  /** What was found. */
  readonly result: string
}

/** What a plan contains, and which input each part comes from. Never shows a secret. */
export interface Explanation {
  /** The plan in one line. */
  readonly plan: string
  /** One for each field of the plan. */
  readonly entries: ReadonlyArray<FieldOrigin>
  /** The settings that decide about the exchange without being a field of the plan. */
  readonly settings: ReadonlyArray<Decided>
  /** The inputs that were available and are not in the plan. */
  readonly dropped: ReadonlyArray<Dropped>
  /** The credentials that are added when the plan is sent. */
  readonly later: ReadonlyArray<Later>
  /** The inputs that were not read. */
  readonly unasked: ReadonlyArray<Unasked>
  /** The inputs that were searched for credentials, whether they had any or not. */
  readonly consulted: ReadonlyArray<Consulted>
}

export const from = (layer: Layer, how = '', overrode: ReadonlyArray<Overridden> = []): Origin => ({
  layer,
  how,
  overrode,
})

export const byHand: Origin = from('hand', 'built or edited by hand')

/** The name column is as wide as its longest name, from this width up to two fifths of a line. */
const NAME = 18

const nameWidth = (all: ReadonlyArray<Line>, columns: number): number =>
  all.reduce((most, { name }) => Math.max(most, Math.min(Layout.width(name), Math.floor(columns * 0.4))), NAME)

const LAYER = 11

interface Line extends Pick<Decided, 'name' | 'layer' | 'value'> {
  readonly notes: ReadonlyArray<string>
}

const notes = ({ how, overrode }: Origin): ReadonlyArray<string> => [
  ...(how === '' ? [] : [how]),
  ...overrode.map(({ layer, value }) => `over ${layer}: ${value}`),
]

const nameOf = ({ field, name }: Label): string => {
  if (field === 'header') return name
  if (field === 'query') return `?${name}`
  return name === '' ? field : `${field} ${name}`
}

/** Returns whether the details say only that a default applies. */
const isQuiet = ({ part, layer }: FieldOrigin): boolean =>
  layer === 'defaults' && ['Ca', 'Certificate', 'Verify', 'Limit', 'Timeout', 'Proxy'].includes(part._tag)

const lines = ({ entries, settings }: Explanation): ReadonlyArray<Line> => [
  ...entries.map((entry): Line => {
    const label = labelOf(entry.part)
    const shown = notes(isQuiet(entry) ? { ...entry, how: '' } : entry)
    return { name: nameOf(label), layer: entry.layer, value: label.value, notes: shown }
  }),
  ...settings.map((setting): Line => ({ ...setting, notes: notes(setting) })),
]

/** Prints an explanation in at most `columns` columns, 80 by default. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (explanation: Explanation): string => {
    const all = lines(explanation)
    const names = nameWidth(all, columns)
    const cellsOf = ({ name, layer, value }: Line): ReadonlyArray<Layout.Cell> => [
      { text: name, width: names, paint: paint.name },
      { text: layer, width: LAYER, paint: layer === 'defaults' ? paint.faint : paint.good },
      { text: value },
    ]
    const rows = all.flatMap((line) => [
      ...Layout.row(cellsOf(line), columns),
      ...line.notes.flatMap((note) => Layout.paragraph(note, columns, names + LAYER + 6, paint.faint)),
    ])
    const dropped = explanation.dropped.flatMap(({ what, layer, value, why }) => [
      ...Layout.paragraph(`${what} (${layer}): ${value}`, columns, 2, paint.warning),
      ...Layout.paragraph(why, columns, 6, paint.faint),
    ])
    const later = explanation.later.flatMap(({ what, layer, how }) => [
      ...Layout.paragraph(`${what} (${layer})`, columns, 2),
      ...Layout.paragraph(how, columns, 6, paint.faint),
    ])
    const unasked = explanation.unasked.flatMap(({ input, why }) => Layout.paragraph(`${input}: ${why}`, columns, 2))
    const consulted = explanation.consulted.flatMap(({ input, result }) =>
      Layout.paragraph(`${input}: ${result}`, columns, 2),
    )
    const section = (title: string, body: ReadonlyArray<string>): ReadonlyArray<string> =>
      body.length === 0 ? [] : ['', paint.strong(title), ...body]
    return [
      ...Layout.wrap(explanation.plan, columns).map(paint.strong),
      ...rows,
      ...section('Added when it is sent', later),
      ...section('Dropped', dropped),
      ...section('Consulted', consulted),
      ...section('Not consulted', unasked),
    ].join('\n')
  }

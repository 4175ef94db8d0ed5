/**
 * Prints an explanation for a terminal: name, layer and value in columns, and details below them.
 */

import * as Layout from '../Layout.js'
import * as Paint from '../Paint.js'
import type { Explanation } from './Explanation.js'
import { type Label, label as labelOf } from './FieldLabel.js'
import type { Layer, Overridden } from './Origin.js'

const NAME = 18
const LAYER = 11

interface Line {
  readonly name: string
  readonly layer: Layer
  readonly value: string
  readonly notes: ReadonlyArray<string>
}

const over = (overrode: ReadonlyArray<Overridden>): ReadonlyArray<string> =>
  overrode.map(({ layer, value }) => `over ${layer}: ${value}`)

const notes = (how: string, overrode: ReadonlyArray<Overridden>): ReadonlyArray<string> => [
  ...(how === '' ? [] : [how]),
  ...over(overrode),
]

const nameOf = ({ field, name }: Label): string => {
  switch (field) {
    case 'header':
      return name
    case 'query':
      return `?${name}`
    default:
      return name === '' ? field : `${field} ${name}`
  }
}

const isQuiet = ({ part, layer, how }: Explanation['entries'][number]): boolean =>
  layer === 'defaults' && how !== '' && ['Ca', 'Certificate', 'Verify', 'Limit', 'Timeout', 'Proxy'].includes(part._tag)

const lines = ({ entries, settings }: Explanation): ReadonlyArray<Line> => [
  ...entries.map((entry): Line => {
    const label = labelOf(entry.part)
    const shown = isQuiet(entry) ? over(entry.overrode) : notes(entry.how, entry.overrode)
    return { name: nameOf(label), layer: entry.layer, value: label.value, notes: shown }
  }),
  ...settings.map(
    ({ name, layer, value, how, overrode }): Line => ({ name, layer, value, notes: notes(how, overrode) }),
  ),
]

/** Prints an explanation in at most `columns` columns, 100 by default. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (explanation: Explanation): string => {
    const plain = (text: string): string => text
    const colour = (layer: Layer): ((text: string) => string) => (layer === 'defaults' ? paint.faint : paint.good)
    const rows = lines(explanation).flatMap(({ name, layer, value, notes }) => [
      ...Layout.row(
        [
          { text: name, width: NAME, paint: paint.name },
          { text: layer, width: LAYER, paint: colour(layer) },
          { text: value, paint: plain },
        ],
        columns,
      ),
      ...notes.flatMap((note) => Layout.paragraph(note, columns, NAME + LAYER + 6, paint.faint)),
    ])
    const dropped = explanation.dropped.flatMap(({ what, layer, value, why }) => [
      ...Layout.paragraph(`${what} (${layer}): ${value}`, columns, 2, paint.warning),
      ...Layout.paragraph(why, columns, 6, paint.faint),
    ])
    const unasked = explanation.unasked.flatMap(({ input, why }) => Layout.paragraph(`${input}: ${why}`, columns, 2))
    const section = (title: string, body: ReadonlyArray<string>): ReadonlyArray<string> =>
      body.length === 0 ? [] : ['', paint.strong(title), ...body]
    return [
      ...Layout.wrap(explanation.plan, columns).map(paint.strong),
      ...rows,
      ...section('Dropped', dropped),
      ...section('Not consulted', unasked),
    ].join('\n')
  }

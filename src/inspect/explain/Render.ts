/**
 * An explanation for a terminal: a name, a layer and a value in columns; under each what there is to say of it.
 */
import * as Layout from '../Layout.js'
import * as Paint from '../Paint.js'
import type { Explanation } from './Explanation.js'
import * as Part from './Part.js'
import type { Layer, Said } from './Source.js'

const NAME = 18
const LAYER = 11

interface Line {
  readonly name: string
  readonly layer: Layer
  readonly value: string
  readonly notes: ReadonlyArray<string>
}

const over = (overrode: ReadonlyArray<Said>): ReadonlyArray<string> =>
  overrode.map(({ layer, value }) => `over ${layer}: ${value}`)

const notes = (how: string, overrode: ReadonlyArray<Said>): ReadonlyArray<string> => [
  ...(how === '' ? [] : [how]),
  ...over(overrode),
]

const nameOf = ({ field, name }: Part.Label): string => {
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
    const label = Part.label(entry.part)
    const said = isQuiet(entry) ? over(entry.overrode) : notes(entry.how, entry.overrode)
    return { name: nameOf(label), layer: entry.layer, value: label.value, notes: said }
  }),
  ...settings.map(
    ({ name, layer, value, how, overrode }): Line => ({ name, layer, value, notes: notes(how, overrode) }),
  ),
]

/** The explanation as lines of at most so many columns. */
export const render =
  ({ paint = Paint.plain, columns = Layout.COLUMNS }: Paint.Look = {}) =>
  (explanation: Explanation): string => {
    const plain = (text: string): string => text
    const colour = (layer: Layer): ((text: string) => string) => (layer === 'defaults' ? paint.faint : paint.good)
    const said = lines(explanation).flatMap(({ name, layer, value, notes }) => [
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
      ...said,
      ...section('Dropped', dropped),
      ...section('Not consulted', unasked),
    ].join('\n')
  }

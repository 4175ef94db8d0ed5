/** Sets parameters in the query of a URL: as they are sent, and as they are shown. */
import { decodeComponent, encodeText } from './PercentEncoding.js'
import * as Secret from './Secret.js'
import { replaceQuery, sentSearch, type Url } from './UrlRecord.js'

/** A parameter. The value of a secret is sent and not shown. */
export type Parameter = readonly [name: string, value: string | Secret.Secret]

const nameOf = (piece: string): string => {
  const name = (piece.split('=', 1)[0] ?? '').replaceAll('+', ' ')
  return decodeComponent(name) ?? name
}

const piecesOf = (search: string): ReadonlyArray<string> => (search.length < 2 ? [] : search.slice(1).split('&'))

/** Appends parameters, and removes those of the same names from the query before them. All are percent-encoded. */
export const withParameters =
  (parameters: ReadonlyArray<Parameter>) =>
  (url: Url): Url => {
    const names = new Set(parameters.map(([name]) => name))
    const [sent, shown] = [piecesOf(sentSearch(url)), piecesOf(url.search)]
    const kept = sent.flatMap((piece, i) => (names.has(nameOf(piece)) ? [] : [[piece, shown[i] ?? piece] as const]))
    const added = parameters.map(([name, value]) => {
      const start = `${encodeText(name)}=`
      const piece = start + encodeText(Secret.reveal(value))
      return [piece, Secret.is(value) ? start + Secret.REDACTED : piece] as const
    })
    const all = [...kept, ...added]
    return replaceQuery(all.map(([piece]) => piece).join('&'), all.map(([, piece]) => piece).join('&'))(url)
  }

/** Sets a parameter in the text of a URL or of a reference: replaces those of its name, and stands last in the query. */
export const withParameterInText =
  (name: string, value: string) =>
  (url: string): string => {
    const [address = '', ...fragment] = url.split('#')
    const [path = '', ...query] = address.split('?')
    const pieces = piecesOf(query.length === 0 ? '' : `?${query.join('?')}`).filter((piece) => nameOf(piece) !== name)
    const end = fragment.length === 0 ? '' : `#${fragment.join('#')}`
    return `${path}?${[...pieces, `${encodeText(name)}=${encodeText(value)}`].join('&')}${end}`
  }

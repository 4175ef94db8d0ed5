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

/** A parameter of a query, decoded. */
export interface Decoded {
  readonly name: string
  /** `undefined` if it cannot be decoded and encoded again, or if the piece has a name only. */
  readonly value: string | undefined
  /** Whether the URL hides the value. */
  readonly isHidden: boolean
}

const decodedValue = (piece: string): string | undefined => {
  const equals = piece.indexOf('=')
  return equals < 0 ? undefined : decodeComponent(piece.slice(equals + 1).replaceAll('+', ' '))
}

/** Returns the parameters of a query, as they are sent. The name of a hidden one is hidden if it has a secret. */
export const parametersOf = (url: Url): ReadonlyArray<Decoded> => {
  const shown = piecesOf(url.search)
  return piecesOf(sentSearch(url)).map((piece, i) => {
    const name = nameOf(piece)
    const isHidden = (shown[i] ?? piece) !== piece
    const isNameShown = name === nameOf(shown[i] ?? piece)
    return { name, value: isNameShown ? decodedValue(piece) : undefined, isHidden }
  })
}

/** Removes the parameters of these names. */
export const withoutParametersOf =
  (names: ReadonlySet<string>) =>
  (url: Url): Url => {
    const [sent, shown] = [piecesOf(sentSearch(url)), piecesOf(url.search)]
    const kept = sent.flatMap((piece, i) => (names.has(nameOf(piece)) ? [] : [[piece, shown[i] ?? piece] as const]))
    return replaceQuery(kept.map(([piece]) => piece).join('&'), kept.map(([, piece]) => piece).join('&'))(url)
  }

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

/** Removes the parameters of a name from the text of a query, without its `?`. */
export const withoutParameterInQuery = (name: string, query: string): string =>
  piecesOf(`?${query}`)
    .filter((piece) => nameOf(piece) !== name)
    .join('&')

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

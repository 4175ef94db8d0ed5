/** The errors of a list that comes in pages. */
import * as Printable from '../values/Printable.js'
import * as Url from '../values/Url.js'
import type { Response } from '../wire/Reply.js'

/**
 * The next page of a list is one that was read already: the list would never end, or is incomplete.
 *
 * @since 0.2.0
 * @category errors
 */
export interface RepeatedPage {
  readonly _tag: 'RepeatedPage'
  /** The URL of the repeated page, without its query. */
  readonly url: string
  /** The number of pages that were read. */
  readonly pages: number
  /** The page that names the repeated one. */
  readonly response: Response
  /** The URL and the number of pages. */
  readonly message: string
}

/**
 * A list has more pages than the limit allows.
 *
 * @since 0.2.0
 * @category errors
 */
export interface TooManyPages {
  readonly _tag: 'TooManyPages'
  /** The number of pages that were read. */
  readonly limit: number
  /** The last page that was read. */
  readonly response: Response
  /** The URL of the last page and the limit. */
  readonly message: string
}

const withoutQuery = (url: string): string => Url.masked(url.replace(/[?#][\s\S]*$/, ''))

/** Returns the error of a page that was read before. */
export const repeatedPage = (response: Response, url: string, pages: number): RepeatedPage => {
  const shown = withoutQuery(url)
  const message = `The next page of the list is one of the ${Printable.grouped(pages)} that were read: ${shown}`
  return { _tag: 'RepeatedPage', url: shown, pages, response, message: Printable.escapeControls(message) }
}

/** Returns the error of a list that goes on after the last page that may be read. */
export const tooManyPages = (response: Response, limit: number): TooManyPages => {
  const count = Printable.grouped(limit)
  const message = `The list goes on after ${count} pages, at ${withoutQuery(response.url)}; raise the limit, or stop reading`
  return { _tag: 'TooManyPages', limit, response, message: Printable.escapeControls(message) }
}

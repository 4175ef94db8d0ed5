/** Finds the links of a response that describe the response itself (RFC 8288 3.2). */
import * as E from 'fp-ts/lib/Either.js'
import * as Headers from '../values/Headers.js'
import * as Link from '../values/Link.js'
import * as PercentEncoding from '../values/PercentEncoding.js'
import * as Url from '../values/Url.js'
import type { Response } from './Reply.js'

/** Returns the links of the Link header (RFC 8288). */
export const links = ({ headers }: Response): ReadonlyArray<Link.Link> => {
  const header = Headers.combined(headers, 'Link')
  return header === undefined ? [] : Link.parse(header)
}

/** Returns whether a link describes this response: without an anchor, or with its own URL (RFC 8288 3.2). */
const isOwnLink =
  ({ plan }: Response) =>
  (link: Link.Link): boolean => {
    const anchor = Link.parameter('anchor')(link)
    if (anchor === undefined) return true
    const resolved = Url.resolve(plan.url)(PercentEncoding.decodeReference(anchor))
    return E.isRight(resolved) && Url.Eq.equals(Url.withHash('')(resolved.right.url), Url.withHash('')(plan.url))
  }

/** A link as it is written, and the URL that it leads to. */
export interface OwnLink {
  readonly target: string
  readonly resolved: E.Either<Url.UrlError, Url.Located>
}

/** Returns the first link of a relation; `undefined` if the response does not have it. */
export const ownLink = (rel: string, response: Response): OwnLink | undefined => {
  const isOwn = isOwnLink(response)
  const found = links(response).find((link) => link.rels.includes(rel.toLowerCase()) && isOwn(link))
  if (found === undefined) return undefined
  const target = PercentEncoding.stripBlanks(found.target)
  return { target, resolved: Url.resolve(response.plan.url)(target) }
}

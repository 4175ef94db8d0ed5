/**
 * Describes the body of a plan, and tells whether the request gave it.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Body from '../../values/Body.js'
import * as Headers from '../../values/Headers.js'
import * as Secret from '../../values/Secret.js'
import { customScheme, type Ground } from './Ground.js'

const MEDIA: Readonly<Record<Body.Body['_tag'], string>> = {
  Empty: 'no body',
  Bytes: 'the bytes given',
  Text: 'the text given',
  Json: 'a JSON body',
  Form: 'a form',
  Multipart: 'a multipart body',
  Stream: 'a stream',
  Once: 'a stream that can be read once',
}

/** In words what the request's body is. */
export const bodyInWords = ({ merged }: Ground): string => MEDIA[merged.request.body._tag]

/** Returns a Content-Type with the boundary of a multipart body, which its first line repeats; else that of the header. */
const typeOf = ({ plan, given }: Ground): string => {
  const { body } = plan
  if (given.request.body._tag === 'Multipart' && body._tag === 'Bytes') {
    const start = Buffer.from(Secret.open(body.bytes).subarray(0, 200)).toString('latin1')
    const boundary = /^--([^\r\n]+)\r\n/.exec(start)?.[1]
    if (boundary !== undefined) return `multipart/form-data; boundary="${boundary}"`
  }
  return Secret.reveal(Headers.find(plan.headers, 'Content-Type') ?? '')
}

/** Whether the body is the one that the request gives. A custom scheme may have written another one. */
export const isPlannedBody = (ground: Ground): boolean => {
  const { plan, given } = ground
  const { body } = plan
  const made = Body.encode(given.request.body, { contentType: typeOf(ground) })
  if (E.isLeft(made)) return false
  const { payload } = made.right
  if (payload._tag === 'Bytes') {
    const content = Secret.open(payload.bytes)
    if (body._tag === 'Empty') return content.length === 0
    return body._tag === 'Bytes' && Buffer.compare(content, Secret.open(body.bytes)) === 0
  }
  if (payload._tag === 'Stream' && body._tag === 'Stream') {
    return given.request.body._tag === 'Multipart' || payload.open === body.open
  }
  return payload._tag === body._tag
}

/** In words what the body of the plan is. */
export const sentInWords = (ground: Ground): string => {
  const scheme = customScheme(ground)
  return scheme === undefined || isPlannedBody(ground) ? bodyInWords(ground) : `as the scheme '${scheme}' wrote it`
}

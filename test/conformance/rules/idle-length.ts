/**
 * D18: framing of a request without a body (RFC 9110 8.6).
 *
 * | method       | requests                                    | here                |
 * |--------------|---------------------------------------------|---------------------|
 * | POST, PUT, … | `Content-Length: 0`, or what the user wrote | `Content-Length: 0` |
 * | GET, HEAD    | none, or what the user wrote                | none                |
 * | any other    | `Content-Length: 0`, or what the user wrote | none                |
 *
 * requests also sends a Transfer-Encoding that the user wrote. This library sends none without a body.
 */
import { isNamed, type Pairs } from './fields.js'

const EXPECT_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

const isLength = isNamed('content-length')
const isCoding = isNamed('transfer-encoding')

/** Converts the framing headers of Python to ours. */
export const withoutIdleFraming = (method: string, body: string | null, headers: Pairs): Pairs => {
  if (body !== null) return headers
  if (!EXPECT_CONTENT.has(method)) return headers.filter((pair) => !isLength(pair) && !isCoding(pair))
  return headers.flatMap((pair): Pairs => {
    if (isCoding(pair)) return []
    return isLength(pair) ? [['Content-Length', '0']] : [pair]
  })
}

/** Arbitrary requests, with every octet where it is allowed. */
import fc from 'fast-check'
import { Request, Session } from '../../src/index.js'

const octet = fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n))
const anyText = fc.string({
  unit: fc.oneof(octet, fc.constantFrom('\\', "'", '"', '\n', '%', '漢', '😀')),
  maxLength: 12,
})
const headerText = anyText.map((made) => made.replace(/[^\x20-\x7e\x80-\xff]/g, '').trimStart())
const change: fc.Arbitrary<(request: Request.Request) => Request.Request> = fc.oneof(
  anyText.map((made) => Request.withQuery({ [made]: made })),
  fc
    .tuple(fc.constantFrom('X-A', 'accept', 'User-Agent', 'Content-Type'), headerText)
    .map(([name, value]) => Request.withHeader(name, value)),
  headerText.map((value) => Request.withSecretHeader('X-S', value)),
  fc.constantFrom('Accept', 'User-Agent').map((name) => Request.withoutHeader(name)),
  fc.tuple(anyText, anyText).map(([user, pass]) => Request.withBasicAuth(user, pass)),
  anyText.map((made) => Request.withJson({ [made]: [made] })),
  anyText.map((made) => Request.withForm({ a: made })),
  anyText.map(Request.withText),
  fc.uint8Array({ maxLength: 40 }).map((made) => Request.withBytes(made)),
  fc.tuple(anyText, anyText).map(([name, content]) => Request.withMultipart([{ name, content, filename: name }])),
)
/** A method, a path segment, changes to a request, and a session. */
export const spec = fc.tuple(
  fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'X-Y'),
  anyText.map((made) => made.replace(/[?#/\\]/g, '')),
  fc.array(change, { maxLength: 5 }),
  fc.constantFrom(Session.empty, Session.defaults),
)

/**
 * D18: requests writes `Content-Length: 0` for every method but GET and HEAD; here only for those that expect content
 * (RFC 9110 8.6).
 */

const EXPECT_CONTENT: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH'])

/** Whether requests puts a length of 0 of its own where we put none. `own` is what the user gave. */
export const hasIdleLength = (method: string, body: string | null, own: string | undefined): boolean =>
  body === null && own === undefined && !EXPECT_CONTENT.has(method)

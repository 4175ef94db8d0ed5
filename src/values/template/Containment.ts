/**
 * Checks that no value of a URL template leaves its place, as WHATWG and RFC 3986 parsers read the URL:
 *
 * | a value must not                                        | example                                                   |
 * |---------------------------------------------------------|-----------------------------------------------------------|
 * | make a segment `.` or `..`, also as `%2e` or before a `;` | `/users/{id}` with `..`; `/users/{id};v=1`, for servers that remove parameters |
 * | leave a segment empty                                   | `/{a}/x` with an empty text would be `//x`, another host  |
 * | end the path or the query (`?`, `#` in `{+a}`)          | `/files/{+path}/meta` with `x?`                           |
 * | begin a scheme or an authority                          | `{type}:{id}`, `/{+path}` with `/evil.test`               |
 * | extend a host                                           | `https://h.test{a}` with `.evil.test`                     |
 *
 * A template that begins with `{+base}`, one text without `*`, takes scheme, host and query from it. The host must begin and
 * end in it. All other
 * values are percent-encoded before, so `/`, `\`, `?`, `#` and controls in them have no meaning.
 */
import type { Operator } from './TemplateSyntax.js'

/** A part of an expanded template. */
export interface Piece {
  readonly text: string
  /** Absent: literal text. */
  readonly operator?: Operator
  /** Whether it is the text of one variable, without `*`. */
  readonly isText?: boolean
}

interface Span extends Piece {
  readonly start: number
  readonly end: number
}

/** A problem, and the index of the piece that causes it. */
export type Problem = readonly [piece: number, problem: string]

const spansOf = (pieces: ReadonlyArray<Piece>): ReadonlyArray<Span> => {
  let start = 0
  return pieces.map((piece) => {
    const span = { ...piece, start, end: start + piece.text.length }
    start = span.end
    return span
  })
}

const isExpression = ({ operator }: Piece): boolean => operator !== undefined

/** Whether an expression that must not be empty has no text. */
const isEmptied = ({ text, operator }: Span): boolean => text === '' && (operator === '' || operator === '+')

/** A template that begins with `{+a}` takes scheme, host and query from this text. A second value could extend its host. */
const isBase = ({ operator, isText }: Piece, index: number): boolean =>
  index === 0 && operator === '+' && isText === true

const ownerOf = (spans: ReadonlyArray<Span>, at: number): number =>
  spans.findIndex(({ start, end }) => start <= at && at < end)

// --- path, query and fragment ----------------------------------------------------------------------------------------

const endProblem = (spans: ReadonlyArray<Span>): Problem | undefined => {
  let part: 'path' | 'query' | 'fragment' = 'path'
  for (const [i, span] of spans.entries()) {
    if (span.operator === '+' && !isBase(span, i)) {
      if (part === 'path' && /[?#]/.test(span.text)) return [i, 'it has a ? or #, which would end the path']
      if (part === 'query' && span.text.includes('#')) return [i, 'it has a #, which would end the query']
    }
    if (span.text.includes('#')) part = 'fragment'
    else if (part === 'path' && span.text.includes('?')) part = 'query'
  }
  return undefined
}

// --- scheme --------------------------------------------------------------------------------------------------------

const SCHEME = /^[A-Za-z][A-Za-z\d+.-]*:/

const AS_SCHEME = 'the start would be read as a scheme; write ./ before it'

/** A value before `://` must make a scheme. Otherwise the URL would be a relative path. */
const notScheme = (spans: ReadonlyArray<Span>, text: string): Problem | undefined => {
  const [before] = /^[^/?#]*(?=:\/\/)/.exec(text) ?? []
  const first = before === undefined ? -1 : spans.findIndex(isExpression)
  const span = spans[first]
  if (before === undefined || span === undefined || span.start > before.length || isBase(span, first)) return undefined
  return [first, 'it must be a scheme, such as https']
}

const schemeProblem = (spans: ReadonlyArray<Span>, text: string, length: number): Problem | undefined => {
  const [start] = spans
  if (start?.operator === '' && start.text === '') return [0, 'the URL would begin after it']
  if (length === 0) return notScheme(spans, text)
  const owner = ownerOf(spans, length - 1)
  const span = spans[owner]
  if (span === undefined) return undefined
  const isOfBase = isBase(span, owner)
  if (isExpression(span) && !isOfBase) return [owner, AS_SCHEME]
  const isChosen = owner > 0
  if (isChosen && !(text.startsWith('://', length - 1) && span.end >= length + 2)) return [0, AS_SCHEME]
  const isSpecial = /^(?:https?|wss?|ftp|file):/i.test(text)
  if (!isSpecial || /^\/\/[^/]/.test(text.slice(length, length + 3))) return undefined
  if (isOfBase) return [owner, 'a host must follow the scheme']
  const next = text.startsWith('//', length) ? ownerOf(spans, length + 2) : owner
  return [isExpression(spans[next] ?? span) ? next : owner, 'a host must follow the scheme']
}

// --- host ----------------------------------------------------------------------------------------------------------

const AS_HOST = 'the start would be read as a host'

/** The values at the end of an authority must not extend a label that the template has written. */
const tailProblem = (spans: ReadonlyArray<Span>, text: string, end: number): Problem | undefined => {
  let first = spans.findIndex((span) => span.start < end && end <= span.end)
  const last = first
  if (!isExpression(spans[first] ?? { text: '' })) return undefined
  while (isExpression(spans[first - 1] ?? { text: '' })) first -= 1
  const run = spans[first]
  if (run === undefined || run.operator === '.' || run.start === 0) return undefined
  return '/.:@'.includes(text.charAt(run.start - 1)) ? undefined : [last, 'it would extend the host']
}

/** Returns the index of the expression between two slashes, or that of the last slash if the template wrote both. */
const separatorOf = (spans: ReadonlyArray<Span>, first: number, last: number): number => {
  const between = spans.findIndex((span, i) => first <= i && i <= last && isExpression(span))
  return between < 0 ? last : between
}

/** Whether a value in an authority could mean something else there. A value that only follows it may begin with a slash. */
const isUnfit = (span: Span, text: string, start: number, end: number): boolean => {
  if (isEmptied(span)) return true
  const inside = text.slice(Math.max(span.start, start), Math.min(span.end, end))
  return inside !== '' && !/^[\w.~-]*$/.test(span.operator === '+' ? span.text : inside)
}

const authorityProblem = (
  spans: ReadonlyArray<Span>,
  text: string,
  start: number,
  end: number,
): Problem | undefined => {
  // A value before the slashes, at the start or after the scheme, that is empty: with another one they would be of the path.
  const before = spans.findIndex((span) => isExpression(span) && span.start === span.end && span.end === start - 2)
  if (before >= 0) return [before, AS_HOST]
  const [owner, other] = [ownerOf(spans, start - 2), ownerOf(spans, start - 1)]
  const slashes = spans[owner]
  if (slashes === undefined || owner !== other) return [separatorOf(spans, owner, other), AS_HOST]
  if (isBase(slashes, owner)) return end <= slashes.end ? undefined : [owner, 'a / must follow its host']
  if (isExpression(slashes)) return [owner, AS_HOST]
  for (const [i, span] of spans.entries()) {
    if (!isExpression(span) || span.start > end || span.end < start) continue
    if (isUnfit(span, text, start, end)) return [i, 'only letters, digits, ".", "-", "_" and "~" may be in a host']
    if (start === end) return [i, AS_HOST]
  }
  return tailProblem(spans, text, end)
}

// --- path segments -------------------------------------------------------------------------------------------------

/** Some servers remove path parameters, and read `..;v=1` as `..`. */
const DOTS = /^(?:\.|%2[eE]){1,2}(?=;|$)/

/**
 * Whether a value belongs to a segment: it has a part of it, would have one if it were not empty, or has the slash that
 * begins or ends it.
 */
const isPartOf = (span: Span, start: number, end: number): boolean => {
  if (!isExpression(span) || span.start > end || span.end < start) return false
  if (isEmptied(span) || (span.start < end && span.end > start)) return true
  if (span.end === start) return span.text.endsWith('/')
  return span.operator === '+' && span.text.startsWith('/')
}

/** Whether a segment that is empty is the fault of a value that touches it. */
const emptiedBy = (span: Span, at: number, pathStart: number): boolean => {
  if (!isExpression(span) || span.start > at || span.end < at) return false
  if (isEmptied(span)) return span.operator === '' || span.start > 0
  return at > pathStart && (span.operator === '' || span.operator === '/' || span.operator === '.')
}

const segmentProblem = (spans: ReadonlyArray<Span>, text: string, from: number, to: number): Problem | undefined => {
  let first = 0
  for (let start = from; start <= to; ) {
    const slash = text.indexOf('/', start)
    const end = slash < 0 || slash > to ? to : slash
    while (first < spans.length - 1 && (spans[first]?.end ?? 0) < start) first += 1
    const segment = text.slice(start, end)
    const [dots] = DOTS.exec(segment) ?? []
    for (let i = first; i < spans.length; i += 1) {
      const span = spans[i]
      if (span === undefined || span.start > end) break
      if (dots !== undefined && isPartOf(span, start, start + dots.length))
        return [i, 'the path segment would be . or .., which leads to another path']
      if (segment === '' && emptiedBy(span, start, from)) return [i, 'the path segment would be empty']
    }
    start = end + 1
  }
  return undefined
}

/** Returns the first problem of an expanded template. Takes linear time. */
export const problemOf = (pieces: ReadonlyArray<Piece>): Problem | undefined => {
  const spans = spansOf(pieces)
  const text = pieces.map((piece) => piece.text).join('')
  const query = text.search(/[?#]/)
  const end = query < 0 ? text.length : query
  const [scheme = ''] = SCHEME.exec(text.slice(0, end)) ?? []
  const hasAuthority = text.startsWith('//', scheme.length)
  const slash = hasAuthority ? text.indexOf('/', scheme.length + 2) : -1
  const authorityEnd = slash < 0 || slash > end ? end : slash
  return (
    endProblem(spans) ??
    schemeProblem(spans, text, scheme.length) ??
    (hasAuthority ? authorityProblem(spans, text, scheme.length + 2, authorityEnd) : undefined) ??
    segmentProblem(spans, text, hasAuthority ? authorityEnd : scheme.length, end)
  )
}

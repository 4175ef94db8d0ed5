/** Redacts plans and header fields for a tape. The table in `Tape.ts` lists what is hidden. */
import * as O from 'fp-ts/lib/Option.js'
import * as Body from '../values/Body.js'
import type * as Headers from '../values/Headers.js'
import * as Redaction from '../values/Redaction.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'
import type { Asked, Pairs } from './TapeEntry.js'

/** The text that replaces a secret. */
export const REDACTED = 'redacted'

// A jar rejects a cookie because of its size or its control characters. The replayed cookie must be rejected too.
const redactedValue = (value: string): string => {
  if (value === '') return ''
  const controls = value.replace(/[^\0-\x08\x0a-\x1f\x7f]/g, '')
  return value.length < 2000 ? REDACTED + controls : (REDACTED + controls).padEnd(value.length, '.')
}

/** Redacts the value of a Set-Cookie line. Without a `=`, the whole name-value pair may be a value, and is redacted. */
const redactedCookie = (line: string): string => {
  const end = line.indexOf(';')
  const [pair, attributes] = end < 0 ? [line, ''] : [line.slice(0, end), line.slice(end)]
  const equals = pair.indexOf('=')
  return equals < 0
    ? redactedValue(pair.trim()) + attributes
    : pair.slice(0, equals + 1) + redactedValue(pair.slice(equals + 1).trim()) + attributes
}

const USERINFO = /^((?:[a-z][a-z\d+.-]*:)?\/\/)([^/?#]*)@/i

const redactedLocation = (location: string): string =>
  location.replace(USERINFO, (_, start: string, info: string) =>
    info.includes(':') ? `${start}${REDACTED}:${REDACTED}@` : `${start}${REDACTED}@`,
  )

/** Hides secrets in the Path attribute. A replay needs the other attributes unchanged. */
const withHiddenPath = (cookie: string, hide: (reference: string) => string): string =>
  cookie.replace(/(;[ \t]*path[ \t]*=)([^;]*)/gi, (_, start: string, path: string) => start + hide(path))

const redactedField = ([name, value]: Headers.Field, hide: (reference: string) => string): Pairs[number] => {
  const key = name.toLowerCase()
  if (key === 'set-cookie') return [name, withHiddenPath(redactedCookie(Secret.reveal(value)), hide)]
  // A Location with userinfo is a Secret as a whole, but a replay needs everything except the userinfo.
  if (key === 'location' || key === 'content-location') return [name, hide(redactedLocation(Secret.reveal(value)))]
  return Secret.is(value) || Redaction.SENSITIVE_IN_REPLY.has(key) ? [name, REDACTED] : [name, value]
}

const NO_SECRETS: ReadonlySet<string> = new Set()

// Percent-encoded, because a header field cannot hold other characters, and a replay must read a Location as it was.
const ENCODED_MARK = encodeURIComponent(Secret.REDACTED)
const encodeMark = Redaction.redact(new Set([Secret.REDACTED]))

/** Returns redacted header fields. `secrets` are the values of `withSecretQuery` that the fields may repeat. */
export const redacted = ({ fields }: Headers.Headers, secrets: ReadonlySet<string> = NO_SECRETS): Pairs => {
  const hide = Redaction.redactReference(secrets, ENCODED_MARK)
  return fields.map((field) => redactedField(field, hide))
}

/** Returns a URL for a tape. A replayed redirect requests the hidden mark itself, which must read as it was recorded. */
const redactedUrl = (url: Url.Url): string => {
  const { href } = Url.withHash('')(url)
  return href.includes('%B9secret') || href.includes('%25') ? encodeMark(href) : href
}

/** Returns the redacted form of a plan, with the content of its body if `content` is given. */
export const asked = (plan: Plan, content: O.Option<Uint8Array> = O.none): Asked => ({
  method: plan.method,
  url: redactedUrl(plan.url),
  headers: redacted(plan.headers),
  body: plan.body._tag === 'Empty' ? O.none : O.some({ length: Body.length(plan.body), content }),
})

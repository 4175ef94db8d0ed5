/**
 * The text that an HTTP message signature signs: one line for each covered component of a request (RFC 9421 2).
 *
 * | component                     | line                                                                             |
 * |-------------------------------|----------------------------------------------------------------------------------|
 * | `@method`                     | `"@method": GET`                                                                 |
 * | `@target-uri`                 | `"@target-uri": https://a.test/b?c=d`, without a fragment                        |
 * | `@authority`                  | `"@authority": a.test`: the Host, in lower case, without the default port        |
 * | `@scheme`                     | `"@scheme": https`                                                               |
 * | `@request-target`             | `"@request-target": /b?c=d`, as the origin server receives it                    |
 * | `@path`, `@query`             | `"@path": /b`, and `"@query": ?c=d`, which is `?` if there is no query           |
 * | `@query-param;name="c"`       | `"@query-param";name="c": d`; name and value are percent-encoded                 |
 * | a field name                  | `"accept": text/html, text/plain`: all its lines, joined by commas               |
 * | a field name with `;bs`       | `"accept";bs: :dGV4dC9odG1s:, :dGV4dC9wbGFpbg==:`: each line in base64           |
 *
 * Not supported are `@status`, which only responses have, and the parameters `sf`, `key`, `req` and `tr`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { identity } from 'fp-ts/lib/function.js'
import * as HeaderSyntax from '../../values/HeaderSyntax.js'
import * as Headers from '../../values/Headers.js'
import * as Octets from '../../values/Octets.js'
import { encodeText } from '../../values/PercentEncoding.js'
import * as Secret from '../../values/Secret.js'
import * as Url from '../../values/Url.js'
import * as UserInput from '../../values/UserInput.js'
import type { Plan } from '../../wire/Plan.js'

/** A component that a signature covers. */
export interface Component {
  /** As it is written in `Signature-Input`, such as `"@query-param";name="id"`. */
  readonly identifier: string
  /** Returns its value in a request. The left says why it has none. */
  readonly read: (plan: Plan) => E.Either<string, string>
}

// --- derived components (RFC 9421 2.2) ------------------------------------------------------------------------------

/** The authority that the server sees: the Host field decides, as in RFC 9110 7.2. */
const authority = ({ headers, url }: Plan): string => {
  const ofUrl = url.port === '' ? url.hostname : `${url.hostname}:${url.port}`
  const host = HeaderSyntax.trimBlanks(Headers.combined(headers, 'Host') ?? ofUrl).toLowerCase()
  const port = `:${Url.defaultPort(url.protocol)}`
  return host.endsWith(port) ? host.slice(0, -port.length) : host
}

const DERIVED: Readonly<Record<string, (plan: Plan) => string>> = {
  '@method': ({ method }) => method,
  '@target-uri': (plan) => `${plan.url.protocol}//${authority(plan)}${Url.target(plan.url)}`,
  '@authority': authority,
  '@scheme': ({ url }) => url.protocol.slice(0, -1),
  '@request-target': ({ url }) => Url.target(url),
  '@path': ({ url }) => Url.sentPathname(url),
  '@query': ({ url }) => Url.sentSearch(url) || '?',
}

/** Percent-encodes a decoded name or value with the set of `application/x-www-form-urlencoded`. A space is `%20`. */
const encodeParameter = (text: string): string =>
  encodeText(text).replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Reads the one query parameter with this encoded name (RFC 9421 2.2.8). */
const queryParameter =
  (name: string): Component['read'] =>
  ({ url }) => {
    const values: string[] = []
    for (const [key, value] of new URLSearchParams(Url.sentSearch(url))) {
      if (encodeParameter(key) === name) values.push(encodeParameter(value))
    }
    const [value] = values
    if (value === undefined) return E.left(`the query has no parameter "${name}"; add it, or do not cover it`)
    if (values.length === 1) return E.right(value)
    return E.left(`the query has the parameter "${name}" ${values.length} times; cover "@query" instead`)
  }

// --- fields (RFC 9421 2.1) ------------------------------------------------------------------------------------------

/** A byte sequence (RFC 9421 2.1.3). */
const wrapped = (line: string): string => `:${Octets.toBase64(Octets.fromLatin1(line))}:`

/** Reads all lines of a field. Each line is changed by `write`. */
const field =
  (name: string, write: (line: string) => string): Component['read'] =>
  ({ headers }) => {
    const lines = Headers.valuesOf(headers, name).map((value) => write(HeaderSyntax.trimBlanks(Secret.reveal(value))))
    if (lines.length > 0) return E.right(lines.join(', '))
    return E.left(`the request has no field "${name}"; set it, or do not cover it`)
  }

// --- identifiers ----------------------------------------------------------------------------------------------------

const refuse = (text: string, problem: string) => E.left(`the component ${JSON.stringify(text)} ${problem}`)

const IN_NO_REQUEST: ReadonlySet<string> = new Set(['@status', '@signature-params', 'signature', 'signature-input'])
/** What `encodeParameter` returns. */
const ENCODED = /^;name="((?:[\w*.-]|%[\dA-F]{2})*)"$/

const parseDerived = (text: string, name: string, parameters: string): E.Either<string, Component> => {
  const identifier = `"${name}"${parameters}`
  if (name === '@query-param') {
    const [, encoded] = ENCODED.exec(parameters) ?? []
    if (encoded !== undefined) return E.right({ identifier, read: queryParameter(encoded) })
    return refuse(text, 'must be written as @query-param;name="id", with a percent-encoded name (RFC 9421 2.2.8)')
  }
  const read = UserInput.get(DERIVED, name)
  if (read === undefined)
    return refuse(text, `is unknown; use a field name, @query-param or ${Object.keys(DERIVED).join(', ')}`)
  if (parameters !== '') return refuse(text, `must be written as ${name}, without parameters`)
  return E.right({ identifier, read: (plan) => E.right(read(plan)) })
}

/** Parses a component as in the table. Field names may be in any case. The left says what is wrong with it. */
export const parse = (text: string): E.Either<string, Component> => {
  const semicolon = text.indexOf(';')
  const name = (semicolon < 0 ? text : text.slice(0, semicolon)).toLowerCase()
  const parameters = semicolon < 0 ? '' : text.slice(semicolon)
  if (IN_NO_REQUEST.has(name)) return refuse(text, 'cannot be covered by the signature of a request')
  if (name.startsWith('@')) return parseDerived(text, name, parameters)
  if (!HeaderSyntax.isToken(name)) return refuse(text, 'is not a field name')
  if (parameters === '') return E.right({ identifier: `"${name}"`, read: field(name, identity) })
  if (parameters === ';bs') return E.right({ identifier: `"${name}";bs`, read: field(name, wrapped) })
  return refuse(text, 'has a parameter that is not supported; a field may only have ";bs"')
}

/** Returns the list of components and the signature parameters, as `Signature-Input` has it (RFC 9421 2.3). */
export const signatureParams = (components: ReadonlyArray<Component>, parameters: string): string =>
  `(${components.map(({ identifier }) => identifier).join(' ')})${parameters}`

/** Returns the signature base of a request (RFC 9421 2.5). It may contain secrets. The left says which component has no value. */
export const build =
  (components: ReadonlyArray<Component>, parameters: string) =>
  (plan: Plan): E.Either<string, string> => {
    const lines: string[] = []
    for (const { identifier, read } of components) {
      const value = read(plan)
      if (E.isLeft(value)) return value
      if (!/^[\t\x20-\x7e]*$/.test(value.right)) {
        return E.left(`the value of ${identifier} is not ASCII; cover a field as "name;bs", or do not cover it`)
      }
      lines.push(`${identifier}: ${value.right}`)
    }
    lines.push(`"@signature-params": ${signatureParams(components, parameters)}`)
    return E.right(lines.join('\n'))
  }

/** The digest of the body (RFC 9530), which is covered by default. */
export const CONTENT_DIGEST: Component = { identifier: '"content-digest"', read: field('content-digest', identity) }

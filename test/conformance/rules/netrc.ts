/**
 * Differences of netrc.
 *
 * | rule | Python                                               | here                                                   |
 * |------|------------------------------------------------------|--------------------------------------------------------|
 * | D19  | looks up the host as it is written                   | looks up the canonical host                            |
 * | D29  | Basic in latin-1                                     | Basic in UTF-8                                         |
 * | D48  | `user@` is not a credential                          | Basic with an empty password                           |
 * | D2   | netrc overrides credentials in the URL               | it does not; a user without a password gets its entry  |
 * | D61  | an error invalidates the file; the last entry counts | an error invalidates its entry; the first entry counts |
 */
import type { Input, Output } from '../families/netrc.js'
import { basic, entryFor, inUtf8, isOddFile, isUnreadable } from '../models/netrc.js'
import { canonicalHost, credentialsIn, isHttpLike, partsOf, unquoted } from '../models/parts.js'
import type { Rule } from '../subject.js'

const textOf = ({ netrc, files }: Input): string => netrc ?? files?.['.netrc'] ?? files?.['_netrc'] ?? ''

/** Returns the output for the model's entry of the host, whatever Python reads in the file. */
const withEntry = ({ input }: { readonly input: Input }, python: Output): Output => {
  const { host, userinfo } = partsOf(input.url)
  const text = textOf(input)
  const name = canonicalHost(host) ?? ''
  const found = entryFor(text, name)
  const auth: Output['auth'] = found === undefined ? null : [found.login, found.password]
  const read = { auth, raise_errors: isUnreadable(text) ? 'NetrcParseError' : null }
  if (userinfo === undefined) return { ...read, authorization: auth === null ? null : basic(...auth) }
  if (credentialsIn(input.url) !== undefined) return { ...read, authorization: python.authorization }
  const own = entryFor(text, name, unquoted(userinfo))
  return { ...read, authorization: own === undefined ? halfOf(input) : basic(own.login, own.password) }
}

const hasHost = ({ input }: { readonly input: Input }): boolean =>
  isHttpLike(input.url) && partsOf(input.url).host !== ''

const CANONICAL_HOST: Rule<Input, Output> = {
  id: 'D19',
  when: (subject) =>
    hasHost(subject) && canonicalHost(partsOf(subject.input.url).host) !== partsOf(subject.input.url).host,
  expect: withEntry,
}

/** Applies only to a file that Python rejects or reads differently. The rules above check all other files. */
const ENTRIES: Rule<Input, Output> = {
  id: 'D61',
  when: (subject) => hasHost(subject) && isOddFile(textOf(subject.input)),
  expect: withEntry,
}

const URL_CREDENTIALS: Rule<Input, Output> = {
  id: 'D2',
  when: ({ input }, { auth }) => isHttpLike(input.url) && partsOf(input.url).userinfo !== undefined && auth !== null,
  expect: ({ input }, python) => {
    const credentials = credentialsIn(input.url)
    if (credentials !== undefined) return { ...python, authorization: basic(...credentials) }
    return python.auth?.[0] === unquoted(partsOf(input.url).userinfo ?? '')
      ? python
      : { ...python, authorization: halfOf(input) }
  },
}

const halfOf = ({ url }: Input): string | null => {
  const user = unquoted(partsOf(url).userinfo ?? '')
  return user === '' ? null : basic(user, '')
}

const HALF: Rule<Input, Output> = {
  id: 'D48',
  when: ({ input }, { authorization, raise_errors }) =>
    raise_errors === null &&
    authorization === null &&
    isHttpLike(input.url) &&
    partsOf(input.url).host !== '' &&
    partsOf(input.url).userinfo?.includes(':') === false,
  expect: ({ input }, python) => ({ ...python, authorization: halfOf(input) }),
}

const UTF8: Rule<Input, Output> = {
  id: 'D29',
  when: (_, { authorization }) => authorization !== null && authorization !== undefined,
  expect: (_, python) => ({ ...python, authorization: inUtf8(python.authorization ?? '') }),
}

export const all: ReadonlyArray<Rule<Input, Output>> = [UTF8, CANONICAL_HOST, URL_CREDENTIALS, HALF, ENTRIES]

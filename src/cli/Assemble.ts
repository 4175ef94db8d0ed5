/**
 * Builds the request that the command line describes, once its files are loaded. Pure.
 *
 * | items                               | body                                                        |
 * |-------------------------------------|-------------------------------------------------------------|
 * | `name=value`, `name:=json`          | a JSON object; each name may occur once                     |
 * | the same with `--form`              | a form; names may repeat, all values are text               |
 * | `name@file`, or `--multipart`       | `multipart/form-data`, in the order of the items            |
 * | `@file`                             | the file's content, without a default Content-Type          |
 *
 * Options and items become settings of the request: they override those of the session, and are not saved with it.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as Request from '../Request.js'
import * as RedirectPolicy from '../session/RedirectPolicy.js'
import * as Session from '../session/Session.js'
import * as Settings from '../session/Settings.js'
import * as Body from '../values/Body.js'
import type * as Multipart from '../values/Multipart.js'
import * as Override from '../values/Override.js'
import * as Printable from '../values/Printable.js'
import type * as Query from '../values/Query.js'
import { type Checked, type Options, type Target, usageError } from './Arguments.js'
import type * as Items from './Items.js'

interface Upload {
  readonly _tag: 'Upload'
  readonly part: Multipart.Part
}
interface WholeBody {
  readonly _tag: 'WholeBody'
  readonly body: Body.Body
}
/** An item whose file, if it names one, is loaded or opened. */
export type LoadedItem = Items.Header | Items.NoHeader | Items.Query | Items.Field | Items.Json | Upload | WholeBody

type Edit = Endomorphism<Request.Request>

// --- body ----------------------------------------------------------------------------------------------------------

type Fields = ReadonlyArray<Items.Field | Items.Json | Upload>

const isField = (item: LoadedItem): item is Fields[number] => ['Field', 'Json', 'Upload'].includes(item._tag)

/** The field's JSON text. Numbers keep their digits: parsing them as doubles would round to about 15 digits. */
const jsonTextOf = ({ name, value }: Items.Json): Checked<string> => {
  const json = Printable.compactJson(value)
  if (E.isRight(json)) return json
  const shown = Printable.escapeControls(name)
  return usageError(
    `Invalid value in the item '${shown}:=…': ${json.left}. For text, write ${shown}=text or '${shown}:="text"'`,
  )
}

const withJsonFields = (fields: Fields): Checked<Edit> => {
  const members = new Map<string, string>()
  for (const field of fields) {
    if (field._tag === 'Upload') return usageError('A file upload (name@file) needs a form: add --form')
    const value = field._tag === 'Json' ? jsonTextOf(field) : E.right(JSON.stringify(field.value))
    if (E.isLeft(value)) return value
    if (members.has(field.name)) {
      const name = Printable.escapeControls(field.name)
      return usageError(`Duplicate field '${name}': a JSON object has each name once. For an array, write ${name}:=[…]`)
    }
    members.set(field.name, value.right)
  }
  const text = `{${Array.from(members, ([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
  return E.right(Request.withBody(Body.jsonText(text, JSON.parse(text))))
}

const withFormFields = (fields: Fields, { multipart }: Options): Checked<Edit> => {
  const parts: Multipart.Part[] = []
  const pairs: Array<readonly [string, string]> = []
  for (const field of fields) {
    if (field._tag === 'Json') {
      const name = Printable.escapeControls(field.name)
      return usageError(`Invalid item '${name}:=…': a form has only text fields. Write ${name}=value`)
    }
    parts.push(field._tag === 'Upload' ? field.part : { name: field.name, content: field.value })
    if (field._tag === 'Field') pairs.push([field.name, field.value])
  }
  // An upload has no pair, so it needs multipart.
  return E.right(multipart || pairs.length < parts.length ? Request.withMultipart(parts) : Request.withForm(pairs))
}

/** The edit that sets the body; `undefined` if no item belongs to the body. */
const withBodyOf = (items: ReadonlyArray<LoadedItem>, options: Options): Checked<Edit | undefined> => {
  const fields = items.filter(isField)
  const [whole, ...others] = items.filter((item) => item._tag === 'WholeBody')
  if (whole !== undefined) {
    return others.length > 0 || fields.length > 0
      ? usageError('@file is the whole body: remove the other fields and files, or write name@file')
      : E.right(Request.withBody(whole.body))
  }
  if (fields.length === 0) return E.right(undefined)
  return options.form || options.multipart ? withFormFields(fields, options) : withJsonFields(fields)
}

// --- headers and query ---------------------------------------------------------------------------------------------

const withHeadersOf = (items: ReadonlyArray<LoadedItem>): Edit => {
  const removals = items.flatMap((item) => (item._tag === 'NoHeader' ? [Request.withoutHeader(item.name)] : []))
  const pairs = items.flatMap((item) => (item._tag === 'Header' ? [[item.name, item.value] as const] : []))
  return (request) => Request.withHeaders(pairs)(removals.reduce((edited, edit) => edit(edited), request))
}

/** Overrides the session's query name by name. A name that repeats keeps all its values. */
const withQueryOf = (items: ReadonlyArray<LoadedItem>): Edit => {
  const keys = new Map<string, ReadonlyArray<string>>()
  for (const item of items) {
    if (item._tag === 'Query') keys.set(item.name, [...(keys.get(item.name) ?? []), item.value])
  }
  if (keys.size === 0) return identity
  const source = new Map(Array.from(keys, ([name, values]) => [name, Override.set<Query.Held>(values)] as const))
  const query = Override.extend<Query.Source>({ _tag: 'Keys', keys: source })
  return Request.withSettings({ ...Settings.empty, query })
}

// --- options -------------------------------------------------------------------------------------------------------

const withAuth = (auth: string): Checked<Edit> => {
  const colon = auth.indexOf(':')
  return colon < 0
    ? usageError('Invalid --auth: it must be user:password (user: for an empty password)')
    : E.right(Request.withBasicAuth(auth.slice(0, colon), auth.slice(colon + 1)))
}

const withTimeout = (text: string): Checked<Edit> => {
  const seconds = Number(text)
  return text.trim() !== '' && Number.isFinite(seconds) && seconds > 0
    ? E.right(Request.withTimeouts({ total: seconds * 1000 }))
    : usageError(
        `Invalid --timeout '${Printable.escapeControls(text)}': it must be a number of seconds above 0, such as 2.5`,
      )
}

/** Returns `--timeout` in milliseconds. The text must be valid. */
export const timeLimit = ({ timeout }: Options): number | undefined =>
  timeout === undefined ? undefined : Number(timeout) * 1000

/**
 * Returns a session whose token requests use the connection that the options describe. The settings of a request, which
 * the options become otherwise, are not those of its token request.
 */
export const withConnection = (options: Options): Endomorphism<Session.Session> => {
  const { proxy, cacert } = options
  const edits: ReadonlyArray<Endomorphism<Session.Session>> = [
    proxy === undefined ? identity : proxy === '' ? Session.withoutProxy : Session.withProxy(proxy),
    options['no-verify'] ? Session.withVerify(false) : identity,
    cacert === undefined ? identity : Session.withCa(cacert),
    options.timeout === undefined ? identity : Session.withTimeouts({ total: timeLimit(options) }),
  ]
  return (session) => edits.reduce((edited, edit) => edit(edited), session)
}

const withCertificate = ({ cert, key }: Options): Checked<Edit> => {
  if (cert !== undefined) return E.right(Request.withClientCertificate({ cert, ...(key === undefined ? {} : { key }) }))
  return key === undefined ? E.right(identity) : usageError('--key needs --cert: add the certificate of this key')
}

const ifSet = <A>(value: A | undefined, edit: (value: A) => Checked<Edit>): Checked<Edit> =>
  value === undefined ? E.right(identity) : edit(value)

const withSettingsOf = (options: Options): Checked<Edit> => {
  const edits = [
    ifSet(options.auth, withAuth),
    ifSet(options.bearer, (token) => E.right(Request.withBearer(token))),
    ifSet(options.follow, () => E.right(Request.withRedirectPolicy(RedirectPolicy.follow))),
    ifSet(options['no-follow'], () => E.right(Request.withoutRedirects)),
    ifSet(options.proxy, (url) => E.right(url === '' ? Request.withoutProxy : Request.withProxy(url))),
    ifSet(options['no-verify'], () => E.right(Request.withVerify(false))),
    ifSet(options.cacert, (path) => E.right(Request.withCa(path))),
    withCertificate(options),
    ifSet(options.timeout, withTimeout),
  ]
  return pipe(
    E.sequenceArray(edits),
    E.map((all) => (request) => all.reduce((edited, edit) => edit(edited), request)),
  )
}

// --- the request ---------------------------------------------------------------------------------------------------

/** A request, and notes on those parts of a curl line that it does not contain. */
export interface Assembled {
  readonly request: Request.Request
  readonly notes: ReadonlyArray<string>
}

const fromUrl = (
  { method, url }: Extract<Target, { readonly _tag: 'Url' }>,
  items: ReadonlyArray<LoadedItem>,
  options: Options,
): Checked<Assembled> =>
  pipe(
    withBodyOf(items, options),
    E.map((withBody) => {
      const verb = method ?? (withBody === undefined ? 'GET' : 'POST')
      // As in requests, HEAD does not follow redirects by default.
      const request = verb === 'HEAD' ? Request.head(url) : Request.make(verb, url)
      return { request: pipe(request, withHeadersOf(items), withQueryOf(items), withBody ?? identity), notes: [] }
    }),
  )

const fromCurlLine = (line: string): Checked<Assembled> => {
  const parsed = Request.fromCurl(line)
  if (E.isLeft(parsed)) return usageError(parsed.left.message)
  const { leftOut, ...request } = parsed.right
  return E.right({ request, notes: leftOut.map(({ option, why }) => `ignoring ${option} of the curl line: ${why}`) })
}

/** Returns the request that the command line describes. */
export const assemble = (target: Target, items: ReadonlyArray<LoadedItem>, options: Options): Checked<Assembled> =>
  pipe(
    withSettingsOf(options),
    E.flatMap((withSettings) =>
      pipe(
        target._tag === 'Curl' ? fromCurlLine(target.line) : fromUrl(target, items, options),
        E.map(({ request, notes }) => ({ request: withSettings(request), notes })),
      ),
    ),
  )

/**
 * A request from what the command line says, once the files that it names are open. Pure.
 *
 * | items                               | body                                                        |
 * |-------------------------------------|-------------------------------------------------------------|
 * | `name=value`, `name:=json`          | a JSON object; a name stands once                           |
 * | the same with `--form`              | a form; a name may stand again, all values are text         |
 * | `name@file`, or `--multipart`       | `multipart/form-data`, in the order of the items            |
 * | `@file`                             | that file as it is; a media type is yours to say             |
 *
 * Options and items are settings of the request: they lie over those of the session, and are not saved with it.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Endomorphism } from 'fp-ts/lib/Endomorphism.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { safe } from '../inspect/Layout.js'
import * as Request from '../Request.js'
import * as RedirectPolicy from '../session/RedirectPolicy.js'
import * as Settings from '../session/Settings.js'
import * as Body from '../values/Body.js'
import * as JsonText from '../values/JsonText.js'
import type * as Multipart from '../values/Multipart.js'
import * as Override from '../values/Override.js'
import type * as Query from '../values/Query.js'
import { type Options, type Target, type UsageError, usageError } from './Arguments.js'
import type * as Items from './Items.js'

/** A file of a form, open. */
export interface Upload {
  readonly _tag: 'Upload'
  readonly part: Multipart.Part
}
/** The whole body. */
export interface Whole {
  readonly _tag: 'Whole'
  readonly body: Body.Body
}
/** An item that needs no file any more. */
export type Ready = Items.Header | Items.NoHeader | Items.Query | Items.Field | Items.Json | Upload | Whole

type Edit = Endomorphism<Request.Request>
type Made<A> = E.Either<UsageError, A>

// --- body ----------------------------------------------------------------------------------------------------------

type Fields = ReadonlyArray<Items.Field | Items.Json | Upload>

const isField = (item: Ready): item is Fields[number] => ['Field', 'Json', 'Upload'].includes(item._tag)

/** The JSON text of a field; numbers stay as they were written, for a double has 15 digits at most. */
const parsed = ({ name, text }: Items.Json): Made<string> => {
  const json = JsonText.compact(text)
  if (E.isRight(json)) return json
  return usageError(
    `'${safe(name)}:=…': ${json.left}. Text stands in quotes ('${safe(name)}:="text"'), or write name=text`,
  )
}

const jsonOf = (fields: Fields): Made<Edit> => {
  const members = new Map<string, string>()
  for (const field of fields) {
    if (field._tag === 'Upload') return usageError('name@file is a part of a form: add --form')
    const value = field._tag === 'Json' ? parsed(field) : E.right(JSON.stringify(field.value))
    if (E.isLeft(value)) return value
    if (members.has(field.name)) {
      return usageError(
        `'${safe(field.name)}' stands twice, and JSON has each name once: write ${safe(field.name)}:=[…]`,
      )
    }
    members.set(field.name, value.right)
  }
  const text = `{${Array.from(members, ([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`
  return E.right(Request.withBody(Body.jsonText(text, JSON.parse(text))))
}

const partsOf = (fields: Fields): Made<ReadonlyArray<Multipart.Part>> => {
  const parts: Multipart.Part[] = []
  for (const field of fields) {
    if (field._tag === 'Json') {
      return usageError(`'${safe(field.name)}:=…' is for JSON, and a form has text alone: write name=value`)
    }
    parts.push(field._tag === 'Upload' ? field.part : { name: field.name, content: field.value })
  }
  return E.right(parts)
}

const formOf = (fields: Fields, { multipart }: Options): Made<Edit> => {
  const parts = partsOf(fields)
  if (E.isLeft(parts)) return parts
  if (multipart || fields.some(({ _tag }) => _tag === 'Upload')) return E.right(Request.withMultipart(parts.right))
  const pairs = fields.flatMap((field): Query.Pairs => (field._tag === 'Field' ? [[field.name, field.value]] : []))
  return E.right(Request.withForm(pairs))
}

/** None where the items say nothing of a body. */
const bodyOf = (items: ReadonlyArray<Ready>, options: Options): Made<O.Option<Edit>> => {
  const fields = items.filter(isField)
  const [whole, ...others] = items.filter((item): item is Whole => item._tag === 'Whole')
  if (whole !== undefined) {
    return others.length > 0 || fields.length > 0
      ? usageError('@file is the whole body: leave out the other fields and files, or write name@file')
      : E.right(O.some(Request.withBody(whole.body)))
  }
  if (fields.length === 0) return E.right(O.none)
  const made = options.form || options.multipart ? formOf(fields, options) : jsonOf(fields)
  return E.isLeft(made) ? made : E.right(O.some(made.right))
}

// --- headers and query ---------------------------------------------------------------------------------------------

const headersOf = (items: ReadonlyArray<Ready>): Edit => {
  const away = items.flatMap((item) => (item._tag === 'NoHeader' ? [Request.withoutHeader(item.name)] : []))
  const pairs = items.flatMap((item) => (item._tag === 'Header' ? [[item.name, item.value] as const] : []))
  return (request) => Request.withHeaders(pairs)(away.reduce((edited, edit) => edit(edited), request))
}

/** Name by name over the session's query; a name that stands again has all its values. */
const queryOf = (items: ReadonlyArray<Ready>): Edit => {
  const keys = new Map<string, ReadonlyArray<string>>()
  for (const item of items) {
    if (item._tag === 'Query') keys.set(item.name, [...(keys.get(item.name) ?? []), item.value])
  }
  if (keys.size === 0) return (same) => same
  const source = new Map([...keys].map(([name, values]) => [name, Override.set<Query.Held>(values)] as const))
  return Request.withSettings({
    ...Settings.empty,
    query: Override.extend<Query.Source>({ _tag: 'Keys', keys: source }),
  })
}

// --- options -------------------------------------------------------------------------------------------------------

const authOf = (auth: string): Made<Edit> => {
  const colon = auth.indexOf(':')
  return colon < 0
    ? usageError('--auth needs user:password; an empty password is user:')
    : E.right(Request.withBasicAuth(auth.slice(0, colon), auth.slice(colon + 1)))
}

const timeoutOf = (text: string): Made<Edit> => {
  const seconds = Number(text)
  return text.trim() !== '' && Number.isFinite(seconds) && seconds > 0
    ? E.right(Request.withTimeouts({ total: seconds * 1000 }))
    : usageError(`--timeout needs seconds above 0, such as 2.5, and not '${safe(text)}'`)
}

const certificateOf = ({ cert, key }: Options): Made<Edit> => {
  if (cert === undefined)
    return key === undefined ? E.right((same) => same) : usageError('--key is the key of a --cert')
  return E.right(Request.withClientCertificate({ cert, ...(key === undefined ? {} : { key }) }))
}

const given =
  <A>(edit: (value: A) => Made<Edit>) =>
  (value: A | undefined): Made<Edit> =>
    value === undefined ? E.right((same) => same) : edit(value)

/** Every option that is a setting of the request. */
const settingsOf = (options: Options): Made<Edit> => {
  const edits = [
    given(authOf)(options.auth),
    given((token: string) => E.right(Request.withBearer(token)))(options.bearer),
    given(() => E.right(Request.withRedirectPolicy(RedirectPolicy.follow)))(options.follow),
    given(() => E.right(Request.withoutRedirects))(options['no-follow']),
    given((url: string) => E.right(url === '' ? Request.withoutProxy : Request.withProxy(url)))(options.proxy),
    given(() => E.right(Request.withVerify(false)))(options['no-verify']),
    given((path: string) => E.right(Request.withCa(path)))(options.cacert),
    certificateOf(options),
    given(timeoutOf)(options.timeout),
  ]
  return edits.reduce((all, edit) => {
    if (E.isLeft(all) || E.isLeft(edit)) return E.isLeft(all) ? all : edit
    return E.right((request: Request.Request) => edit.right(all.right(request)))
  })
}

// --- the request ---------------------------------------------------------------------------------------------------

const begun = (method: string, url: string): Request.Request =>
  // HEAD follows no redirect unless it is told to, as in requests.
  method === 'HEAD' ? Request.head(url) : Request.make(method, url)

const ofUrl = (
  { method, url }: Extract<Target, { readonly _tag: 'Url' }>,
  items: ReadonlyArray<Ready>,
  options: Options,
): Made<Request.Request> => {
  const body = bodyOf(items, options)
  if (E.isLeft(body)) return body
  const verb = O.isSome(method) ? method.value : O.isSome(body.right) ? 'POST' : 'GET'
  const withBody = O.isSome(body.right) ? body.right.value : (same: Request.Request) => same
  return E.right(pipe(begun(verb, url), headersOf(items), queryOf(items), withBody))
}

/** What is sent, and what is to be said of what could not be taken over. */
export interface Assembled {
  readonly request: Request.Request
  readonly notes: ReadonlyArray<string>
}

const ofCurl = (line: string): Made<Assembled> => {
  const made = Request.fromCurl(line)
  if (E.isLeft(made)) return usageError(made.left.message)
  const { leftOut, ...request } = made.right
  return E.right({ request, notes: leftOut.map(({ option, why }) => `${option} of the curl line is left out: ${why}`) })
}

/** The request that the command line describes. */
export const assemble = (target: Target, items: ReadonlyArray<Ready>, options: Options): Made<Assembled> => {
  const settings = settingsOf(options)
  if (E.isLeft(settings)) return settings
  const made =
    target._tag === 'Curl'
      ? ofCurl(target.line)
      : pipe(
          ofUrl(target, items, options),
          E.map((request): Assembled => ({ request, notes: [] })),
        )
  return E.isLeft(made) ? made : E.right({ ...made.right, request: settings.right(made.right.request) })
}

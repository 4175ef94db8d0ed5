/** `cookies.json`: the cookies of a jar over several requests, and the jar as a collection (`kind: "jar"`). */
import * as t from 'io-ts'
import type { Json } from '../json.js'
import { observe } from '../observe/cookies.js'
import { type JarCookie, JarSpec, readJar } from '../observe/jar.js'
import * as rules from '../rules/cookies.js'
import { CookieSpec, HeaderText, orElse, RequestCookies, reading } from '../shapes.js'
import type { Family } from '../subject.js'
import { Tagged } from '../tagged.js'

const Step = t.intersection([
  t.type({ url: t.string }),
  t.partial({
    set_cookie: orElse(t.array(t.string), []),
    advance: t.number,
    cookies: RequestCookies,
    headers: orElse(t.array(t.tuple([Tagged, Tagged])), []),
  }),
])
export type Step = t.TypeOf<typeof Step>

const Steps = t.intersection([t.type({ steps: t.array(Step) }), t.partial({ session_cookies: t.array(CookieSpec) })])
const Operations = t.type({ kind: t.literal('jar'), ops: t.array(t.array(t.unknown)) })

const Input = t.union([Operations, Steps])
export type Input = t.TypeOf<typeof Input>
export type Sequence = t.TypeOf<typeof Steps>
export type Collection = t.TypeOf<typeof Operations>

export const isCollection = (input: Input): input is Collection => 'ops' in input

/** The result of one operation. */
export type Result = { readonly value: Json } | { readonly error: string }

export interface Output {
  readonly sent?: ReadonlyArray<string | null>
  readonly results?: ReadonlyArray<Json>
  readonly jar: ReadonlyArray<JarCookie>
}

const Raw = t.intersection([
  t.type({ jar: JarSpec }),
  t.partial({ sent: t.array(t.union([HeaderText, t.null])), results: t.array(t.unknown) }),
])

const readOutput = ({ jar, sent, results }: t.TypeOf<typeof Raw>): Output => ({
  jar: readJar(jar),
  ...(sent === undefined ? {} : { sent }),
  // The cast: the values come from JSON.
  ...(results === undefined ? {} : { results: results as ReadonlyArray<Json> }),
})

export const family: Family<Input, Output> = {
  name: 'cookies',
  input: reading(Input, (input) => input),
  output: reading(Raw, readOutput),
  observe,
  rules: rules.all,
  excuses: [],
}

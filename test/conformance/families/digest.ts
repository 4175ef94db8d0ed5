/**
 * `digest.json`: answers to Digest challenges and nonce counts, over several requests with the same credentials.
 *
 * Our cnonce is checked (`observe/digest.ts`) and then replaced by the cnonce of the vectors.
 */
import * as t from 'io-ts'
import { observe } from '../observe/digest.js'
import * as rules from '../rules/digest.js'
import { AnswerSpec, OptionalRequestSpec, RawFailure, readFailure, reading, SessionSpec } from '../shapes.js'
import type { Family } from '../subject.js'
import { Tagged } from '../tagged.js'

const Step = t.intersection([
  t.type({ method: t.string, url: t.string, script: t.array(AnswerSpec) }),
  OptionalRequestSpec,
])
export type Step = t.TypeOf<typeof Step>

const Input = t.intersection([
  t.type({ auth: t.tuple([Tagged, Tagged]), steps: t.array(Step) }),
  t.partial({ session: SessionSpec, session_auth: t.boolean }),
])
export type Input = t.TypeOf<typeof Input>

export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly authorization: string | null
  readonly body: string | null
  readonly cookie: string | null
}

export interface StepOutput {
  readonly requests: ReadonlyArray<SentRequest>
  readonly status?: number
  readonly history?: ReadonlyArray<number>
  readonly error?: string
}

export interface Output {
  readonly steps: ReadonlyArray<StepOutput>
}

const OptionalText = t.union([t.string, t.null])

const RawRequest = t.intersection([
  t.type({ method: t.string, url: t.string, authorization: OptionalText, body: OptionalText }),
  t.partial({ cookie: OptionalText }),
])
const RawStep = t.intersection([
  t.type({ requests: t.array(RawRequest) }),
  t.partial({ status: t.number, history: t.array(t.number) }),
])
const Raw = t.type({ steps: t.array(RawStep) })

const readRequest = ({ method, url, authorization, body, cookie }: t.TypeOf<typeof RawRequest>): SentRequest => ({
  method,
  url,
  authorization,
  body,
  cookie: cookie ?? null,
})

const readStep = (raw: t.TypeOf<typeof RawStep>): StepOutput => ({
  requests: raw.requests.map(readRequest),
  ...(raw.status === undefined ? {} : { status: raw.status }),
  ...(raw.history === undefined ? {} : { history: raw.history }),
  ...(RawFailure.is(raw) ? readFailure(raw) : {}),
})

export const family: Family<Input, Output> = {
  name: 'digest',
  input: reading(Input, (input) => input),
  output: reading(Raw, ({ steps }): Output => ({ steps: steps.map(readStep) })),
  observe,
  rules: rules.all,
  excuses: [],
}

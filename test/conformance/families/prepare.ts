/**
 * `prepare.json`: compares the plan of a session and a request with requests' prepared request.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Environment, Plan } from 'requests-ts'
import { failureOf } from '../observe/errors.js'
import { type Prepared, prepared } from '../observe/plan.js'
import * as rules from '../rules/prepare.js'
import {
  type Failure,
  PreparedSpec,
  RequestSpec,
  reading,
  readingOrFailure,
  readPrepared,
  SessionSpec,
} from '../shapes.js'
import type { Family, Subject } from '../subject.js'
import { ready } from '../translate/request.js'

const Input = t.intersection([
  t.type({ session: SessionSpec, request: RequestSpec }),
  t.partial({ netrc: t.union([t.string, t.null]) }),
])
export type Input = t.TypeOf<typeof Input>
export type Output = Prepared | Failure

const observe = async ({ input, meta }: Subject<Input>): Promise<Output> => {
  const made = ready(input.session, input.request, 'prepare_request')
  if (E.isLeft(made)) return made.left
  const { session, request, jar } = made.right
  const environment = Environment.make({}, input.netrc ?? '')
  const plan = Plan.plan({ session, jar, environment, now: new Date(meta.now * 1000), entropy: 'seed' })(request)
  return E.isLeft(plan) ? failureOf(plan.left) : prepared(plan.right, meta.boundary)
}

export const family: Family<Input, Output> = {
  name: 'prepare',
  input: reading(Input, (input) => input),
  output: readingOrFailure(PreparedSpec, readPrepared),
  observe,
  rules: rules.all,
  // A lone surrogate is not valid text, so its output is not compared.
  excuses: [{ tag: 'surrogate', withoutUnjudged: () => null }],
}

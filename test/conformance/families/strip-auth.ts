/**
 * `strip_auth.json`: whether a redirect from one URL to another removes credentials (`Redirect.shouldStripAuth`).
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Redirect, Url } from 'requests-ts'
import { failureOf } from '../observe/errors.js'
import * as rules from '../rules/strip-auth.js'
import { type Failure, reading, readingOrFailure } from '../shapes.js'
import type { Family } from '../subject.js'

const Input = t.type({ old: t.string, new: t.string })
export type Input = t.TypeOf<typeof Input>

const Output = t.type({ strip: t.boolean })
export type Output = t.TypeOf<typeof Output> | Failure

const observe = ({ old, new: next }: Input): Output => {
  const from = Url.parse(old)
  if (E.isLeft(from)) return failureOf(from.left)
  const to = Url.parse(next)
  return E.isLeft(to) ? failureOf(to.left) : { strip: Redirect.shouldStripAuth(from.right.url, to.right.url) }
}

export const family: Family<Input, Output> = {
  name: 'strip_auth',
  input: reading(Input, (input) => input),
  output: readingOrFailure(Output, (output) => output),
  observe: async ({ input }) => observe(input),
  rules: rules.all,
  excuses: [],
}

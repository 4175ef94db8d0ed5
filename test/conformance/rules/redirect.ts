/** All rules for an exchange, including refusals before it starts (`rules/refusals.ts`). */

import type { Input as PrepareInput } from '../families/prepare.js'
import type { Input, Output } from '../families/redirect.js'
import { isFailure } from '../shapes.js'
import type { Subject } from '../subject.js'
import { endedBefore, type R } from './chain.js'
import * as body from './redirect-body.js'
import * as cookies from './redirect-cookies.js'
import * as headers from './redirect-headers.js'
import * as urls from './redirect-urls.js'
import * as refusals from './refusals.js'

const first = ({ input: { session, request }, tags, meta }: Subject<Input>): Subject<PrepareInput> => ({
  input: { session, request },
  tags,
  meta,
})

/** A refused request is not sent, so the exchange ends. */
const refusedAtStart: ReadonlyArray<R> = refusals.all.map((rule) => ({
  id: rule.id,
  when: (subject, { requests }) => requests[0] !== undefined && rule.when(first(subject), requests[0]),
  expect: (subject, python: Output) => {
    const [sent] = python.requests
    const refused = sent === undefined ? undefined : rule.expect(first(subject), sent)
    return refused !== undefined && isFailure(refused) ? endedBefore(python, 0, refused.error) : python
  },
}))

export const all: ReadonlyArray<R> = [
  headers.UTF8,
  ...refusedAtStart,
  ...urls.all,
  ...body.all,
  ...headers.all,
  ...cookies.all,
]

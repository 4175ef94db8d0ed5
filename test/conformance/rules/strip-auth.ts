/**
 * Differences of `shouldStripAuth`.
 *
 * | rule | Python                             | here                                               |
 * |------|------------------------------------|----------------------------------------------------|
 * | D28  | compares any two texts             | text that is not a URL is an error                 |
 * | D19  | compares hosts as they are written | canonical hosts, or `InvalidUrl`                   |
 * | D27  | treats `:0` as a port              | the URL as it is planned, where `:0` is not a port |
 * | D26  | keeps credentials within `ftp:`    | keeps credentials only for http(s)                 |
 */
import type { Input, Output } from '../families/strip-auth.js'
import { isHttpLike, partsOf } from '../models/parts.js'
import { canonical, stripsAuth } from '../models/strip.js'
import { failure, isFailure } from '../shapes.js'
import type { Rule } from '../subject.js'
import { urlProblem } from './url.js'

type Texts = readonly [string, string]
const textsOf = ({ old, new: next }: Input): Texts => [old, next]

const isHttp = (text: string): boolean => isHttpLike(text) && urlProblem(text) === undefined

/** Returns whether the canonical form of the host differs or is invalid. */
const isOther = (text: string): boolean => isHttp(text) && canonical(text)?.host !== partsOf(text).host

const NO_URL: Rule<Input, Output> = {
  id: 'D28',
  when: ({ input }) => textsOf(input).some((text) => urlProblem(text) !== undefined),
  expect: ({ input }, python) => urlProblem(input.old) ?? urlProblem(input.new) ?? python,
}

const CANONICAL_HOST: Rule<Input, Output> = {
  id: 'D19',
  when: ({ input }, python) => !isFailure(python) && textsOf(input).some(isOther),
  expect: ({ input }, python) => {
    const texts = textsOf(input)
    if (texts.some((text) => isHttp(text) && canonical(text) === undefined)) return failure('InvalidURL')
    const strip = texts.every(isHttp) ? stripsAuth(...texts) : undefined
    return strip === undefined ? python : { strip }
  },
}

const PLANNED_PORT: Rule<Input, Output> = {
  id: 'D27',
  when: ({ input }, python) =>
    !isFailure(python) &&
    textsOf(input).every(isHttp) &&
    textsOf(input).some((text) => /^0+$/.test(partsOf(text).port)),
  expect: ({ input }, python) => {
    const strip = stripsAuth(input.old, input.new)
    return strip === undefined ? python : { strip }
  },
}

const FOREIGN_SCHEME: Rule<Input, Output> = {
  id: 'D26',
  when: ({ input }, python) =>
    !isFailure(python) && textsOf(input).every((text) => text.includes(':') && !isHttpLike(text)),
  expect: () => ({ strip: true }),
}

export const all: ReadonlyArray<Rule<Input, Output>> = [NO_URL, CANONICAL_HOST, PLANNED_PORT, FOREIGN_SCHEME]

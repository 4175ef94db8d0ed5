/**
 * Computes the verdict on one case.
 *
 * | verdict    | when                                                                                          |
 * |------------|-----------------------------------------------------------------------------------------------|
 * | `passed`   | our output equals Python's                                                                    |
 * | `excused`  | the outputs differ only in parts that a tag of FORMAT.md excludes                             |
 * | `deviates` | our output equals what the rules compute, in order, from Python's; names the rules that apply |
 * | `failed`   | anything else: a difference without a rule, a case that cannot be read, an exception          |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { PathReporter } from 'io-ts/lib/PathReporter.js'
import { agrees } from './json.js'
import type { Family, Meta, Subject } from './subject.js'

export type Verdict =
  | { readonly _tag: 'passed' }
  | { readonly _tag: 'deviates'; readonly rules: ReadonlyArray<string> }
  | { readonly _tag: 'excused'; readonly tag: string }
  | {
      readonly _tag: 'failed'
      readonly expected: unknown
      readonly got: unknown
      readonly rules: ReadonlyArray<string>
    }

const RawCase = t.intersection([
  t.type({ id: t.string, in: t.unknown, out: t.unknown }),
  t.partial({ tags: t.array(t.string) }),
])
export type RawCase = t.TypeOf<typeof RawCase>
export const isRawCase = RawCase.is

interface Expected<O> {
  readonly output: O
  readonly rules: ReadonlyArray<string>
}

/** Applies the rules to Python's output. Names the rules that changed it. */
export const expectedBy = <I, O>(family: Family<I, O>, subject: Subject<I>, python: O): Expected<O> => {
  let output = python
  const rules: string[] = []
  for (const rule of family.rules) {
    if (!rule.when(subject, output)) continue
    const next = rule.expect(subject, output)
    if (agrees(output, next)) continue
    output = next
    if (!rules.includes(rule.id)) rules.push(rule.id)
  }
  return { output, rules }
}

/** Returns the tag that excludes every difference, if there is one. */
const excuse = <I, O>(family: Family<I, O>, { tags }: Subject<I>, expected: O, ours: O): string | undefined =>
  family.excuses.find(
    ({ tag, withoutUnjudged }) => tags.includes(tag) && agrees(withoutUnjudged(expected), withoutUnjudged(ours)),
  )?.tag

/** Compares our output with Python's. */
export const compare = <I, O>(family: Family<I, O>, subject: Subject<I>, python: O, ours: O): Verdict => {
  if (agrees(python, ours)) return { _tag: 'passed' }
  const plain = excuse(family, subject, python, ours)
  if (plain !== undefined) return { _tag: 'excused', tag: plain }
  const { output, rules } = expectedBy(family, subject, python)
  if (agrees(output, ours)) return { _tag: 'deviates', rules }
  const tag = excuse(family, subject, output, ours)
  return tag === undefined ? { _tag: 'failed', expected: output, got: ours, rules } : { _tag: 'excused', tag }
}

const unreadable = (part: string, errors: t.Errors): Verdict => ({
  _tag: 'failed',
  expected: `an ${part} that can be read`,
  got: PathReporter.report(E.left(errors)).join('; ').slice(0, 2000),
  rules: [],
})

/** Decodes a raw case with the codecs of its family. */
export const readCase = <I, O>(
  family: Family<I, O>,
  meta: Meta,
  raw: RawCase,
): E.Either<Verdict, { readonly subject: Subject<I>; readonly python: O }> => {
  const input = family.input(raw.in)
  if (E.isLeft(input)) return E.left(unreadable('input', input.left))
  const python = family.output(raw.out, input.right)
  if (E.isLeft(python)) return E.left(unreadable('output', python.left))
  return E.right({ subject: { input: input.right, tags: raw.tags ?? [], meta }, python: python.right })
}

/** Decodes, runs and compares a case. Never rejects: an exception is `failed`. */
export const judge = async <I, O>(family: Family<I, O>, meta: Meta, raw: RawCase): Promise<Verdict> => {
  try {
    const made = readCase(family, meta, raw)
    if (E.isLeft(made)) return made.left
    const { subject, python } = made.right
    return compare(family, subject, python, await family.observe(subject))
  } catch (cause) {
    const got = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    return { _tag: 'failed', expected: 'an output', got, rules: [] }
  }
}

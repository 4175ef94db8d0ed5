/**
 * The types of a case, a rule and a family of cases.
 *
 * A rule sees the input and Python's output, never the id of the case and never our output. The types enforce this.
 */
import * as t from 'io-ts'

export const Meta = t.type({
  now: t.number,
  boundary: t.string,
  default_headers: t.array(t.tuple([t.string, t.string])),
})
export type Meta = t.TypeOf<typeof Meta>

/** The part of a case that a rule can read. */
export interface Subject<I> {
  readonly input: I
  readonly tags: ReadonlyArray<string>
  readonly meta: Meta
}

/** Computes our exact output from Python's output, for one numbered difference. */
export interface Rule<I, O> {
  /** `D4`: the number in the table of differences (`README.md` in this folder). */
  readonly id: string
  readonly when: (subject: Subject<I>, python: O) => boolean
  readonly expect: (subject: Subject<I>, python: O) => O
}

/** A tag of FORMAT.md that excludes parts of an output from the comparison. */
export interface Excuse<O> {
  readonly tag: string
  readonly withoutUnjudged: (output: O) => unknown
}

/** One file of vectors: how its cases are read, run through the library and compared. */
export interface Family<I, O> {
  readonly name: string
  readonly input: (u: unknown) => t.Validation<I>
  /** Converts Python's output to the common form. */
  readonly output: (u: unknown, input: I) => t.Validation<O>
  /** Runs the library and returns its output in the common form. */
  readonly observe: (subject: Subject<I>) => Promise<O>
  readonly rules: ReadonlyArray<Rule<I, O>>
  readonly excuses: ReadonlyArray<Excuse<O>>
}

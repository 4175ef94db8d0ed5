/**
 * A case as rules and observers see it, and what a family of cases is made of.
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

/** What a rule may look at. */
export interface Subject<I> {
  readonly input: I
  readonly tags: ReadonlyArray<string>
  readonly meta: Meta
}

/** Python's output turned into the exact output that is ours, for one named reason. */
export interface Rule<I, O> {
  /** `D4`: the number in the table of differences (`README.md` in this folder). */
  readonly id: string
  readonly when: (subject: Subject<I>, python: O) => boolean
  readonly expect: (subject: Subject<I>, python: O) => O
}

/** A tag of FORMAT.md under which parts of an output are not judged. */
export interface Excuse<O> {
  readonly tag: string
  readonly withoutUnjudged: (output: O) => unknown
}

/** One file of vectors: how its cases are read, run through the library and compared. */
export interface Family<I, O> {
  readonly name: string
  readonly input: (u: unknown) => t.Validation<I>
  /** Reads Python's output into the common form of both sides. */
  readonly output: (u: unknown, input: I) => t.Validation<O>
  /** What the library gives, in the same form. */
  readonly observe: (subject: Subject<I>) => Promise<O>
  readonly rules: ReadonlyArray<Rule<I, O>>
  readonly excuses: ReadonlyArray<Excuse<O>>
}

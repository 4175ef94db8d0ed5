/**
 * What saving and reading back have in common: why something cannot be written, why something cannot be read, and the
 * pieces that all saved forms are made of.
 *
 * | error        | when                                                                                     |
 * |--------------|------------------------------------------------------------------------------------------|
 * | `Unwritable` | a function, a secret that nobody said to reveal, what could not be read back: by its path |
 * | `Unreadable` | a file edited by hand, of another kind, or of a newer version; a control character in it |
 *
 * Law: what is written can be read, and is what it was: `decode . JSON.parse . JSON.stringify . encode = id`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Secret from './Secret.js'

export interface EncodeError {
  readonly _tag: 'Unwritable'
  /** Where in the value it stands: `auth.pass`, `hooks[0]`. */
  readonly paths: ReadonlyArray<string>
  readonly message: string
}

export interface DecodeError {
  readonly _tag: 'Unreadable'
  readonly problems: ReadonlyArray<string>
  readonly message: string
}

/** @deprecated Use `EncodeError`. */
export type Unwritable = EncodeError
/** @deprecated Use `DecodeError`. */
export type Unreadable = DecodeError

/** Whether secrets may be written in the clear. */
export interface Reveal {
  readonly reveal?: boolean
}

export const encodeError = (paths: ReadonlyArray<string>): EncodeError => ({
  _tag: 'Unwritable',
  paths,
  message: `This cannot be written: ${paths.join(', ')}. A function has no text; a secret is written only with { reveal: true }; text with a control character is not read back`,
})

export const decodeError = (problems: ReadonlyArray<string>): DecodeError => ({
  _tag: 'Unreadable',
  problems,
  message: `This cannot be read: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}`,
})

/** @deprecated Use `encodeError`. */
export const unwritable = encodeError
/** @deprecated Use `decodeError`. */
export const unreadable = decodeError

// --- writing -------------------------------------------------------------------------------------------------------

/** Gathers the paths of what cannot be written, while the rest is. */
export interface Writer {
  /** Text or a secret, in a form in which it can be read back: a line unless said. */
  readonly secret: (path: string, value: string | Secret.Secret, form?: Form) => string
  readonly refuse: (path: string) => undefined
  readonly paths: ReadonlyArray<string>
}

export const writer = (options: Reveal): Writer => {
  // Only what the caller wrote down opens secrets: not what a polluted prototype adds to every object.
  const reveal = Object.hasOwn(options, 'reveal') && options.reveal === true
  const paths: string[] = []
  const refuse = (path: string): undefined => {
    paths.push(path.replace(CONTROLS, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`))
    return undefined
  }
  return {
    paths,
    refuse,
    secret: (path, value, form = Line) => {
      const text = typeof value === 'string' ? value : Secret.is(value) && reveal ? Secret.reveal(value) : undefined
      if (form.is(text)) return text
      refuse(path)
      return ''
    },
  }
}

/** What was written, unless something could not be. */
export const written = <A>({ paths }: Writer, made: A): E.Either<EncodeError, A> =>
  paths.length === 0 ? E.right(made) : E.left(encodeError(paths))

/** What was written, unless it could not be read: nobody is to learn tomorrow what was wrong today. */
export const readable =
  <A>(decode: (u: unknown) => E.Either<DecodeError, unknown>) =>
  (made: A): E.Either<EncodeError, A> => {
    const again = decode(made)
    return E.isLeft(again) ? E.left(encodeError(again.left.problems)) : E.right(made)
  }

// --- reading -------------------------------------------------------------------------------------------------------

/** Which texts there may be in a place. */
export type Form = t.Type<string, string, unknown>

const CONTROLS = /[\0-\x1f\x7f]/g

const refined = (name: string, is: (text: string) => boolean): Form =>
  new t.Type<string, string, unknown>(
    name,
    (u): u is string => typeof u === 'string' && is(u),
    (u, context) => (typeof u === 'string' && is(u) ? t.success(u) : t.failure(u, context)),
    t.identity,
  )

/** Text that may go into a header: a stored file must not smuggle one in. */
export const Line = refined('text without control characters', (text) => !/[\0-\x08\x0a-\x1f\x7f]/.test(text))
/** The value of a header field as it came: no line breaks, no NUL. */
export const FieldValue = refined('a header value', (text) => !/[\r\n\0]/.test(text))
/** Text that may have lines, such as a certificate. */
export const Text = refined('text without NUL', (text) => !text.includes('\0'))

const number = (name: string, is: (n: number) => boolean): t.Type<number, number, unknown> =>
  new t.Type<number, number, unknown>(
    name,
    (u): u is number => typeof u === 'number' && is(u),
    (u, context) => (typeof u === 'number' && is(u) ? t.success(u) : t.failure(u, context)),
    t.identity,
  )

export const Finite = number('finite number', Number.isFinite)

/** Epoch milliseconds that a `Date` can hold (ECMA-262 21.4.1.1). */
export const Time = number('a time', (ms) => Math.abs(ms) <= 8.64e15)

const UNWRITTEN = { Infinity: 1 / 0, '-Infinity': -1 / 0, NaN: Number.NaN, '-0': -0 } as const

/** Any number: JSON has no way to write some, which go by their names. */
export const Numeric = t.union([Finite, t.readonly(t.strict({ number: t.keyof(UNWRITTEN) }))])
export type Numeric = t.TypeOf<typeof Numeric>

/** What is no number at all stays as it is, for `readable` to refuse. */
export const fromNumber = (n: number): Numeric => {
  if (Number.isNaN(n)) return { number: 'NaN' }
  if (Object.is(n, -0)) return { number: '-0' }
  if (n === Number.POSITIVE_INFINITY) return { number: 'Infinity' }
  return n === Number.NEGATIVE_INFINITY ? { number: '-Infinity' } : n
}

export const toNumber = (json: Numeric): number => (typeof json === 'number' ? json : UNWRITTEN[json.number])

/** One line for each thing that is wrong; values are not shown, for they may be secret. */
const problemsOf = (errors: t.Errors): ReadonlyArray<string> => [
  ...new Set(
    errors.map(({ context }) => {
      const path = context.map(({ key }) => key).filter((key) => key !== '')
      const expected = context.at(-1)?.type.name ?? 'something else'
      return `${path.length === 0 ? 'the whole' : path.join('.')} is not ${expected.length > 60 ? 'as it should be' : expected}`
    }),
  ),
]

/** No saved form is as deep. */
const DEEPEST = 64

/** The same JSON, its objects without a prototype: a codec must not find there what the file does not say. */
const bare = (u: unknown, depth = 0): unknown => {
  if (typeof u !== 'object' || u === null || depth > DEEPEST) return u
  if (Array.isArray(u)) return u.map((item) => bare(item, depth + 1))
  const copy: object = Object.create(null)
  return Object.assign(copy, Object.fromEntries(Object.entries(u).map(([key, item]) => [key, bare(item, depth + 1)])))
}

/** Reads with a codec. */
export const read = <A>(codec: t.Decoder<unknown, A>, u: unknown): E.Either<DecodeError, A> => {
  const decoded = codec.decode(bare(u))
  return E.isLeft(decoded) ? E.left(decodeError(problemsOf(decoded.left))) : decoded
}

const Envelope = t.type({ format: t.string, version: t.number })

/** Whether it is a saved form of that kind, in a version that is known. */
export const checkEnvelope = (format: string, newest: number, u: unknown): E.Either<DecodeError, unknown> => {
  const envelope = read(Envelope, u)
  if (E.isLeft(envelope)) return envelope
  const { right } = envelope
  if (right.format !== format)
    return E.left(decodeError([`its format is ${JSON.stringify(right.format)}, not ${format}`]))
  if (right.version > newest) {
    return E.left(decodeError([`it is of version ${right.version}; this library reads up to ${newest}: update it`]))
  }
  return Number.isInteger(right.version) && right.version >= 1
    ? E.right(u)
    : E.left(decodeError([`its version ${right.version} is none`]))
}

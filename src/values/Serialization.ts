/**
 * Shared parts of the JSON formats: errors of encoding and decoding, and the codecs that all formats are made of.
 *
 * | error         | `_tag`       | when                                                                            |
 * |---------------|--------------|---------------------------------------------------------------------------------|
 * | `EncodeError` | `Unwritable` | a function, a secret without `{ reveal: true }`, or a value that would not decode |
 * | `DecodeError` | `Unreadable` | a wrong format, a newer version, invalid data, or control characters             |
 *
 * Law: what is encoded decodes to the same value: `decode . JSON.parse . JSON.stringify . encode = id`.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Secret from './Secret.js'
import * as UserInput from './UserInput.js'

/** A value contains parts that cannot be encoded. */
export interface EncodeError {
  readonly _tag: 'Unwritable'
  /** The positions in the value: `auth.pass`, `hooks[0]`. */
  readonly paths: ReadonlyArray<string>
  /** The positions that cannot be written, and why. */
  readonly message: string
}

/** A text or value does not have the expected form. `problems` has one line for each. */
export interface DecodeError {
  readonly _tag: 'Unreadable'
  /** One for each position that is wrong. */
  readonly problems: ReadonlyArray<string>
  /** The first problems, and what to do. */
  readonly message: string
}

/** @deprecated Use `EncodeError`. */
export type Unwritable = EncodeError
/** @deprecated Use `DecodeError`. */
export type Unreadable = DecodeError

/** Options of the encoders. */
export interface Reveal {
  /** Whether secrets are written in plain text. By default a secret is an `EncodeError`. */
  readonly reveal?: boolean
}

/** Makes an `EncodeError` for these positions in the value. */
export const encodeError = (paths: ReadonlyArray<string>): EncodeError => ({
  _tag: 'Unwritable',
  paths,
  message:
    `Cannot encode: ${paths.join(', ')}. Functions cannot be encoded; secrets need { reveal: true }; ` +
    'text must not contain control characters',
})

/** Makes a `DecodeError`. The message has the first five problems. */
export const decodeError = (problems: ReadonlyArray<string>): DecodeError => ({
  _tag: 'Unreadable',
  problems,
  message: `Cannot decode: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? '; …' : ''}`,
})

/** @deprecated Use `encodeError`. */
export const unwritable = encodeError
/** @deprecated Use `decodeError`. */
export const unreadable = decodeError

/** Collects the paths of values that cannot be encoded. */
export interface Writer {
  /** Returns the text of a string or secret. It must match the form, by default `Line`. */
  readonly secret: (path: string, value: string | Secret.Secret, form?: Form) => string
  /** Records that the value at a path cannot be encoded. */
  readonly refuse: (path: string) => undefined
  /** The positions that could not be written so far. */
  readonly paths: ReadonlyArray<string>
}

/** Returns a writer, which encodes values and collects the positions of what cannot be encoded. */
export const writer = (options: Reveal): Writer => {
  // An own property, so that a polluted prototype cannot reveal secrets.
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

/** Returns the encoded value, or an error with the paths that the writer collected. */
export const written = <A>({ paths }: Writer, made: A): E.Either<EncodeError, A> =>
  paths.length === 0 ? E.right(made) : E.left(encodeError(paths))

/** Returns the encoded value if it decodes, so that an invalid value fails when it is saved and not when it is loaded. */
export const readable =
  <A>(decode: (u: unknown) => E.Either<DecodeError, unknown>) =>
  (made: A): E.Either<EncodeError, A> => {
    const again = decode(made)
    return E.isLeft(again) ? E.left(encodeError(again.left.problems)) : E.right(made)
  }

/** A codec for a restricted kind of text. */
export type Form = t.Type<string, string, unknown>

const CONTROLS = /[\0-\x1f\x7f]/g

const refined = <A>(name: string, is: (u: unknown) => u is A): t.Type<A, A, unknown> =>
  new t.Type(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity)

const text = (name: string, matches: (text: string) => boolean): Form =>
  refined(name, (u): u is string => typeof u === 'string' && matches(u))

const number = (name: string, matches: (n: number) => boolean): t.Type<number, number, unknown> =>
  refined(name, (u): u is number => typeof u === 'number' && matches(u))

/** Text without control characters, so that a stored file cannot inject a header. */
export const Line = text('text without control characters', (line) => !/[\0-\x08\x0a-\x1f\x7f]/.test(line))
/** The value of a received header field: no line breaks, no NUL. */
export const FieldValue = text('a header value', (value) => !/[\r\n\0]/.test(value))
/** Text that may have several lines, such as a certificate. */
export const Text = text('text without NUL', (value) => !value.includes('\0'))

/** The codec of a finite number. */
export const Finite = number('finite number', Number.isFinite)

/** Epoch milliseconds that a `Date` can hold (ECMA-262 21.4.1.1). */
export const Time = number('a time', (ms) => Math.abs(ms) <= 8.64e15)

const UNWRITTEN = { Infinity: 1 / 0, '-Infinity': -1 / 0, NaN: Number.NaN, '-0': -0 } as const
const UnwrittenName = t.keyof(UNWRITTEN)

/** Any number. Numbers that JSON cannot represent are encoded by name. */
export const Numeric = t.union([Finite, t.readonly(t.strict({ number: UnwrittenName }))])
export type Numeric = t.TypeOf<typeof Numeric>

/** Encodes a number. A value that is not a number stays as it is, and `readable` refuses it. */
export const fromNumber = (n: number): Numeric => {
  const [name] = Object.entries(UNWRITTEN).find(([, value]) => Object.is(value, n)) ?? []
  return UnwrittenName.is(name) ? { number: name } : n
}

/** Returns the number that a JSON value stands for. JSON has no infinities, NaN and -0. */
export const toNumber = (json: Numeric): number => (typeof json === 'number' ? json : UNWRITTEN[json.number])

/** Returns one line for each problem. Values are not shown, because they may be secret. */
const problemsOf = (errors: t.Errors): ReadonlyArray<string> => [
  ...new Set(
    errors.map(({ context }) => {
      const path = context.map(({ key }) => key).filter((key) => key !== '')
      const expected = context.at(-1)?.type.name ?? ''
      const isShort = expected !== '' && expected.length <= 60
      return `${path.join('.') || 'the value'} is not ${isShort ? expected : 'of the expected type'}`
    }),
  ),
]

/** Deeper than any format. */
const MAX_DEPTH = 64

/** Copies JSON into objects without a prototype, so that a codec cannot read inherited properties. */
const withoutPrototypes = (u: unknown, depth = 0): unknown => {
  if (typeof u !== 'object' || u === null || depth > MAX_DEPTH) return u
  if (Array.isArray(u)) return u.map((item) => withoutPrototypes(item, depth + 1))
  const copied = Object.entries(u).map(([key, item]) => [key, withoutPrototypes(item, depth + 1)])
  return UserInput.own(Object.fromEntries(copied))
}

/** Decodes a value with a codec. */
export const read = <A>(codec: t.Decoder<unknown, A>, u: unknown): E.Either<DecodeError, A> => {
  const decoded = codec.decode(withoutPrototypes(u))
  return E.isLeft(decoded) ? E.left(decodeError(problemsOf(decoded.left))) : decoded
}

/** Returns whether a value inherits from `Object.prototype` only, or from nothing. */
const isPlain = (u: unknown): boolean => {
  const prototype: unknown = typeof u === 'object' && u !== null ? Object.getPrototypeOf(u) : undefined
  return prototype === Object.prototype || prototype === null
}

/**
 * The codec of a record whose fields are returned unchanged. Its `is` accepts only plain objects, so that it reads no property
 * that a class or another object defines.
 * @internal
 */
export const record = <P extends t.Props>(props: P): t.Type<{ readonly [K in keyof P]: t.TypeOf<P[K]> }> => {
  const base = t.readonly(t.type(props))
  const is = (u: unknown): u is t.TypeOf<typeof base> => isPlain(u) && base.is(u)
  return new t.Type(base.name, is, base.validate, t.identity)
}

/**
 * Decodes a value with a codec that is made of `record`. Faster than `read`, because a valid value is not copied. `names` are the
 * fields of all records in it: if `Object.prototype` has one of them, the value is copied.
 * @internal
 */
export const readRecord = <A>(codec: t.Type<A>, names: ReadonlyArray<string>, u: unknown): E.Either<DecodeError, A> =>
  names.every((name) => !(name in Object.prototype)) && codec.is(u) ? E.right(u) : read(codec, u)

const Envelope = t.type({ format: t.string, version: t.number })

const envelopeProblem = (given: t.TypeOf<typeof Envelope>, format: string, newest: number): string | undefined => {
  if (given.format !== format) return `its format is ${JSON.stringify(given.format)}, not ${format}`
  if (given.version > newest)
    return `its version is ${given.version}, but this release reads up to version ${newest}; update requests-ts`
  const isValid = Number.isInteger(given.version) && given.version >= 1
  return isValid ? undefined : `its version must be a positive integer, not ${given.version}`
}

const headOf = ({ format, version }: { readonly format?: unknown; readonly version?: unknown }): unknown => ({
  ...(format === undefined ? {} : { format }),
  ...(version === undefined ? {} : { version }),
})

/** Checks the format and the version of an encoded value. */
export const checkEnvelope = (format: string, newest: number, u: unknown): E.Either<DecodeError, unknown> => {
  // Not the whole value: its other fields are read later, by the codec of the version.
  const envelope = read(Envelope, typeof u === 'object' && u !== null ? headOf(UserInput.own(u)) : u)
  if (E.isLeft(envelope)) return envelope
  const problem = envelopeProblem(envelope.right, format, newest)
  return problem === undefined ? E.right(u) : E.left(decodeError([problem]))
}

/**
 * Reads an encoded value that has one version: checks its format and version, and then decodes it.
 * @internal
 */
export const readVersion = <A>(
  format: string,
  version: number,
  codec: t.Decoder<unknown, A>,
  u: unknown,
): E.Either<DecodeError, A> => {
  const envelope = checkEnvelope(format, version, u)
  return E.isLeft(envelope) ? envelope : read(codec, u)
}

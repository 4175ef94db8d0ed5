import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import fc from 'fast-check'
import * as A from 'fp-ts/lib/Array.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { describe, expect, it } from 'vitest'
import * as Client from '../src/Client.js'
import * as Jar from '../src/cookies/Jar.js'
import * as Http from '../src/Http.js'
import * as HttpError from '../src/HttpError.js'
import * as Response from '../src/Response.js'
import * as Session from '../src/session/Session.js'
import { memory } from '../src/transport/Memory.js'
import type * as Tagged from '../src/values/Tagged.js'
import * as Fault from '../src/wire/Fault.js'
import { untyped } from './untyped.js'

class Refused extends Error {
  readonly response: unknown
  constructor(response: unknown) {
    super('refused')
    this.response = response
  }
}

const transport = memory((plan) => ({ status: 500, headers: { 'set-cookie': `${plan.url.pathname.slice(1)}=1` } }))
const programs = <E>(toError: (response: Response.Response) => E) => {
  const failing = (path: string) =>
    pipe(
      Http.get(`http://h.test/${path}`),
      SRTE.flatMapEither((response) => E.left(toError(response))),
    )
  return Http.parallel()([failing('a'), failing('b')])
}
const run = <E>(toError: (response: Response.Response) => E) =>
  pipe(programs(toError), Client.use({ session: Session.empty, transport }), (task) => task())

describe('the error of a parallel program', () => {
  it.each<[string, (response: Response.Response) => unknown]>([
    ['of a class', (response) => new Refused(response)],
    ['with a tag of its own', (response) => ({ _tag: 'Mine', response })],
    ['of another shape under a tag of ours', () => ({ _tag: 'StatusError', response: { jar: 'of honey' } })],
    ['that is text', () => 'text'],
    ['that is null', () => null],
  ])('%s is the very one that the program gave', async (_, toError) => {
    const given: unknown[] = []
    const outcome = await run((response) => {
      const error = toError(response)
      given.push(error)
      return error
    })
    expect(E.isLeft(outcome) && given.includes(outcome.left)).toBe(true)
  })
  it('carries the joined jar where it is ours', async () => {
    const outcome = await run((response) => pipe(response, Response.ok, E.swap, E.toUnion))
    const jar = E.isLeft(outcome) ? HttpError.jar(outcome.left) : O.none
    expect(O.isSome(jar) && Jar.toArray(jar.value).map(({ name }) => name)).toEqual(['a', 'b'])
  })
})

// --- all errors ----------------------------------------------------------------------------------------------------

const src = fileURLToPath(new URL('../src', import.meta.url))

/** The tags of all types in `src` that have a message. The errors of the command are not public. */
const declared = (): ReadonlyArray<string> =>
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('cli'))
    .flatMap((path) => [...readFileSync(join(src, path), 'utf8').matchAll(/^[^ *].*\{([^{}]*)\}/gm)])
    .flatMap(([, body = '']) =>
      /readonly message: string/.test(body) ? (/readonly _tag: '(\w+)'/.exec(body) ?? []).slice(1) : [],
    )

/** Problems inside a `TokenRefused` and a `TokenFailed`: `OAuth2.read` returns them. They are not errors of a program. */
const INNER: ReadonlySet<string> = new Set(['Refused', 'Unusable'])

describe('the tags', () => {
  it('are those of every error type in the library', () => {
    const expected = new Set([...declared().filter((name) => !INNER.has(name)), ...Fault.TAGS])
    expect(expected.size).toBeGreaterThan(35)
    expect([...HttpError.TAGS].sort()).toEqual([...expected].sort())
  })
  it('are all in the table of the documentation', () => {
    const [table = ''] = /^\/\*\*[\s\S]*?\*\//.exec(readFileSync(join(src, 'HttpError.ts'), 'utf8')) ?? []
    expect(HttpError.TAGS.filter((tag) => !table.includes(`\`${tag}\``))).toEqual([])
  })
})

const tag = fc.constantFrom(...HttpError.TAGS)
const errorOf = (_tag: HttpError.Tag): HttpError.HttpError => untyped({ _tag, message: `the ${_tag}` })

describe('matching', () => {
  it('calls the function of the tag, with the error', () => {
    const handlers: Tagged.Handlers<HttpError.HttpError> = untyped(
      Object.fromEntries(HttpError.TAGS.map((name) => [name, (error: unknown) => [name, error]])),
    )
    fc.assert(
      fc.property(tag, (name) => {
        const error = errorOf(name)
        expect(pipe(error, HttpError.match(handlers))).toEqual([name, error])
      }),
    )
  })
  it('calls the other function for the rest', () => {
    const read = HttpError.matchOr({ StatusError: () => 'status', NotJson: () => 'json' }, ({ _tag }) => _tag)
    fc.assert(
      fc.property(tag, (name) => {
        expect(read(errorOf(name))).toBe(name === 'StatusError' ? 'status' : name === 'NotJson' ? 'json' : name)
      }),
    )
  })
  it.each(['toString', '__proto__', 'constructor', 5, undefined])('never calls an inherited function (%s)', (_tag) => {
    const error = untyped<HttpError.HttpError>({ _tag, message: 'x' })
    expect(HttpError.matchOr({ StatusError: () => 'status' }, () => 'other')(error)).toBe('other')
    expect(pipe(error, HttpError.match(untyped<Tagged.Handlers<HttpError.HttpError>>({})))).toBeUndefined()
  })
})

describe('a type guard', () => {
  it('accepts the errors of its tag only', () => {
    fc.assert(
      fc.property(tag, tag, (name, other) => {
        expect(HttpError.is(name)(errorOf(other))).toBe(name === other)
      }),
    )
  })
  it('rejects what is not an error', () => {
    fc.assert(
      fc.property(fc.anything(), tag, (u, name) => {
        expect(HttpError.is(name)(u)).toBe(false)
      }),
    )
  })
  it('narrows in a filter, and in a condition', () => {
    const errors: Array<HttpError.PlanError> = [
      { _tag: 'InvalidHeader', name: 'A', message: '' },
      { _tag: 'InvalidBody', message: '' },
    ]
    expect(
      pipe(
        errors,
        A.filter(HttpError.is('InvalidHeader')),
        A.map(({ name }) => name),
      ),
    ).toEqual(['A'])
    const [first] = errors
    expect(HttpError.is('InvalidHeader')(first) && first.name).toBe('A')
    expect(
      pipe(
        O.fromNullable(first),
        O.filter(HttpError.is('InvalidHeader')),
        O.map(({ name }) => name),
      ),
    ).toEqual(O.some('A'))
  })
})

describe('printing', () => {
  it('is one line for every error', () => {
    fc.assert(
      fc.property(tag, fc.string(), (_tag, message) => {
        const shown = HttpError.Show.show(untyped({ _tag, message }))
        expect(shown.startsWith(`${_tag}: `)).toBe(true)
        expect(shown).not.toMatch(/[\n\r\u001b]/)
      }),
    )
  })
  it('never throws', () => {
    const hostile = {
      get _tag() {
        throw new Error('getter')
      },
    }
    for (const u of [null, undefined, 5, 'text', {}, new Error('x'), hostile]) {
      expect(typeof HttpError.show(untyped(u))).toBe('string')
    }
  })
})

describe('an exception', () => {
  it('has the tag and the message of the error, and the error itself, which is not printed', () => {
    fc.assert(
      fc.property(tag, (name) => {
        const error = { ...errorOf(name), secret: 'hunter2' }
        const exception = HttpError.toException(error)
        expect(exception).toBeInstanceOf(Error)
        expect([exception.name, exception.message]).toEqual([name, `the ${name}`])
        expect(exception.reason).toBe(error)
        expect(inspect(exception) + JSON.stringify(exception) + exception).not.toContain('hunter2')
      }),
    )
  })
  it.each([null, undefined, 5, 'text', {}, { _tag: 1, message: 2 }])(
    'is made of anything that was given (%j)',
    (given) => {
      const exception = HttpError.toException(untyped<HttpError.HttpError>(given))
      expect([exception.name, exception.message, exception.reason]).toEqual(['Error', 'no message', given])
    },
  )
})

/** What any value that is passed as a schema becomes: a verdict, and never an exception or a rejection. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { check, checkSync, isDecoder, isSchema, type StandardSchema } from '../../src/values/StandardSchema.js'
import { untyped } from '../untyped.js'

const schemaOf = (validate: (value: unknown) => unknown, vendor: unknown = 'test'): StandardSchema<unknown> =>
  untyped({ '~standard': { version: 1, vendor, validate } })

const fail = (): never => {
  throw new Error('hunter2')
}
const throwingAt = (key: string, value: object = {}): object => Object.defineProperty(value, key, { get: fail })
const allThrow = new Proxy({}, { get: fail, has: fail })

const asSchema = (u: unknown): StandardSchema<unknown> => untyped(u)

const ISSUES = [{ message: 'no', path: ['a'] }]

describe('a verdict', () => {
  it('is that of the result, at once or later (property)', () =>
    fc.assert(
      fc.asyncProperty(fc.anything(), fc.boolean(), fc.boolean(), async (value, isValid, isLater) => {
        const result = isValid ? { value } : { issues: ISSUES }
        const verdict = check(
          schemaOf(() => (isLater ? Promise.resolve(result) : result)),
          1,
        )
        expect(verdict instanceof Promise).toBe(isLater)
        expect(await verdict).toEqual(isValid ? { _tag: 'Valid', value } : { _tag: 'Rejected', issues: ISSUES })
      }),
    ))
  it('is made for any schema and any result, without an exception (property)', () =>
    fc.assert(
      fc.asyncProperty(fc.anything(), fc.boolean(), async (anything, isLater) => {
        expect(await check(asSchema(anything), 1)).toMatchObject({ _tag: 'Broken' })
        const verdict = await check(
          schemaOf(() => (isLater ? Promise.resolve(anything) : anything)),
          1,
        )
        expect(['Valid', 'Rejected', 'Broken']).toContain(verdict._tag)
      }),
    ))
  it('gets the value, and the interface as this', () => {
    const seen: unknown[] = []
    const standard = {
      version: 1,
      vendor: 'test',
      validate(this: unknown, value: unknown) {
        seen.push(this === standard, value)
        return { value }
      },
    }
    checkSync(asSchema({ '~standard': standard }), 5)
    expect(seen).toEqual([true, 5])
  })
  it.each<[string, unknown]>([
    ['an empty list', []],
    ['a list', ISSUES],
  ])('is Rejected for %s of issues, even with a value', (_, issues) => {
    expect(
      checkSync(
        schemaOf(() => ({ value: 1, issues })),
        1,
      ),
    ).toMatchObject({ _tag: 'Rejected' })
  })
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['text', 'schema'],
    ['an empty object', {}],
    ['no interface', { '~standard': null }],
    ['another version', { '~standard': { version: 2, vendor: 'test', validate: (value: unknown) => ({ value }) } }],
    ['no function', { '~standard': { version: 1, vendor: 'test', validate: 5 } }],
    ['an interface that throws', throwingAt('~standard')],
    ['a version that throws', { '~standard': throwingAt('version') }],
    ['a function that throws when read', { '~standard': throwingAt('validate', { version: 1 }) }],
    ['a proxy', allThrow],
    ['a result that is a number', schemaOf(() => 5)],
    ['a result without a value', schemaOf(() => ({}))],
    ['issues that are text', schemaOf(() => ({ issues: 'no' }))],
    ['a result whose issues throw', schemaOf(() => throwingAt('issues'))],
    ['a result whose value throws', schemaOf(() => throwingAt('value'))],
    ['a result whose then throws', schemaOf(() => throwingAt('then'))],
    ['a result that is a proxy', schemaOf(() => allThrow)],
    ['a function that throws', schemaOf(fail)],
    ['a function that rejects', schemaOf(() => Promise.reject(new Error('hunter2')))],
    ['a promise of nothing', schemaOf(() => Promise.resolve())],
    ['a then that throws', schemaOf(() => Object.defineProperty({}, 'then', { value: fail }))],
  ])('is Broken for %s, and does not repeat what was thrown', async (_, schema) => {
    for (const verdict of [await check(asSchema(schema), 1), checkSync(asSchema(schema), 1)]) {
      expect(verdict._tag).toBe('Broken')
      expect(verdict._tag === 'Broken' && verdict.problem).not.toContain('hunter2')
    }
  })
  it('does not wait for a promise where it cannot, and ignores its rejection', async () => {
    const rejections: unknown[] = []
    const onRejection = (reason: unknown): void => void rejections.push(reason)
    process.on('unhandledRejection', onRejection)
    expect(
      checkSync(
        schemaOf(() => Promise.reject(new Error('late'))),
        1,
      )._tag,
    ).toBe('Broken')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', onRejection)
    expect(rejections).toEqual([])
  })
  it('has what the schema threw', () => {
    const error = new Error('hunter2')
    const verdict = checkSync(
      schemaOf(() => {
        throw error
      }),
      1,
    )
    expect(verdict._tag === 'Broken' && verdict.error === error).toBe(true)
  })
})

describe('a decoder', () => {
  it('is a function without the interface', () => {
    const callable = Object.assign(() => 1, { '~standard': { version: 1 } })
    expect([() => 1, callable, {}, new Proxy(() => 1, { get: fail })].map((u) => isDecoder(asSchema(u)))).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect([() => 1, callable, {}, allThrow, null].map(isSchema)).toEqual([false, true, false, true, false])
  })
  it('stays one if Object.prototype is polluted', () => {
    const polluted = Object.prototype as Record<string, unknown> // it is what an attacker writes to
    try {
      polluted['~standard'] = { version: 1, vendor: 'evil', validate: () => ({ value: 'evil' }) }
      polluted['issues'] = []
      expect(isDecoder(asSchema(() => 1))).toBe(true)
      expect(isSchema({})).toBe(false)
      expect(checkSync(asSchema({}), 1)).toMatchObject({ _tag: 'Broken' })
      expect(
        checkSync(
          schemaOf(() => ({ value: 1 })),
          1,
        ),
      ).toMatchObject({ _tag: 'Valid' })
    } finally {
      delete polluted['~standard']
      delete polluted['issues']
    }
  })
})

/**
 * The test suite of the authors of RFC 6570, if it is present: the expansion as the RFC defines it, and what `Url.template`
 * returns. It differs where a variable of the path vanishes or has no text, and where a value would leave its place.
 */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { Url } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import * as Expansion from '../../src/values/template/Expansion.js'
import * as TemplateSyntax from '../../src/values/template/TemplateSyntax.js'
import type { Value } from '../../src/values/template/TemplateVariables.js'

type Variables = Readonly<Record<string, Value | null>>

interface Group {
  readonly variables: Variables
  readonly testcases: ReadonlyArray<readonly [template: string, expected: string | ReadonlyArray<string> | false]>
}

const folder =
  process.env['REQUESTS_TS_VECTORS'] ?? resolve(fileURLToPath(new URL('../..', import.meta.url)), '../shared/vectors')

const groupsOf = (name: string): ReadonlyArray<readonly [string, Group]> => {
  const path = resolve(folder, 'rfc6570', name)
  return existsSync(path) ? Object.entries(JSON.parse(readFileSync(path, 'utf8'))) : []
}

type Case = readonly [template: string, variables: Variables, expected: ReadonlyArray<string>]

const cases: ReadonlyArray<Case> = ['spec-examples.json', 'spec-examples-by-section.json', 'extended-tests.json']
  .flatMap(groupsOf)
  .flatMap(([, { variables, testcases }]) =>
    testcases.map(([template, expected]): Case => [template, variables, expected === false ? [] : [expected].flat()]),
  )

/** Expands as RFC 6570 does: a variable without a value vanishes, and any value is written. */
const expandedByRfc = (template: string, variables: Variables): string => {
  const parts = TemplateSyntax.parse(template)
  if (E.isLeft(parts)) return expect.fail(parts.left.message)
  return parts.right
    .map((part) => {
      if (part._tag === 'Literal') return part.text
      const values = part.variables.map(({ name }) => Expansion.read(variables[name]))
      return Expansion.write(
        part,
        values.map((value) => (E.isRight(value) ? value.right : expect.fail(value.left))),
      )
    })
    .join('')
}

if (cases.length === 0) console.log(`SKIPPED: ${folder}/rfc6570 is missing`)

describe.skipIf(cases.length === 0)('the test suite of RFC 6570', () => {
  it.each(cases)('%s with %j', (template, variables, expected) => {
    expect(expected).toContain(expandedByRfc(template, variables))
  })
  it('is refused by Url.template only where a part of the path has no value or no text', () => {
    const refused = new Map<string, string>()
    for (const [template, variables, expected] of cases) {
      const outcome = Url.template(template)(variables)
      if (E.isRight(outcome)) expect(expected).toContain(outcome.right)
      else refused.set(template, outcome.left._tag)
    }
    // The suite names a variable without a value `undef`, and one without text or items `empty…`.
    expect([...refused].filter(([template]) => !/undef|empty/.test(template))).toEqual([])
    const tags = [...refused.values()]
    expect(tags.filter((tag) => tag === 'MissingVariable').length).toBe(10)
    expect(tags.filter((tag) => tag === 'InvalidVariable').length).toBe(1)
  })
  const negative = groupsOf('negative-tests.json').flatMap(([, { testcases, variables }]) =>
    testcases.map(([template]) => [template, variables] as const),
  )
  it.each(negative)('refuses %s', (template, variables) => {
    const outcome = Url.template(template)(variables)
    expect(E.isLeft(outcome) && outcome.left._tag).toMatch(/^InvalidTemplate$|^InvalidVariable$/)
  })
})

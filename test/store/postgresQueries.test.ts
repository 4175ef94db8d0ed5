/** The statements of the stores in PostgreSQL with a client of the test: which failures create a table or are tried again. */
import { describe, expect, it } from 'vitest'
import { querier } from '../../src/store/PostgresQueries.js'

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/** A client whose table does not exist until `create` has run, also if that fails because another process was faster. */
const withoutTable = (codeOfCreate: string | undefined) => {
  const statements: string[] = []
  let exists = false
  const query = async (text: string) => {
    statements.push(text)
    if (text === 'create') {
      exists = true
      if (codeOfCreate !== undefined) throw failure(codeOfCreate)
      return { rows: [] }
    }
    if (!exists) throw failure('42P01')
    return { rows: [{ n: 1 }] }
  }
  return { statements, run: querier({ query }, 'create') }
}

describe('a table that does not exist', () => {
  it.each([undefined, '23505', '42P07', '42710'])('is created, whoever is faster (%s)', async (code) => {
    const { statements, run } = withoutTable(code)
    expect(await run('select')).toEqual([{ n: 1 }])
    expect(statements).toEqual(['select', 'create', 'select'])
  })
  it.each(['42501', '53100', '08006'])('is an error if it cannot be created (%s)', async (code) => {
    await expect(withoutTable(code).run('select')).rejects.toMatchObject({ code })
  })
})

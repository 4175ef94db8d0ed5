import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { Clock, Environment } from 'requests-ts'
import { beforeEach, describe, expect, it } from 'vitest'
import * as Arguments from '../../src/cli/Arguments.js'
import * as Assemble from '../../src/cli/Assemble.js'
import * as SecretArguments from '../../src/cli/SecretArguments.js'
import type { Sink, Terminal } from '../../src/cli/Terminal.js'
import * as Body from '../../src/values/Body.js'
import * as Secret from '../../src/values/Secret.js'

const silent: Sink = { isTTY: false, columns: 80, write: async () => ({ _tag: 'Written' }) }

const terminal = (input: string): Terminal => ({
  out: silent,
  err: silent,
  input: async function* () {
    yield Buffer.from(input)
  },
  NO_COLOR: undefined,
  variable: (name) => (name === 'TOKEN' ? 'from-variable' : undefined),
  environment: () => Environment.empty,
  clock: Clock.system,
  signal: new AbortController().signal,
})

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'requests-ts-credentials-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

const run = (words: ReadonlyArray<string>): Arguments.Run => {
  const asked = Arguments.parse(['plan', 'http://h.test/', ...words])
  return E.isRight(asked) && asked.right._tag === 'Run' ? asked.right : expect.fail('it is not a run')
}

const resolved = (words: ReadonlyArray<string>, input = '') => {
  const { target, options } = run(words)
  return SecretArguments.resolve(target, options, terminal(input))
}

describe('credentials', () => {
  it.each([
    ['me:C4N4RY', 'me:C4N4RY'],
    ['me:C4N4RY\n', 'me:C4N4RY'],
    ['me:C4N4RY\r\n', 'me:C4N4RY'],
    ['me: C4N4RY ', 'me: C4N4RY '],
  ])('are the one line %j of a file or of the standard input', async (text, auth) => {
    writeFileSync(join(folder, 'auth'), text)
    expect(await resolved(['--auth', `@${join(folder, 'auth')}`])).toMatchObject({ right: { auth } })
    expect(await resolved(['--bearer', `@${join(folder, 'auth')}`])).toMatchObject({ right: { bearer: auth } })
    expect(await resolved(['--auth', '@-'], text)).toMatchObject({ right: { auth } })
  })
  it('are the value of a variable', async () => {
    expect(await resolved(['--bearer-env', 'TOKEN'])).toMatchObject({ right: { bearer: 'from-variable' } })
    expect(await resolved(['--auth-env', 'TOKEN'])).toMatchObject({ right: { auth: 'from-variable' } })
  })
  it('are what is written, with one backslash before @', async () => {
    expect(await resolved(['--auth', 'me:p@w'])).toMatchObject({ right: { auth: 'me:p@w' } })
    expect(await resolved(['--auth', '\\@me:pw'])).toMatchObject({ right: { auth: '@me:pw' } })
    expect(await resolved(['--auth', '\\me:pw'])).toMatchObject({ right: { auth: '\\me:pw' } })
  })
  it.each<readonly [ReadonlyArray<string>, string]>([
    [['--auth', '@'], ''],
    [['--auth', '@/nonexistent/file'], ''],
    [['--auth', '@-'], ''],
    [['--auth', '@-'], 'C4N4RY\nX: y'],
    [['--auth', '@-', '@-'], 'C4N4RY'],
    [['--bearer', '@-'], 'C4N4RY'.repeat(20_000)],
    [['--bearer-env', 'ABSENT'], ''],
  ])('are refused as %j, and not shown', async (words, input) => {
    const read = await resolved(words, input)
    expect(read).toMatchObject({ left: { _tag: 'Misuse' } })
    expect(JSON.stringify(read)).not.toContain('C4N4RY')
  })
  it.each([
    [['--auth', 'a:b', '--auth-env', 'TOKEN']],
    [['--auth-env', 'TOKEN', '--bearer-env', 'TOKEN']],
    [['--bearer', 't', '--bearer-env', 'TOKEN']],
  ])('contradict each other: %j', (words) => {
    expect(E.isLeft(Arguments.parse(['plan', 'http://h.test/', ...words]))).toBe(true)
  })
})

describe('a JSON item', () => {
  it('goes out with the digits that were written', () => {
    const { target, options } = run([])
    const item = (name: string, text: string) => ({ _tag: 'Json', name, text }) as const
    const made = Assemble.assemble(
      target,
      [
        item('id', '12345678901234567890'),
        item('n', '{"a": [1.10, 1e400]}'),
        { _tag: 'Field', name: '"', value: '1.0' },
      ],
      options,
    )
    if (E.isLeft(made)) return expect.fail(made.left.message)
    const encoded = Body.encode(made.right.request.body)
    if (E.isLeft(encoded) || encoded.right.payload._tag !== 'Bytes') return expect.fail('it has no bytes')
    const text = Buffer.from(Secret.open(encoded.right.payload.bytes)).toString()
    expect(text).toBe('{"id":12345678901234567890,"n":{"a":[1.10,1e400]},"\\"":"1.0"}')
    expect(encoded.right.contentType).toBe('application/json')
  })
})

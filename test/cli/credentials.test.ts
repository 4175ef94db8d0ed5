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

const invocation = (words: ReadonlyArray<string>): Arguments.Invocation => {
  const parsed = Arguments.parse(['plan', 'http://h.test/', ...words])
  return E.isRight(parsed) && parsed.right._tag === 'Invocation' ? parsed.right : expect.fail('it is not an invocation')
}

const resolved = (words: ReadonlyArray<string>, input = '') => {
  const { target, options } = invocation(words)
  return SecretArguments.resolve(target, options, terminal(input))
}

describe('SecretArguments (specification)', () => {
  it.each([
    ['me:C4N4RY', 'me:C4N4RY'],
    ['me:C4N4RY\n', 'me:C4N4RY'],
    ['me:C4N4RY\r\n', 'me:C4N4RY'],
    ['me: C4N4RY ', 'me: C4N4RY '],
  ])('reads %j from a file or the standard input, without its last line end', async (text, auth) => {
    writeFileSync(join(folder, 'auth'), text)
    expect(await resolved(['--auth', `@${join(folder, 'auth')}`])).toMatchObject({ right: { auth } })
    expect(await resolved(['--bearer', `@${join(folder, 'auth')}`])).toMatchObject({ right: { bearer: auth } })
    expect(await resolved(['--auth', '@-'], text)).toMatchObject({ right: { auth } })
  })
  it('reads an environment variable', async () => {
    expect(await resolved(['--bearer-env', 'TOKEN'])).toMatchObject({ right: { bearer: 'from-variable' } })
    expect(await resolved(['--auth-env', 'TOKEN'])).toMatchObject({ right: { auth: 'from-variable' } })
  })
  it('takes an argument that does not begin with @ literally, and removes one backslash before @', async () => {
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
  ])('rejects %j with a message that does not contain the secret', async (words, input) => {
    const read = await resolved(words, input)
    expect(read).toMatchObject({ left: { _tag: 'UsageError' } })
    expect(JSON.stringify(read)).not.toContain('C4N4RY')
  })
  it.each([
    [['--auth', 'a:b', '--auth-env', 'TOKEN']],
    [['--auth-env', 'TOKEN', '--bearer-env', 'TOKEN']],
    [['--bearer', 't', '--bearer-env', 'TOKEN']],
  ])('rejects options that cannot be combined: %j', (words) => {
    expect(E.isLeft(Arguments.parse(['plan', 'http://h.test/', ...words]))).toBe(true)
  })
})

describe('a JSON item (specification)', () => {
  it('keeps the digits of large and precise numbers', () => {
    const { target, options } = invocation([])
    const item = (name: string, value: string) => ({ _tag: 'Json', name, value }) as const
    const assembled = Assemble.assemble(
      target,
      [
        item('id', '12345678901234567890'),
        item('n', '{"a": [1.10, 1e400]}'),
        { _tag: 'Field', name: '"', value: '1.0' },
      ],
      options,
    )
    if (E.isLeft(assembled)) return expect.fail(assembled.left.message)
    const encoded = Body.encode()(assembled.right.request.body)
    if (E.isLeft(encoded) || encoded.right.payload._tag !== 'Bytes') return expect.fail('the body has no bytes')
    const text = Buffer.from(Secret.open(encoded.right.payload.bytes)).toString()
    expect(text).toBe('{"id":12345678901234567890,"n":{"a":[1.10,1e400]},"\\"":"1.0"}')
    expect(encoded.right.contentType).toBe('application/json')
  })
})

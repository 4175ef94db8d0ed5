import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import os, { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as Environment from '../../src/Environment.js'
import * as Secret from '../../src/values/Secret.js'

describe('the environment of the process', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'requests-ts-'))
    homeIs(() => folder)
  })
  afterEach(() => {
    vi.restoreAllMocks()
    vi.unstubAllEnvs()
    syncBuiltinESMExports()
    rmSync(folder, { recursive: true })
  })
  /** Replaces `os.homedir`, which ignores a changed HOME in worker threads. */
  const homeIs = (homedir: () => string): void => {
    vi.spyOn(os, 'homedir').mockImplementation(homedir)
    syncBuiltinESMExports()
  }
  const write = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const readFrom = (path: string | undefined, host = 'h') => {
    vi.stubEnv('NETRC', path)
    const environment = Environment.read()
    return {
      found: pipe(
        Environment.credentialsFor(host)(environment),
        O.map(({ user, pass }) => `${user}:${Secret.reveal(pass)}`),
        O.toUndefined,
      ),
      problems: Environment.problems(environment),
    }
  }
  const GOOD = 'machine h login u password p'
  const FOUND = { found: 'u:p', problems: [] }
  const NOTHING = { found: undefined, problems: [] }
  const failed = (problem: string | RegExp) => ({ found: undefined, problems: [expect.stringMatching(problem)] })

  it('has the variables of the process', () => {
    vi.stubEnv('NETRC', '')
    vi.stubEnv('piano_proxy', 'http://p:1')
    expect(
      pipe(
        Environment.read(),
        Environment.proxyFor({ protocol: 'piano:', hostname: 'h', port: '' }),
        O.map(Secret.reveal),
      ),
    ).toEqual(O.some('http://p:1'))
  })

  it.each(['', devNull])('reads no netrc file, and has no problem, if NETRC is %j', (path) => {
    vi.stubEnv('NETRC', path)
    expect(Environment.problems(Environment.read())).toEqual([])
  })
  it.each(['get', 'ownKeys'] as const)('is empty, with a problem, if the runtime denies to %s variables', (trap) => {
    const { env } = process
    const deny = (): never => {
      throw new Error('Requires env access')
    }
    try {
      process.env = new Proxy({}, { [trap]: deny })
      const environment = Environment.read()
      expect(environment.variables.size).toBe(0)
      expect(Environment.problems(environment)).toEqual([expect.stringContaining('Requires env access')])
    } finally {
      process.env = env
    }
  })
  it('reads only the file in NETRC if it is set', () => {
    const path = write('mine', GOOD)
    write('.netrc', 'machine h login other password o machine i login other password o')
    expect(readFrom(path)).toEqual(FOUND)
    expect(readFrom(path, 'i')).toEqual(NOTHING)
    expect(readFrom('')).toEqual(NOTHING)
    expect(readFrom(join(folder, 'absent'))).toEqual(NOTHING)
  })
  it('reads .netrc, else _netrc, of the home folder if NETRC is not set', () => {
    expect(readFrom(undefined)).toEqual(NOTHING)
    write('_netrc', 'machine h login underscore password u')
    expect(readFrom(undefined)).toEqual({ found: 'underscore:u', problems: [] })
    write('.netrc', GOOD)
    expect(readFrom(undefined)).toEqual(FOUND)
    write('.netrc', '')
    expect(readFrom(undefined)).toEqual(NOTHING)
  })
  it('has the path of the file that was read, for explanations', () => {
    const pathOf = (path: string | undefined) => {
      vi.stubEnv('NETRC', path)
      return Environment.read().netrcPath
    }
    expect(pathOf(undefined)).toBeUndefined()
    const path = write('.netrc', GOOD)
    expect(pathOf(undefined)).toBe(path)
    expect(pathOf('')).toBeUndefined()
    expect(pathOf(folder)).toBeUndefined()
    const mine = write('mine', GOOD)
    expect(pathOf(mine)).toBe(mine)
  })
  it('expands a leading ~ in NETRC, but neither ~name nor ~ inside a path', () => {
    mkdirSync(join(folder, 'home'))
    homeIs(() => join(folder, 'home'))
    write('home/mine', GOOD)
    expect(readFrom('~/mine')).toEqual(FOUND)
    expect(readFrom('~')).toEqual(failed(join(folder, 'home')))
    write('homemine', GOOD)
    expect(readFrom('~mine')).toEqual(NOTHING)
    const path = write('a~', GOOD)
    expect(readFrom(path)).toEqual(FOUND)
    expect(readFrom(`${join(folder, 'home')}/~/mine`)).toEqual(NOTHING)
  })
  it('reports a missing home folder only if the file is in it', () => {
    homeIs(() => {
      throw new Error('ENOENT: no such file or directory, uv_os_homedir')
    })
    const homeless = failed(/home folder/)
    expect(readFrom(undefined)).toEqual(homeless)
    expect(readFrom('~/mine')).toEqual(homeless)
    expect(readFrom(write('mine', GOOD))).toEqual(FOUND)
    expect(readFrom('')).toEqual(NOTHING)
  })

  it('decodes a netrc file as UTF-8, else as Latin-1', () => {
    expect(readFrom(write('utf8', 'machine h login ü password ☃'))).toEqual({ found: 'ü:☃', problems: [] })
    expect(readFrom(write('latin1', Buffer.from('machine h login ü password ß', 'latin1')))).toEqual({
      found: 'ü:ß',
      problems: [],
    })
  })
  it('rejects a netrc file larger than 1 MiB', () => {
    const text = `${GOOD}\n`
    const path = write('large', text.padEnd(1_048_576, ' '))
    expect(readFrom(path)).toEqual(FOUND)
    write('large', text.padEnd(1_048_577, ' '))
    expect(readFrom(path)).toEqual(failed(/1 MiB/))
  })
  it('reports a file that cannot be read, and returns no partial credentials', () => {
    const loop = join(folder, 'loop')
    symlinkSync(loop, loop)
    expect(readFrom(folder)).toEqual(failed(folder))
    expect(readFrom(loop)).toEqual(failed(/ELOOP/))
    expect(readFrom(write('broken', `${GOOD} what`))).toEqual(failed(/^netrc: line 1: /))
    expect(readFrom(write('binary', Buffer.from([0, 255, 254, 1])))).toEqual(failed(/^netrc: line 1: /))
  })
  it('does not try _netrc if .netrc cannot be read', () => {
    mkdirSync(join(folder, '.netrc'))
    write('_netrc', GOOD)
    expect(readFrom(undefined)).toEqual(failed(join(folder, '.netrc')))
  })
})

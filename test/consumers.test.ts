import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// The packed declarations, as the compilers and settings of users read them: beside fp-ts, io-ts and fast-check, but
// without the types of Node.

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'requests-ts-consumers-'))
const library = join(folder, 'node_modules', 'requests-ts')

/** Runs a program with this Node and returns its output if it fails. */
const run = (...args: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder }, (error, stdout, stderr) =>
      resolve(error === null ? '' : `${stdout}${stderr}` || error.message),
    )
  })

/** The paths of the compilers. `.build/compilers.mjs` installs those that the project does not use itself. */
const compilers = new Map(
  ['5.4', '5.9', '7'].map((version) => {
    const module = new URL('../.build/compilers.mjs', import.meta.url).href
    const program = `import { tsc } from '${module}'; process.stdout.write(tsc('${version}'))`
    const path = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
    return [version, path] as const
  }),
)

const binOf = (name: string, command: string): string => {
  const place = join(root, 'node_modules', name)
  return join(place, JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')).bin[command])
}

const PROGRAM = `
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { Client, Exchange, Http, HttpError, Jar, Plan, Request, Response, Session, Stream, Transport } from 'requests-ts'
import * as Headers from 'requests-ts/Headers'
import { RuleSet, serving } from 'requests-ts/laws'

const session: Session.Session = pipe(Session.defaults, Session.withHeader('X-A', '1'), Session.withTimeouts({ total: 1_000 }))

export const users: Http.Http<Exchange.SendError | HttpError.HttpError<t.Errors>, ReadonlyArray<string>> = pipe(
  Http.post('https://api.example.com/users', Request.withJson({ page: 1 })),
  SRTE.flatMapEither(Response.ok),
  SRTE.flatMapEither(Response.json(t.readonlyArray(t.string).decode)),
)
export const first = Http.stream((head, body) =>
  TE.tryCatch(async () => {
    for await (const line of Stream.lines()(body)) return O.some(line)
    return O.none
  }, String))(Request.get('https://api.example.com/lines'))

export const outcome = pipe(users, Client.use({ session, transport: Transport.memory({}) }))
export const names: ReturnType<typeof outcome> extends Promise<E.Either<unknown, readonly [ReadonlyArray<string>, Jar.Jar]>>
  ? true
  : false = true

export const shown = (plan: Plan.Plan): string => plan.headers === Headers.empty ? '' : Plan.toHttp()(plan)
export const refuted = RuleSet.refuted(serving(Transport.memory), { numRuns: 1 })

// @ts-expect-error: the types are not any
Http.get(1)
// @ts-expect-error: an internal module
import { get } from 'requests-ts/src/Http'
`

/** One file for each: an ES module, a CommonJS module, and one for bundlers. */
const SETTINGS = {
  node16: { module: 'node16', file: 'main.cts' },
  nodenext: { module: 'nodenext', file: 'main.mts' },
  bundler: { module: 'esnext', file: 'main.ts' },
} as const

const check = (version: string, moduleResolution: keyof typeof SETTINGS): Promise<string> => {
  const { module, file } = SETTINGS[moduleResolution]
  const place = join(folder, `${version}-${moduleResolution}`)
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022', 'dom'],
    module,
    moduleResolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    types: [],
  }
  mkdirSync(place)
  writeFileSync(join(place, file), PROGRAM)
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
  return run(compilers.get(version) ?? '', '-p', place)
}

describe('the packed declarations', { timeout: 180_000 }, () => {
  let tarball = ''
  beforeAll(() => {
    const pack = ['pack', '--ignore-scripts', '--pack-destination', folder]
    execFileSync('npm', pack, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    const [name = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'))
    tarball = join(folder, name)
    mkdirSync(library, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '-C', library, '--strip-components=1'])
    for (const peer of ['fp-ts', 'io-ts', 'fast-check']) {
      symlinkSync(join(root, 'node_modules', peer), join(folder, 'node_modules', peer), 'junction')
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const matrix = [...compilers.keys()].flatMap((version) =>
    (['node16', 'nodenext', 'bundler'] as const).map((resolution) => [version, resolution] as const),
  )
  it.concurrent.each(matrix)('compile with TypeScript %s and moduleResolution %s', async (version, resolution) => {
    expect(await check(version, resolution)).toBe('')
  })
  it.concurrent('satisfy publint', async () => {
    expect(await run(binOf('publint', 'publint'), tarball, '--strict')).toBe('')
  })
  it.concurrent('satisfy Are The Types Wrong with every module resolution', async () => {
    // One namespace, because all have the same shape; `npm run release:check` tests each.
    const options = ['--profile', 'strict', '--format', 'ascii', '--no-emoji', '--entrypoints', '.', 'laws', 'Http']
    expect(await run(binOf('@arethetypeswrong/cli', 'attw'), tarball, ...options)).toBe('')
  })
})

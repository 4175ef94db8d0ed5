import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { INTEGRATION, PACKAGE } from './vitest.config.js'

// The architecture: each folder of `src` is a layer. A module imports from its own layer or a lower one, and never in a
// cycle. Only the modules that are listed here hold state, use a class, or depend on the time, the process or randomness.

const src = fileURLToPath(new URL('../src', import.meta.url))

/** From the lowest to the highest. The empty name is that of the entry points, which are directly in `src`. */
const LAYERS = ['values', 'cookies', 'wire', 'session', 'stages', 'inspect', 'transport', 'store', '', 'cli']

/** The parts of entry points. They belong to the same layer. */
const PARTS = ['errors', 'program', 'client', 'durable']

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
const text = (file: string): string => readFileSync(join(src, file), 'utf8')

/** What a string contributes to the code: the expressions that a template contains. */
const expressionsIn = (literal: string): string =>
  literal.startsWith('`') ? Array.from(literal.matchAll(/\$\{([^}]*)\}/g), ([, code]) => code).join(' ') : "''"

/** The code without comments and without the text of strings. */
const codeOf = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/gm, (found) =>
    found.startsWith('/') ? '' : expressionsIn(found),
  )

const code = (file: string): string => codeOf(text(file))

/** The names of the modules that a file imports. */
const specifiers = (file: string): string =>
  Array.from(
    text(file).matchAll(/^(?:import\b|export\b|\}).*from '([^']+)'|^(?! \*|\s*\/\/).*\bimport\('([^']+)'\)/gm),
    ([, name, dynamic]) => name ?? dynamic,
  ).join('\n')

const layerOf = (file: string): number => {
  const [folder = ''] = dirname(file).split('/')
  return LAYERS.indexOf(folder === '.' || PARTS.includes(folder) ? '' : folder)
}

const importsOf = (file: string): ReadonlyArray<string> =>
  [...text(file).matchAll(/^(?:import|export)\b[^'\n]*(?:\{[^}]*\}[^'\n]*)?from '(\.[^']+)'/gm)].map(([, path = '']) =>
    relative(src, resolve(src, dirname(file), path)).replace(/\.js$/, '.ts'),
  )

const graph = new Map(files.map((file) => [file, importsOf(file)]))

const acyclic = new Set<string>()
const cycleFrom = (file: string, path: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
  if (acyclic.has(file)) return undefined
  for (const imported of graph.get(file) ?? []) {
    const cycle = cycleFrom(imported, [...path, file])
    if (cycle !== undefined) return cycle
  }
  acyclic.add(file)
  return undefined
}

describe('layers', () => {
  it('are found with the imports of their modules', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(graph.get('stages/Exchange.ts')).toContain('stages/Settle.ts')
  })
  it('contain every module', () => {
    expect(files.filter((file) => layerOf(file) < 0)).toEqual([])
  })
  it('import from lower layers only', () => {
    const upward = files.flatMap((file) =>
      importsOf(file)
        .filter((imported) => layerOf(imported) > layerOf(file))
        .map((imported) => `${file} -> ${imported}`),
    )
    expect(upward).toEqual([])
  })
  it('have no import cycle', () => {
    for (const file of files) expect(cycleFrom(file, [])).toBeUndefined()
  })
})

// --- modules -------------------------------------------------------------------------------------------------------

const MAX_LINES = 350

/** Entry points that complete the module of the same name in a layer, so that users find both under one name. */
const ENTRY_POINTS: Readonly<Record<string, string>> = {
  'Auth.ts': 'adds `renewable` to the schemes',
  'JarStore.ts': 'adds the implementations to the type',
  'Log.ts': 'adds the implementations to the type',
  'Environment.ts': 'adds reading the environment of this process',
  'Multipart.ts': 'adds files to the parts',
  'OAuth2.ts': 'adds the programs that log a user in',
  'Plan.ts': 'adds planning and the printers to the type',
  'Request.ts': 'adds `fromCurl` and files to the request',
  'Story.ts': 'adds the diagram to the story',
  'Transport.ts': 'adds the implementations to the type',
}

describe('modules', () => {
  it(`have at most ${MAX_LINES} lines`, () => {
    expect(files.filter((file) => text(file).split('\n').length > MAX_LINES + 1).sort()).toEqual([])
  })
  it('have a name of their own', () => {
    const named = files.filter((file) => !Object.hasOwn(ENTRY_POINTS, file))
    const shared = named.filter((file) => named.some((other) => other !== file && basename(other) === basename(file)))
    expect(shared).toEqual([])
  })
  it('share a name only if they are listed', () => {
    const listed = Object.keys(ENTRY_POINTS)
    const isShared = (file: string) => files.some((other) => other !== file && basename(other) === basename(file))
    expect(listed.filter((file) => !isShared(file))).toEqual([])
  })
  it.each(['utils', 'helpers', 'common', 'misc'])('are not called %s', (name) => {
    expect(files.filter((file) => file.toLowerCase().includes(name))).toEqual([])
  })
  it('begin with a comment about their subject', () => {
    expect(files.filter((file) => !text(file).startsWith('/**'))).toEqual([])
  })
})

// --- state ---------------------------------------------------------------------------------------------------------

interface ModuleState {
  readonly file: string
  readonly name: string
  /** What limits its size. */
  readonly bound: string
  /** What it is for, and why it is safe. */
  readonly reason: string
}

const WEAK = 'weak: an entry lives as long as its key'

/** All state that modules keep between calls. None of it changes a result: it saves work, or identifies an object. */
const STATE: ReadonlyArray<ModuleState> = [
  {
    file: 'cookies/CookieSelection.ts',
    name: 'currentMemo',
    bound: WEAK,
    reason: 'one record for each key of an immutable list of cookies',
  },
  {
    file: 'cookies/CookieStore.ts',
    name: 'memos',
    bound: `${WEAK}; 8 entries for each store`,
    reason: 'the Cookie header of the last URLs, valid for a period; a store is immutable',
  },
  {
    file: 'cookies/PublicSuffix.ts',
    name: 'memo',
    bound: '4,096 hosts, then it is emptied',
    reason: 'the lookup in the public suffix list; a pure function of the host',
  },
  {
    file: 'cookies/SetCookie.ts',
    name: 'recent',
    bound: 'one entry, of the length of one field line',
    reason: 'the attributes that were parsed last; the cookies of one reply often have the same',
  },
  {
    file: 'cookies/Site.ts',
    name: 'byList',
    bound: 'one function',
    reason:
      'the lookup in the public suffix list, from the first stored cookie on; the jars of this copy are empty before',
  },
  {
    file: 'session/Environment.ts',
    name: 'cache',
    bound: WEAK,
    reason: 'proxies, NO_PROXY and netrc of an environment, parsed once; an environment is immutable',
  },
  {
    file: 'session/Mount.ts',
    name: 'cache',
    bound: WEAK,
    reason: 'the prefixes of the mounts of a session, parsed and sorted once; the list is immutable',
  },
  {
    file: 'session/SettingsRecord.ts',
    name: 'hiddenForName',
    bound: WEAK,
    reason: 'identifies values that are secret only because of the name of their header',
  },
  {
    file: 'stages/Authorize.ts',
    name: 'keys',
    bound: WEAK,
    reason:
      'the key of a token in the jar, for a renewable scheme and a base URL, so that its endpoint is parsed only once',
  },
  {
    file: 'stages/prepare/BodyCoding.ts',
    name: 'opens',
    bound: `${WEAK}; one entry for each content coding`,
    reason: 'the function that opens a stream compressed, so that equal requests have equal plans',
  },
  {
    file: 'stages/prepare/CookieHeader.ts',
    name: 'joined',
    bound: `${WEAK}; one entry for each Cookie header`,
    reason:
      'the header fields of a session together with a Cookie header; both are immutable, and compared by identity',
  },
  {
    file: 'stages/prepare/Credentials.ts',
    name: 'constant',
    bound: WEAK,
    reason: 'the header of Basic and Bearer, encoded once for each auth setting; the setting is immutable',
  },
  {
    file: 'stages/prepare/HeaderFields.ts',
    name: 'compiledHeaders',
    bound: WEAK,
    reason: 'the header fields of a session, checked once; the settings are immutable',
  },
  {
    file: 'stages/prepare/Route.ts',
    name: 'checkedTimeouts',
    bound: WEAK,
    reason: 'the timeouts of the settings, checked once; the settings are immutable',
  },
  {
    file: 'stages/prepare/Route.ts',
    name: 'normalised',
    bound: WEAK,
    reason: 'the proxies of the settings by their normal key; the settings are immutable',
  },
  {
    file: 'stages/prepare/Route.ts',
    name: 'parsedProxies',
    bound: WEAK,
    reason: 'one proxy object for each setting, so that a transport finds its pool by identity',
  },
  {
    file: 'stages/prepare/Route.ts',
    name: 'recent',
    bound: `${WEAK}; 8 entries for each environment`,
    reason: 'the route to an origin, decided once for the same settings; all of its inputs are compared',
  },
  {
    file: 'stages/prepare/TargetUrl.ts',
    name: 'bases',
    bound: WEAK,
    reason: 'the base URL of the settings, parsed once; the settings are immutable',
  },
  {
    file: 'stages/prepare/TlsSetting.ts',
    name: 'recent',
    bound: 'one entry',
    reason: 'one TLS object for the same settings, so that a transport finds its pool by identity',
  },
  {
    file: 'transport/download/FileLock.ts',
    name: 'held',
    bound: 'the locks that this thread holds; each is removed when it is released',
    reason: 'distinguishes a lock of this thread from one that a process with the same id left',
  },
  {
    file: 'transport/undici/Abort.ts',
    name: 'bySignal',
    bound: WEAK,
    reason: 'one listener for each abort signal of a caller, which has many requests',
  },
  { file: 'transport/undici/Http1.ts', name: 'isNewer', bound: WEAK, reason: 'which undici the process has loaded' },
  {
    file: 'transport/undici/Undici.ts',
    name: 'library',
    bound: 'one module',
    reason: 'undici, loaded with the first request',
  },
  {
    file: 'values/Charset.ts',
    name: 'charsets',
    bound: '64 types of at most 256 characters, then it is emptied',
    reason: 'the charset of a Content-Type; a pure function of its text, which servers choose',
  },
  {
    file: 'values/Charset.ts',
    name: 'decoders',
    bound: '64 labels, then it is emptied',
    reason: 'decoders are expensive to make, and keep no state between texts; servers choose the labels',
  },
  {
    file: 'values/OneShot.ts',
    name: 'bases',
    bound: WEAK,
    reason: 'the source that a derived one reads, such as its compression: both have one state',
  },
  { file: 'values/OneShot.ts', name: 'claimed', bound: WEAK, reason: 'guards that an exchange is sending' },
  {
    file: 'values/OneShot.ts',
    name: 'derivations',
    bound: `${WEAK}; one entry for each content coding`,
    reason: 'the derived source of a source, so that equal requests have equal plans',
  },
  {
    file: 'values/OneShot.ts',
    name: 'guards',
    bound: WEAK,
    reason: 'the guard of a body that can be read once: the same for the same source, wherever it is used',
  },
  { file: 'values/OneShot.ts', name: 'opened', bound: WEAK, reason: 'guards whose source was opened' },
  { file: 'values/OneShot.ts', name: 'sources', bound: WEAK, reason: 'the source of a guard' },
  {
    file: 'values/Url.ts',
    name: 'plainOrigins',
    bound: '64 origins, then it is emptied',
    reason: 'scheme and authority of plain URLs, parsed once; a pure function of their text',
  },
  {
    file: 'wire/Transport.ts',
    name: 'checked',
    bound: WEAK,
    reason: 'identifies the transports of this library that return only valid replies, and how to send through them',
  },
]

/** A variable or a collection at the top level that its type does not make read-only. */
const TOP_LEVEL =
  /^(?:export )?(?:let (\w+)|const (\w+)(?:: (?!Readonly)[^=\n]*)? = (?:new (?:Weak)?(?:Map|Set)\b|\[\]))/gm

const isWritten = (file: string, name: string): boolean =>
  new RegExp(`\\b${name}(?:\\.(?:set|add|delete|clear|push)\\(|\\[\\w+\\] = )`).test(code(file))

const stateOf = (file: string): ReadonlyArray<string> =>
  [...code(file).matchAll(TOP_LEVEL)].flatMap(([, variable, constant]) => {
    const name = variable ?? constant ?? ''
    return variable !== undefined || isWritten(file, name) ? [`${file}: ${name}`] : []
  })

describe('state of modules', () => {
  it('is listed with its bound and its reason', () => {
    const found = files.flatMap(stateOf)
    expect(found.sort()).toEqual(STATE.map(({ file, name }) => `${file}: ${name}`))
  })
})

// --- purity --------------------------------------------------------------------------------------------------------

/** What only the listed modules may use. Transports and the command may use all of it. */
const IMPURE: ReadonlyArray<readonly [what: string, pattern: RegExp, allowed: ReadonlyArray<string>]> = [
  ['the wall clock', /\bDate\.now\b|\bnew Date\(\)/, ['wire/Clock.ts']],
  ['the monotonic clock', /\bperformance\b/, ['wire/Clock.ts']],
  [
    'randomness',
    /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/,
    ['store/Cipher.ts', 'store/Pause.ts', 'store/TextFile.ts', 'wire/RandomSource.ts'],
  ],
  [
    'the process',
    /\bprocess\b/,
    ['client/ProcessEnvironment.ts', 'client/ProcessEnvironment.browser.ts', 'wire/NodeModules.ts'],
  ],
  ['the file system', /\bnode:fs\b/, ['client/ProcessEnvironment.ts']],
  [
    'classes',
    /\bclass\b/,
    [
      'client/RunningExchange.ts',
      'cookies/PersistentMap.ts',
      'cookies/SiteDraft.ts',
      'values/Secret.ts',
      'wire/DirectSource.ts',
      'wire/coding/Compressor.ts',
      'wire/coding/Inflater.ts',
    ],
  ],
  [
    'throw',
    /\bthrow\b/,
    [
      'program/Concurrency.ts',
      'program/Emission.ts',
      'program/PageReader.ts',
      'program/Streaming.ts',
      'store/TextFile.ts',
      'wire/coding/Coding.ts',
      'wire/coding/Compressor.ts',
      'wire/coding/Gzip.ts',
      'wire/coding/Inflater.ts',
      'wire/BodyReaders.ts',
      'wire/ServerSentEvents.ts',
      'wire/StreamItems.ts',
      'wire/coding/Zstd.ts',
    ],
  ],
  ['any', /: any\b|\bas any\b|<any>/, []],
]

describe('purity', () => {
  it.each(IMPURE)('limits %s to the listed modules', (_, pattern, allowed) => {
    const found = files.filter(
      (file) => pattern.test(`${specifiers(file)}\n${code(file)}`) && !/^(?:transport|cli)\//.test(file),
    )
    expect(found.filter((file) => !allowed.includes(file))).toEqual([])
  })
})

// --- portability ---------------------------------------------------------------------------------------------------

const root = fileURLToPath(new URL('..', import.meta.url))

/** Public modules that need Node: a server, or zlib. */
const NEED_A_SYSTEM: ReadonlySet<string> = new Set([
  ...['FailureLaws', 'Integration', 'RecordingServer', 'Transport'].map((name) => `laws/${name}.ts`),
  ...['integration', 'transport'].map((name) => `laws/rules/${name}.ts`),
])

/** What a module of a pure part may not name: a browser does not have it. Types are erased. */
const FOREIGN = /\b(?:Buffer|process|setImmediate|require|__dirname)\b/

/** They look up what the runtime has, or run only where it has it. */
const PORTABLE: Readonly<Record<string, string>> = {
  'src/wire/NodeModules.ts': 'returns undefined where there is no process',
  'src/wire/coding/Gzip.ts': 'setImmediate: decodes only where zlib exists',
  'src/wire/coding/Zstd.ts': 'setImmediate: decodes only where zlib exists',
  'src/transport/download/FileLock.ts': 'process: only after a function of NodeFiles, which throws in a browser',
  'src/transport/download/FileSystem.ts': 'process: only after a function of NodeFiles, which throws in a browser',
  'src/transport/download/FileTarget.ts': 'process: only after a function of NodeFiles, which throws in a browser',
  'src/client/ProcessEnvironment.browser.ts': 'no variables where there is no process',
}

const IMPORT = /^(?:import|export) (?!type\b)[^'\n]*(?:\{[^}]*\}[^'\n]*)?from '([^']+)'|^import '([^']+)'/gm
const textAt = (path: string): string => readFileSync(join(root, path), 'utf8')
const importedBy = (path: string): ReadonlyArray<string> =>
  Array.from(textAt(path).matchAll(IMPORT), ([, name = '', effect = '']) => name || effect)

/** Returns the module that a bundle for a browser has: `X.browser.ts` next to `X.ts`, if it exists. */
const inBrowser = (path: string): string => {
  const other = path.replace(/\.ts$/, '.browser.ts')
  return existsSync(join(root, other)) ? other : path
}

const reachableFrom = (entries: ReadonlyArray<string>): ReadonlyArray<string> => {
  const found = new Set<string>()
  const visit = (path: string): void => {
    if (found.has(path)) return
    found.add(path)
    for (const name of importedBy(path)) {
      if (name.startsWith('.'))
        visit(inBrowser(relative(root, resolve(root, dirname(path), name)).replace(/\.js$/, '.ts')))
    }
  }
  entries.forEach(visit)
  return [...found]
}

const publicModules = (index: string): ReadonlyArray<string> =>
  importedBy(index).map((name) => join(dirname(index), name).replace(/\.js$/, '.ts'))

/** What makes a module depend on Node. */
const dependenciesOf = (path: string): ReadonlyArray<string> => {
  const own = codeOf(textAt(path))
    .split('\n')
    .filter((line) => !Object.hasOwn(PORTABLE, path) && FOREIGN.test(line))
  const external = importedBy(path).filter((name) => /^(?:node:|undici|socks)/.test(name))
  const dynamic = textAt(path).match(/^(?! \*|\s*\/\/).*\bimport\('node:[^']*'\)/gm) ?? []
  return [...own, ...external, ...dynamic].map((found) => `${path}: ${found.trim()}`)
}

describe('the pure part', () => {
  const entries = ['src/index.ts', 'laws/index.ts'].flatMap(publicModules)
  const pure = entries.filter((path) => !NEED_A_SYSTEM.has(path))
  // Transports and their wrappers that a browser can use, which `src/Transport.ts` exports with the others.
  const wrappers = ['Limit', 'SharedLimit', 'RateLimiterFlexible', 'Record', 'Retry', 'Cancellation']
  const transports = [...wrappers, 'Memory', 'Replay', 'FileUpload', 'TapeJson', 'fetch/FetchTransport']
  const isLow = (path: string): boolean => /^src\/(?:values|cookies|wire|session|stages|inspect)\//.test(path)
  const low = files.map((file) => inBrowser(`src/${file}`)).filter(isLow)
  const reached = reachableFrom([...low, ...pure, ...transports.map((name) => `src/transport/${name}.ts`)])

  it('contains most public modules', () => {
    expect(pure.length).toBeGreaterThan(60)
    expect([...NEED_A_SYSTEM].filter((path) => !entries.includes(path))).toEqual([])
  })
  it('imports nothing from Node and uses none of its globals, so that it runs in a browser', () => {
    expect(reached.flatMap(dependenciesOf)).toEqual([])
  })
  it('lists only modules that need a system', () => {
    expect([...NEED_A_SYSTEM].filter((path) => reachableFrom([path]).flatMap(dependenciesOf).length === 0)).toEqual([])
    expect(Object.keys(PORTABLE).filter((path) => !FOREIGN.test(codeOf(textAt(path))))).toEqual([])
  })
})

describe('the test projects', () => {
  const test = fileURLToPath(new URL('.', import.meta.url))
  const tests = readdirSync(test, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.test.ts'))
  /** Supports `**`, `*` and `{a,b}`, the only syntax in the lists. */
  const patternOf = (glob: string): RegExp =>
    new RegExp(
      `^${glob
        .replace(/[.]/g, '\\.')
        .replace(/\*\*\/|\*/g, (stars) => (stars === '*' ? '[^/]*' : '(?:.*/)?'))
        .replace(/\{([^}]*)\}/g, (_, names: string) => `(?:${names.replaceAll(',', '|')})`)}$`,
    )
  const listed = (globs: ReadonlyArray<string>): ReadonlySet<string> => {
    const patterns = globs.map(patternOf)
    return new Set(tests.filter((path) => patterns.some((pattern) => pattern.test(`test/${path}`))))
  }
  const integration = listed(INTEGRATION)
  const built = listed(PACKAGE)

  it('keep sockets and processes out of the unit tests', () => {
    const unit = tests.filter((path) => !integration.has(path) && !built.has(path))
    // Functions and tables that open nothing are references for our own.
    const needs =
      /(?<!import \{ (?:BlockList|isIPv4, isIPv6|STATUS_CODES) \} )from '(?:node:(?:net|tls|https?|http2|child_process)|[./]*(?:servers|socks|echo|command)\.js)'/
    expect(unit.length).toBeGreaterThan(50)
    expect(unit.filter((path) => needs.test(readFileSync(join(test, path), 'utf8')))).toEqual([])
  })
  it('keep the build out of all but the package tests', () => {
    const needs = /command\.js'|[/]dist[/]/
    const found = tests.filter((path) => !built.has(path) && path !== 'layers.test.ts')
    expect(found.filter((path) => needs.test(readFileSync(join(test, path), 'utf8')))).toEqual([])
  })
})

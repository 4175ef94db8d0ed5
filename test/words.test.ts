import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

// Prose (comments, strings, Markdown) and identifiers are plain technical English. Each entry of the tables below is an
// expression or a name that the project does not use.

const CHECKED = ['src', 'laws', 'test', '.github', 'README.md']

const root = fileURLToPath(new URL('..', import.meta.url))

/** Files that quote these expressions, and test data. */
const EXCLUDED = /(?:^|\/)(?:words\.test\.ts|messages\.txt|vectors|inputs|node_modules|pki)(?:\/|$)/

/** Lines that keep an expression: an external table compares this message. */
const KEPT: Readonly<Record<string, string>> = {
  'src/inspect/curl/CurlBody.ts': ' is no attribute; put the content in double quotes',
}

const NOUN = '(?:it|they|a|an|the|no|one|that|each|every|some|there|these|its|his|what|nothing|servers?|users?)'

/** Expressions that prose must not use, with a plainer form. */
const EXPRESSIONS: ReadonlyArray<readonly [pattern: RegExp, instead: string]> = [
  [
    /(?<!\bthere )\b(?:is|are|was|were|be) no (?!longer|more\b|less\b|later|earlier|other\b|different|match\b)[a-z]+/,
    'is not a …',
  ],
  [/(?<!\bthere )\b(?:is|are|was|were) none\b/, 'there is no … / is missing'],
  [/\bis no\s*$/, 'is not a …'],
  [/\bthat which\b/i, 'what / the … that'],
  [/\bwhom(?:ever)?\b/i, 'name the actor'],
  [/\bnobody\b|\bno one\b/i, 'not set / no caller'],
  [/\bsomebody\b/i, 'a caller / a user'],
  [/\b(?:unless|if|as|so|where|when|otherwise) (?:it is |they are |one is )?(?:said|told)\b/i, 'by default / if set'],
  [/\b(?:unless|if|as|when) (?:it is )?asked\b/i, 'by default / if set'],
  [/\b(?:is|are|was|were|be) said (?:here|there|so|of|by|to|not|without|a second)\b/, 'is specified / is documented'],
  [/\bsay(?:s)? (?:so|no)\b|\bsaid (?:so|no)\b/, 'failed / declares'],
  [/\bgo(?:es)? in and\b|\bgoes in\b/, 'is passed'],
  [/\bcomes? to the same\b/, 'returns the same'],
  [/\bstrangers?\b/i, 'other sites'],
  [/\blets? (?:it |them )?go\b|\bletting go\b/i, 'releases'],
  [/\b(?:lends?|lent)\b/i, 'passes'],
  [/\b(?:house|floors?|rooms?)\b/i, 'layer / module'],
  [/\bnothing to remark\b/i, 'no issues found'],
  [/\bhold(?:s|ing)? (?:no|a) place\b/, 'occupies a slot'],
  [/\b(?:is|are|was|were|stands?) (?:behind|beside)\b/, 'after / next to / in addition to'],
  [/\bbeside (?:it|them|its|the|those|that|what|a|an)\b/i, 'next to / in addition to'],
  [/\bbehind (?:it|them|the first|the last|that|which)\b/i, 'after'],
  [/\bunder way\b/i, 'in progress'],
  [/\bgo(?:es)? on with\b/, 'continues'],
  [/\bknown again\b/, 'recognized'],
  [/\bwhat (?:is|has|it|was) (?:no|none)\b/i, 'what is not a …'],
  [/\bthereof\b|\bthereby\b|\bhence\b|\bwhereof\b|\bwherein\b|\bthereupon\b/i, 'so'],
  [/\bfor ever\b/i, 'without a limit'],
  [/\bbe it\b|\bbe they\b/i, 'even if'],
  [/\bare legion\b/i, 'are omitted'],
  [/\bin the place of\b/i, 'instead of'],
  [/\bsave for\b|\bbut for (?:a|an|the|what|its|one)\b/i, 'except'],
  [/\bThose (?:of|who|that)\b/, 'name the things'],
  [
    new RegExp(
      `, for ${NOUN} \\w+(?: \\w+)? (?:is|are|was|were|has|have|may|can|cannot|would|does|holds?|reads?|need)\\b`,
    ),
    'because',
  ],
  [/, for (?:it|they|there)\b/, 'because'],
]

/** Identifiers of earlier versions, with the names that replaced them. */
const NAMES: Readonly<Record<string, string>> = {
  Shelf: 'CookieStore',
  Bucket: 'CookieStore',
  Stamp: 'LogicalTime',
  Trie: 'PersistentMap',
  Arrival: 'SetCookie',
  bury: 'toTombstone',
  Unwritable: 'EncodeError',
  Unreadable: 'DecodeError',
  Inputs: 'Provenance',
  isSpent: 'isBodyConsumed',
  worldOf: 'withDefaults',
  HURRY_MS: 'DRAIN_TIMEOUT_MS',
  FOR_EVER: 'NO_TIMEOUT',
  Roster: 'LinkedList',
  Traffic: 'Dispatcher',
  Audience: 'AbortListeners',
  Carrier: 'FaultError',
  Dial: 'ConnectAttempt',
  letGo: 'release',
  Watched: 'ObservedBody',
  Moved: 'CarriedOver',
  Ground: 'ExplainContext',
  Misuse: 'UsageError',
  Opened: 'Unsealed',
  Witness: 'RecordingServer',
  Stand: 'TestBed',
  Settled: 'TaskOutcome',
  Failing: 'FailureLaws',
  complaining: 'reportingProperty',
  Disturbance: 'FaultInjection',
}

const sourcesOf = (folder: string): ReadonlyArray<string> =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))
    : []

const isChecked = (path: string): boolean => CHECKED.some((folder) => path === folder || path.startsWith(`${folder}/`))

const files = [...new Set(['README.md', ...['src', 'laws', 'test', '.github'].flatMap(sourcesOf)])].filter(
  (path) => /\.(?:ts|md)$/.test(path) && !EXCLUDED.test(path) && isChecked(path),
)

const QUOTED = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\[\s\S])*`/g

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/** Separates the comments and strings of a source file from its code. Both keep the line numbers. */
const separate = (source: string): { readonly prose: string; readonly code: string } => {
  let [prose, code, last] = ['', '', 0]
  for (const { 0: quoted, index } of source.matchAll(QUOTED)) {
    const between = source.slice(last, index)
    prose += blank(between) + quoted
    code += between + blank(quoted)
    last = index + quoted.length
  }
  return { prose: prose + blank(source.slice(last)), code: code + source.slice(last) }
}

/** Lines that follow a `@deprecated` tag keep an old name on purpose. */
const isDeprecated = (lines: ReadonlyArray<string>, i: number): boolean =>
  /@deprecated/.test(lines[i] ?? '') || /@deprecated/.test(lines[i - 1] ?? '')

const hits = (path: string, source: string): ReadonlyArray<string> => {
  const { prose, code } = path.endsWith('.ts') ? separate(source) : { prose: source, code: '' }
  const lines = source.split('\n')
  const kept = KEPT[path]
  const checked = kept === undefined ? prose : prose.replace(kept, ' ')
  const inProse = checked.split('\n').flatMap((line, i) =>
    EXPRESSIONS.flatMap(([pattern, instead]) => {
      const [found] = pattern.exec(line) ?? []
      return found === undefined ? [] : [`${path}:${i + 1}: "${found}" (write: ${instead})`]
    }),
  )
  const inCode = code
    .split('\n')
    .flatMap((line, i) =>
      isDeprecated(lines, i)
        ? []
        : (line.match(/[A-Za-z_$][\w$]*/g) ?? []).flatMap((name) =>
            Object.hasOwn(NAMES, name) ? [`${path}:${i + 1}: ${name} (name it: ${NAMES[name]})`] : [],
          ),
    )
  return [...inProse, ...inCode]
}

describe('words', () => {
  it('finds expressions in prose and names in code, and nothing in correct English', () => {
    expect(hits('a.ts', "// This is no cookie.\nconst Shelf = 'nobody'\n")).toEqual([
      'a.ts:1: "is no cookie" (write: is not a …)',
      'a.ts:2: "nobody" (write: not set / no caller)',
      'a.ts:2: Shelf (name it: CookieStore)',
    ])
    expect(hits('a.ts', '/** @deprecated Use `CookieStore`. */\nexport { CookieStore as Shelf }\n')).toEqual([])
    expect(hits('a.md', 'It is no longer sent, so send(it) for a while. There is no more data.')).toEqual([])
    expect(hits('a.ts', 'const said = asked.took // The server asked for credentials.')).toEqual([])
  })
  it('searches every folder that is listed', () => {
    expect(CHECKED.filter((folder) => !files.some((path) => path === folder || path.startsWith(`${folder}/`)))).toEqual(
      [],
    )
  })
  it('uses none of the listed expressions and names', () => {
    expect(files.flatMap((path) => hits(path, readFileSync(join(root, path), 'utf8')))).toEqual([])
  })
})

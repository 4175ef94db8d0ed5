/**
 * Runs a folder of vectors. Prints one line for each file and a total.
 *
 *     merge: passed 92, deviates 0, excused 0, failed 0
 *     netrc: passed 130, deviates 16 (D2: 16), excused 0, failed 0
 *     total: 238 cases, passed 222 (93.3 %), deviates 16, excused 0, failed 0
 *
 * The four numbers of a line add up to the cases of its file. A missing file prints `SKIPPED name`. A file that cannot
 * be read and a case of an unknown kind are failures.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { FAMILIES, type FamilyRunner } from './families/index.js'
import { isRecord } from './json.js'
import { Meta } from './subject.js'
import { isRawCase, type Verdict } from './verdict.js'

export interface Failed {
  readonly id: string
  readonly input: unknown
  readonly expected: unknown
  readonly got: unknown
  readonly rules: ReadonlyArray<string>
}

/** The results of one file. */
export interface Report {
  readonly name: string
  readonly passed: number
  readonly deviates: number
  /** The number of cases that each rule changed. A case may have several rules. */
  readonly byRule: ReadonlyMap<string, number>
  readonly excused: number
  readonly byTag: ReadonlyMap<string, number>
  readonly failed: ReadonlyArray<Failed>
}

/** The report of one file, or `skipped` if the file is missing. */
export type Run = Report | { readonly name: string; readonly skipped: true }

export const isReport = (run: Run): run is Report => !('skipped' in run)

export const sizeOf = ({ passed, deviates, excused, failed }: Report): number =>
  passed + deviates + excused + failed.length

// --- counting -------------------------------------------------------------------------------------------------------

const NOTHING = { passed: 0, deviates: 0, byRule: new Map(), excused: 0, byTag: new Map(), failed: [] }

const counted = (counts: ReadonlyMap<string, number>, key: string): ReadonlyMap<string, number> =>
  new Map(counts).set(key, (counts.get(key) ?? 0) + 1)

const added = (report: Report, verdict: Verdict, id: string, input: unknown): Report => {
  switch (verdict._tag) {
    case 'passed':
      return { ...report, passed: report.passed + 1 }
    case 'deviates':
      return { ...report, deviates: report.deviates + 1, byRule: verdict.rules.reduce(counted, report.byRule) }
    case 'excused':
      return { ...report, excused: report.excused + 1, byTag: counted(report.byTag, verdict.tag) }
    case 'failed': {
      const { expected, got, rules } = verdict
      return { ...report, failed: [...report.failed, { id, input, expected, got, rules }] }
    }
  }
}

// --- running --------------------------------------------------------------------------------------------------------

const File = t.type({ meta: Meta, cases: t.array(t.unknown) })

const parse = (text: string): E.Either<string, t.TypeOf<typeof File>> => {
  try {
    const read: unknown = JSON.parse(text)
    return File.is(read) ? E.right(read) : E.left('meta or cases is missing')
  } catch (cause) {
    return E.left(cause instanceof Error ? cause.message : String(cause))
  }
}

const broken = (name: string, problem: string): Report => ({
  ...NOTHING,
  name,
  failed: [{ id: name, input: name, expected: 'a file of vectors', got: problem, rules: [] }],
})

const idOf = (raw: unknown): string =>
  isRecord(raw) && typeof raw['id'] === 'string' ? raw['id'] : 'a case without id'

/** Runs the text of one file. */
export const runText = async ({ name, judge }: FamilyRunner, text: string): Promise<Report> => {
  const file = parse(text)
  if (E.isLeft(file)) return broken(name, file.left)
  let report: Report = { ...NOTHING, name }
  for (const raw of file.right.cases) {
    const verdict: Verdict = isRawCase(raw)
      ? await judge(file.right.meta, raw)
      : { _tag: 'failed', expected: 'a case with id, in and out', got: raw, rules: [] }
    report = added(report, verdict, idOf(raw), isRecord(raw) ? raw['in'] : raw)
  }
  return report
}

const readText = (path: string): E.Either<string, string> => {
  try {
    return E.right(readFileSync(path, 'utf8'))
  } catch (cause) {
    return E.left(cause instanceof Error ? cause.message : String(cause))
  }
}

/** Runs the file of one family in a folder. */
export const runFile = async (folder: string, runner: FamilyRunner): Promise<Run> => {
  const path = join(folder, `${runner.name}.json`)
  if (!existsSync(path)) return { name: runner.name, skipped: true }
  const text = readText(path)
  return E.isLeft(text) ? broken(runner.name, text.left) : runText(runner, text.right)
}

export const runFolder = async (folder: string): Promise<ReadonlyArray<Run>> => {
  const runs: Run[] = []
  for (const runner of FAMILIES) runs.push(await runFile(folder, runner))
  return runs
}

// --- printing -------------------------------------------------------------------------------------------------------

const inNumericOrder = ([x]: readonly [string, number], [y]: readonly [string, number]): number =>
  x.localeCompare(y, 'en', { numeric: true })

const list = (counts: ReadonlyMap<string, number>): string => {
  if (counts.size === 0) return ''
  return ` (${[...counts]
    .sort(inNumericOrder)
    .map(([key, n]) => `${key}: ${n}`)
    .join(', ')})`
}

export const line = (run: Run): string => {
  if (!isReport(run)) return `SKIPPED ${run.name}`
  const { name, passed, deviates, byRule, excused, byTag, failed } = run
  return `${name}: passed ${passed}, deviates ${deviates}${list(byRule)}, excused ${excused}${list(byTag)}, failed ${failed.length}`
}

const sum = (reports: ReadonlyArray<Report>, of: (report: Report) => number): number =>
  reports.reduce((total, report) => total + of(report), 0)

/** Returns the percentage of cases that passed, and of those that passed or are excused. */
export const shares = (runs: ReadonlyArray<Run>): { readonly passed: number; readonly passedOrExcused: number } => {
  const reports = runs.filter(isReport)
  const all = Math.max(1, sum(reports, sizeOf))
  const passed = sum(reports, (report) => report.passed)
  return {
    passed: (100 * passed) / all,
    passedOrExcused: (100 * (passed + sum(reports, ({ excused }) => excused))) / all,
  }
}

export const total = (runs: ReadonlyArray<Run>): string => {
  const reports = runs.filter(isReport)
  const { passed, passedOrExcused } = shares(runs)
  const parts = [
    `${sum(reports, sizeOf)} cases`,
    `passed ${sum(reports, (report) => report.passed)} (${passed.toFixed(1)} %)`,
    `deviates ${sum(reports, ({ deviates }) => deviates)}`,
    `excused ${sum(reports, ({ excused }) => excused)}`,
    `failed ${sum(reports, ({ failed }) => failed.length)}`,
    `passed or excused ${passedOrExcused.toFixed(1)} %`,
  ]
  return `total: ${parts.join(', ')}`
}

export const hasFailed = (runs: ReadonlyArray<Run>): boolean =>
  runs.some((run) => isReport(run) && run.failed.length > 0)

/** Formats a failed case. */
export const show = ({ id, input, expected, got, rules }: Failed): string =>
  [
    `FAILED ${id}${rules.length === 0 ? '' : ` (after ${rules.join(', ')})`}`,
    `  input    ${JSON.stringify(input)}`,
    `  expected ${JSON.stringify(expected)}`,
    `  got      ${JSON.stringify(got)}`,
  ].join('\n')

/** Formats one line for each figure, with its verdict. */
import type { Ratio } from './measure.js'

const OFF = 0.08

let failures = 0
/** Returns the number of figures above their barrier. */
export const failed = (): number => failures

/** Returns the verdict on a figure without interval. */
export const verdict = (value: number, barrier: number): string => {
  if (value <= barrier) return 'ok'
  failures += 1
  return 'FAILED'
}

/**
 * A ratio fails if the lower end of its interval is above the barrier. The verdict is omitted if the control, the base
 * compared with itself, differs from 1 by more than 8 %.
 */
const verdictOf = (ratio: Ratio, barrier: number, control: Ratio | undefined): string => {
  if (control !== undefined && Math.abs(control.median - 1) > OFF) return 'no verdict: the machine is too noisy'
  if (ratio.low > barrier) return verdict(ratio.low, barrier)
  return ratio.high <= barrier ? 'ok' : 'undecided'
}

export const pad = (text: string, width: number): string => text.padEnd(width)

export const interval = ({ low, high }: Ratio): string => `[${low.toFixed(2)}..${high.toFixed(2)}]`

export interface Thresholds {
  readonly goal: number
  readonly barrier: number
}

export const ratio = (name: string, measured: Ratio, { goal, barrier }: Thresholds, control?: Ratio): string => {
  const costs = `${measured.candidate.toFixed(1)} / ${measured.base.toFixed(1)} us`
  const aa = control === undefined ? '' : ` A/A ${control.median.toFixed(2)}`
  const limits = `goal ${goal.toFixed(2)} barrier ${barrier.toFixed(2)}`
  const judged = verdictOf(measured, barrier, control)
  return `${pad(name, 34)}${measured.median.toFixed(2)} ${pad(interval(measured), 14)}${pad(costs, 24)}${limits}  ${judged}${aa}`
}

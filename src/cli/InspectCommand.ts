/**
 * `plan`, `explain` and `curl`: print the planned request in three forms. Nothing is sent, and secrets are shown only
 * with `--reveal`.
 *
 * | command   | text                                             | with `--json`                            |
 * |-----------|--------------------------------------------------|------------------------------------------|
 * | `plan`    | the HTTP message                                 | the plan (`Plan.canonical`)              |
 * | `explain` | the origin of each field, then lint findings     | `Explain.toData` and `remarks`           |
 * | `curl`    | an equivalent curl line                          |                                          |
 */
import * as Explain from '../inspect/Explain.js'
import * as Lint from '../inspect/Lint.js'
import type * as Paint from '../inspect/Paint.js'
import * as Plan from '../Plan.js'
import type { Command, Options } from './Arguments.js'

const httpMessage = (plan: Plan.Plan, reveal: boolean): string => {
  const text = Plan.toHttp({ reveal })(plan).replaceAll('\r\n', '\n')
  return plan.body._tag === 'Empty' ? text.trimEnd() : text
}

const explanation = (plan: Plan.Plan, style: Required<Paint.Look>): string => {
  const findings = Plan.lint(plan)
  const fields = Explain.render(style)(Plan.explain(plan))
  if (findings.length === 0) return fields
  return `${fields}\n\n${style.paint.strong('Remarks')}\n${Lint.render(style)(findings)}`
}

const explanationJson = (plan: Plan.Plan): string =>
  JSON.stringify({ ...Explain.toData(Plan.explain(plan)), remarks: Plan.lint(plan) }, null, 2)

/** Returns the function that renders a plan for a command. */
export const render = (
  command: Exclude<Command, 'send'>,
  options: Options,
  style: Required<Paint.Look>,
): ((plan: Plan.Plan) => string) => {
  const reveal = options.reveal === true
  switch (command) {
    case 'plan':
      return options.json ? Plan.canonical({ reveal }) : (plan) => httpMessage(plan, reveal)
    case 'explain':
      return options.json ? explanationJson : (plan) => explanation(plan, style)
    case 'curl':
      return Plan.toCurl({ reveal })
  }
}

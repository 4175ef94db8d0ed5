/**
 * `plan`, `explain` and `curl`: what would be sent, in three forms. Nothing is sent, and no secret is shown without
 * `--reveal`.
 *
 * | command   | text                                             | with `--json`                            |
 * |-----------|--------------------------------------------------|------------------------------------------|
 * | `plan`    | the HTTP message                                 | the plan (`Plan.canonical`)              |
 * | `explain` | where each field came from, then what is odd     | `Explain.toData`, and the findings       |
 * | `curl`    | a line that sends the same                       |                                          |
 */
import * as Explain from '../inspect/Explain.js'
import * as Lint from '../inspect/Lint.js'
import type * as Paint from '../inspect/Paint.js'
import * as Plan from '../Plan.js'
import type { Command, Options } from './Arguments.js'

const message = (plan: Plan.Plan, options: Options): string => {
  const text = Plan.toHttp({ reveal: options.reveal === true })(plan).replaceAll('\r\n', '\n')
  return plan.body._tag === 'Empty' ? text.trimEnd() : text
}

const explanation = (plan: Plan.Plan, look: Required<Paint.Look>): string => {
  const findings = Plan.lint(plan)
  const said = Explain.render(look)(Plan.explain(plan))
  return findings.length === 0 ? said : `${said}\n\n${look.paint.strong('Remarks')}\n${Lint.render(look)(findings)}`
}

const data = (plan: Plan.Plan): string =>
  JSON.stringify({ ...Explain.toData(Plan.explain(plan)), remarks: Plan.lint(plan) }, null, 2)

/** What the command prints of a plan. */
export const look = (
  command: Exclude<Command, 'send'>,
  options: Options,
  dress: Required<Paint.Look>,
): ((plan: Plan.Plan) => string) => {
  const reveal = options.reveal === true
  switch (command) {
    case 'plan':
      return options.json ? Plan.canonical({ reveal }) : (plan) => message(plan, options)
    case 'explain':
      return options.json ? data : (plan) => explanation(plan, dress)
    case 'curl':
      return Plan.toCurl({ reveal })
  }
}

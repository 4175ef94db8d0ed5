/**
 * The command: arguments in, exit code out. All input and output goes through the `Terminal`.
 *
 *     argv ─ Arguments ─▶ Invocation ─ Files ─▶ items ─ Assemble ─▶ request ─┬─ inspect ─▶ text
 *                                       Files ─▶ session, jar ───────────────┴─ SendCommand ─▶ reply; saves the jar
 *
 * Invalid input is reported before anything is sent. `plan`, `explain` and `curl` send nothing, and show secrets only
 * with `--reveal`:
 *
 * | command   | text                                             | with `--json`                            |
 * |-----------|--------------------------------------------------|------------------------------------------|
 * | `plan`    | the HTTP message                                 | the plan (`Plan.canonical`)              |
 * | `explain` | the origin of each field, then lint findings     | `Explain.toData` and `remarks`           |
 * | `curl`    | an equivalent curl line                          |                                          |
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Auth from '../Auth.js'
import * as Jar from '../cookies/Jar.js'
import * as HttpError from '../HttpError.js'
import * as Explain from '../inspect/Explain.js'
import * as Lint from '../inspect/Lint.js'
import type * as Paint from '../inspect/Paint.js'
import * as Plan from '../Plan.js'
import * as Request from '../Request.js'
import * as Environment from '../session/Environment.js'
import * as Token from '../values/Token.js'
import * as Arguments from './Arguments.js'
import * as Assemble from './Assemble.js'
import * as Exit from './Exit.js'
import * as Files from './Files.js'
import * as OAuth2File from './OAuth2File.js'
import * as SecretArguments from './SecretArguments.js'
import * as SendCommand from './SendCommand.js'
import * as Terminal from './Terminal.js'

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

const render = (
  command: Exclude<Arguments.Command, 'send'>,
  options: Arguments.Options,
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

const print = async ({ out }: Terminal.Terminal, text: string): Promise<number> => {
  const result = await out.write(`${text}\n`)
  return result._tag === 'Failed' ? Exit.NOT_WRITTEN : Exit.OK
}

const reportUsageError = async (terminal: Terminal.Terminal, { message }: Arguments.UsageError): Promise<number> => {
  await Terminal.printError(terminal, message)
  return Exit.USAGE
}

/** `plan` and `curl` do not show what is not there yet, as `explain` does. */
const noteMissingToken = async (
  terminal: Terminal.Terminal,
  command: Exclude<Arguments.Command, 'send'>,
  { credential, state: { jar } }: SendCommand.Context,
): Promise<void> => {
  if (credential === undefined || command === 'explain') return
  const held = Jar.token(credential.key)(jar)
  if (O.isSome(held) && Token.isFresh(terminal.clock.now())(held.value)) return
  const { name } = credential.key
  await Terminal.printNote(terminal, `there is no token of '${name}' yet, so it is not shown; send obtains one`)
}

const inspect = async (
  terminal: Terminal.Terminal,
  command: Exclude<Arguments.Command, 'send'>,
  context: SendCommand.Context,
  request: Request.Request,
): Promise<number> => {
  const { options, state, environment } = context
  const { session, jar } = state
  await noteMissingToken(terminal, command, context)
  const plan = Plan.plan({ session, jar, environment, now: terminal.clock.now() })(request)
  if (E.isLeft(plan)) {
    await Terminal.printError(terminal, HttpError.show(plan.left))
    return Exit.ofFailure(plan.left)
  }
  const { out } = terminal
  const text = render(command, options, Terminal.styleOf(terminal, out))(plan.right)
  // `Explain.render` has escaped controls already; escaping again would show its colours as text.
  return print(terminal, command === 'explain' || !out.isTTY ? text : Terminal.printable(text))
}

interface Prepared extends Assemble.Assembled {
  readonly state: Files.SessionState
  readonly credential: OAuth2File.Credential | undefined
}

const loadCredential = async (
  path: string | undefined,
  terminal: Terminal.Terminal,
): Promise<Arguments.Checked<OAuth2File.Credential | undefined>> =>
  path === undefined ? E.right(undefined) : OAuth2File.load(path, terminal)

const withToken = (credential: OAuth2File.Credential | undefined, assembled: Assemble.Assembled): Assemble.Assembled =>
  credential === undefined
    ? assembled
    : {
        request: Request.withAuth(Auth.oauth2(credential.options))(assembled.request),
        notes: [...assembled.notes, ...credential.notes],
      }

/** Loads and checks everything that the command line refers to. */
const prepare = async (
  terminal: Terminal.Terminal,
  { command, target, options: unresolved }: Arguments.Invocation,
): Promise<Arguments.Checked<Prepared>> => {
  const items = await Files.loadItems(target._tag === 'Url' ? target.items : [], terminal.input)
  if (E.isLeft(items)) return items
  const options = await SecretArguments.resolve(target, unresolved, terminal)
  if (E.isLeft(options)) return options
  const { cacert, cert, key, session, output, oauth2 } = options.right
  const assembled = Assemble.assemble(target, items.right, options.right)
  if (E.isLeft(assembled)) return assembled
  const readable = await Files.checkReadable([cacert, cert, key])
  if (E.isLeft(readable)) return readable
  const credential = await loadCredential(oauth2, terminal)
  if (E.isLeft(credential)) return credential
  const state = await Files.loadSession(session)
  if (E.isLeft(state)) return state
  for (const path of command === 'send' ? [state.right.path, output] : []) {
    const writable = path === undefined ? E.right(undefined) : await Files.checkWritable(path)
    if (E.isLeft(writable)) return writable
  }
  const { request, notes } = withToken(credential.right, assembled.right)
  const exposure = await Files.exposureOfTokens(state.right)
  return E.right({
    request,
    notes: exposure === undefined ? notes : [...notes, exposure],
    state: state.right,
    credential: credential.right,
  })
}

const execute = async (terminal: Terminal.Terminal, invocation: Arguments.Invocation): Promise<number> => {
  const prepared = await prepare(terminal, invocation)
  if (E.isLeft(prepared)) return reportUsageError(terminal, prepared.left)
  const { request, notes, state, credential } = prepared.right
  const environment = terminal.environment()
  for (const text of [...notes, ...Environment.problems(environment)]) await Terminal.printNote(terminal, text)
  const { command, options } = invocation
  const context = { options, state, environment, credential }
  return command === 'send'
    ? SendCommand.send(terminal, context)(request)
    : inspect(terminal, command, context, request)
}

/** Runs the command with the arguments after the program's name, and returns the exit code. */
export const main =
  (terminal: Terminal.Terminal) =>
  async (argv: ReadonlyArray<string>): Promise<number> => {
    const parsed = Arguments.parse(argv)
    if (E.isLeft(parsed)) return reportUsageError(terminal, parsed.left)
    switch (parsed.right._tag) {
      case 'Help':
        return print(terminal, Arguments.help)
      case 'Version':
        return print(terminal, Arguments.version)
      case 'Invocation':
        return execute(terminal, parsed.right)
    }
  }

/**
 * The command: words in, an exit code out; everything between goes through the `Terminal`.
 *
 *     argv ─ Arguments ─▶ Run ─ Files ─▶ items ─ Assemble ─▶ Request ─┬─ Look ─▶ text
 *                                        Keep ─▶ session, jar ────────┴─ Send ─▶ reply, and the jar is saved
 *
 * All that is wrong with the input is found before anything is sent.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as HttpError from '../HttpError.js'
import * as Plan from '../Plan.js'
import type * as Request from '../Request.js'
import * as Environment from '../session/Environment.js'
import * as Arguments from './Arguments.js'
import * as Assemble from './Assemble.js'
import * as Exit from './Exit.js'
import * as Files from './Files.js'
import * as Help from './Help.js'
import { look } from './InspectCommand.js'
import * as SecretArguments from './SecretArguments.js'
import { type Sending, send } from './SendCommand.js'
import * as SessionFile from './SessionFile.js'
import * as Terminal from './Terminal.js'

const print = async ({ out }: Terminal.Terminal, text: string): Promise<number> => {
  const written = await out.write(`${text}\n`)
  return written._tag === 'Failed' ? Exit.KEEPING : Exit.OK
}

const inspected = async (
  terminal: Terminal.Terminal,
  command: Exclude<Arguments.Command, 'send'>,
  { options, kept: { session, jar }, environment }: Sending,
  request: Request.Request,
): Promise<number> => {
  const plan = Plan.plan({ session, jar, environment, now: terminal.clock.now() })(request)
  if (E.isLeft(plan)) {
    await Terminal.complain(terminal, HttpError.show(plan.left))
    return Exit.ofFailure(plan.left)
  }
  const { out } = terminal
  const written = look(command, options, Terminal.lookOf(terminal, out))(plan.right)
  // An explanation is made for terminals, and its colours are not to be made visible.
  return print(terminal, command === 'explain' ? written : Terminal.printed(out, written))
}

/** All that a run needs, or what is wrong with the input. */
const prepared = async (
  terminal: Terminal.Terminal,
  { command, target, options: given }: Arguments.Run,
): Promise<E.Either<Arguments.UsageError, Assemble.Assembled & { readonly kept: SessionFile.Kept }>> => {
  const items = await Files.open(target._tag === 'Url' ? target.items : [], terminal.input)
  if (E.isLeft(items)) return items
  const resolved = await SecretArguments.resolve(target, given, terminal)
  if (E.isLeft(resolved)) return resolved
  const options = resolved.right
  const assembled = Assemble.assemble(target, items.right, options)
  if (E.isLeft(assembled)) return assembled
  const trusted = await Files.trusted([options.cacert, options.cert, options.key])
  if (E.isLeft(trusted)) return trusted
  const kept = await SessionFile.load(options.session)
  if (E.isLeft(kept)) return kept
  if (command === 'send') {
    const savable = await SessionFile.savable(kept.right)
    if (E.isLeft(savable)) return savable
    const writable = options.output === undefined ? E.right(undefined) : await Files.writable(options.output)
    if (E.isLeft(writable)) return writable
  }
  return E.right({ ...assembled.right, kept: kept.right })
}

const run = async (terminal: Terminal.Terminal, asked: Arguments.Run): Promise<number> => {
  const ready = await prepared(terminal, asked)
  if (E.isLeft(ready)) {
    await Terminal.complain(terminal, ready.left.message)
    return Exit.MISUSE
  }
  const { request, notes, kept } = ready.right
  const environment = terminal.environment()
  for (const text of [...notes, ...Environment.problems(environment)]) await Terminal.note(terminal, text)
  const sending = { options: asked.options, kept, environment }
  return asked.command === 'send'
    ? send(terminal, sending)(request)
    : inspected(terminal, asked.command, sending, request)
}

/** Does what the words behind the name of the program say, and gives the exit code. */
export const main =
  (terminal: Terminal.Terminal) =>
  async (argv: ReadonlyArray<string>): Promise<number> => {
    const asked = Arguments.parse(argv)
    if (E.isLeft(asked)) {
      await Terminal.complain(terminal, asked.left.message)
      return Exit.MISUSE
    }
    switch (asked.right._tag) {
      case 'Help':
        return print(terminal, Help.help)
      case 'Version':
        return print(terminal, Help.version)
      case 'Run':
        return run(terminal, asked.right)
    }
  }

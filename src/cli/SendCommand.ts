/**
 * `send`: the request, its reply, and what becomes of both.
 *
 * | the reply's body goes  | how                                                                               |
 * |------------------------|-----------------------------------------------------------------------------------|
 * | to a pipe or a file    | the octets as they come, and nothing else                                         |
 * | to a terminal          | under its head, as text that no control can leave; what is no text is not shown   |
 * | to `--output FILE`     | through `FILE.part`, which becomes FILE when all of it is there                   |
 *
 * All that is said beside goes to the standard error: the story, progress, notes, what went wrong.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Client from '../Client.js'
import type * as Jar from '../cookies/Jar.js'
import * as Http from '../Http.js'
import type * as HttpError from '../HttpError.js'
import * as Layout from '../inspect/Layout.js'
import * as Story from '../inspect/Story.js'
import * as Request from '../Request.js'
import * as Stream from '../Stream.js'
import type { Environment } from '../session/Environment.js'
import * as Secret from '../values/Secret.js'
import { show } from '../wire/Plan.js'
import type { Source } from '../wire/Reply.js'
import type { Unread } from '../wire/Response.js'
import type { Options } from './Arguments.js'
import * as Exit from './Exit.js'
import * as Progress from './Progress.js'
import * as SessionFile from './SessionFile.js'
import * as Terminal from './Terminal.js'

// --- the body ------------------------------------------------------------------------------------------------------

/** What was written: octets, unless the rest was left unread. */
type Shown = E.Either<Exit.OutputFailed, number | undefined>

const failed = (message: string): Shown =>
  E.left({ _tag: 'OutputFailed', message: `The output cannot be written: ${message}` })

const toPipe = async ({ out }: Terminal.Terminal, body: Source): Promise<Shown> => {
  let size = 0
  for await (const chunk of body) {
    const written = await out.write(chunk)
    if (written._tag === 'Failed') return failed(written.message)
    if (written._tag === 'Closed') return E.right(undefined)
    size += chunk.length
  }
  return E.right(size)
}

const headText = (terminal: Terminal.Terminal, { status, reason, headers }: Unread): string => {
  const { paint } = Terminal.lookOf(terminal, terminal.out)
  const line = Layout.safe(`${status} ${reason}`.trim())
  const fields = headers.fields.map(
    ([name, value]) => `${paint.name(Layout.safe(name))}: ${Layout.safe(Secret.show(value))}\n`,
  )
  return `${status < 400 ? paint.good(line) : paint.bad(line)}\n${fields.join('')}\n`
}

/** Counts octets on their way. */
const counting = (
  body: AsyncIterable<Uint8Array>,
): { readonly pieces: AsyncIterable<Uint8Array>; size: () => number } => {
  let size = 0
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      size += chunk.length
      yield chunk
    }
  }
  return { pieces: pieces(), size: () => size }
}

const toTerminal = async (terminal: Terminal.Terminal, head: Unread, body: Source): Promise<Shown> => {
  await terminal.out.write(headText(terminal, head))
  const { pieces, size } = counting(body)
  let end = '\n'
  for await (const text of Stream.text(O.isSome(head.encoding) ? head.encoding.value : 'utf-8')(pieces)) {
    if (text.includes('\0')) {
      await Terminal.note(terminal, 'the body is no text and is not shown: use --output FILE, or a pipe')
      return E.right(undefined)
    }
    const written = await terminal.out.write(Terminal.legible(text))
    if (written._tag === 'Failed') return failed(written.message)
    if (written._tag === 'Closed') return E.right(undefined)
    end = text.at(-1) ?? end
  }
  if (end !== '\n') await terminal.out.write('\n')
  return E.right(size())
}

// --- the exchange --------------------------------------------------------------------------------------------------

interface Ended {
  readonly reply: Unread
  /** Octets, where the body was read to its end. */
  readonly size: number | undefined
}

const shown =
  (terminal: Terminal.Terminal) =>
  (reply: Unread, body: Source) =>
  async (): Promise<E.Either<Exit.OutputFailed, Ended>> => {
    const size = terminal.out.isTTY ? await toTerminal(terminal, reply, body) : await toPipe(terminal, body)
    return E.isLeft(size) ? size : E.right({ reply, size: size.right })
  }

const saved =
  (path: string) =>
  (request: Request.Request): Http.Http<Exit.Failure, Ended> =>
  (jar) =>
  (client) =>
  async () => {
    const done = await Stream.toFile(path)(request)(jar)(client)()
    return E.isLeft(done) ? done : E.right([{ reply: done.right[0].head, size: done.right[0].size }, done.right[1]])
  }

const program = (
  terminal: Terminal.Terminal,
  { output }: Options,
): ((request: Request.Request) => Http.Http<Exit.Failure, Ended>) =>
  output === undefined ? Http.stream(shown(terminal)) : saved(output)

// --- what is said of it --------------------------------------------------------------------------------------------

const isSendError = (failure: Exit.Failure): failure is HttpError.SendError => !('head' in failure) && 'plan' in failure

const tell = async (terminal: Terminal.Terminal, outcome: E.Either<Exit.Failure, Ended>): Promise<void> => {
  const write = (ended: E.Either<HttpError.SendError, Story.Ended>): Promise<void> =>
    Terminal.say(terminal, Story.render(Terminal.lookOf(terminal, terminal.err))(Story.ofOutcome(ended)))
  if (E.isRight(outcome)) {
    const { reply, size } = outcome.right
    await write(E.right(size === undefined ? reply : { ...reply, bytes: { length: size } }))
  } else if (outcome.left._tag === 'UnexpectedStatus') {
    await write(E.right(outcome.left.head))
  } else if (isSendError(outcome.left)) {
    await write(E.left(outcome.left))
  }
}

/** The reply of an exchange that ended with one, and the jar after it. */
const answered = (
  outcome: E.Either<Exit.Failure, readonly [Ended, Jar.Jar]>,
): O.Option<readonly [reply: Unread, jar: Jar.Jar]> => {
  if (E.isRight(outcome)) return O.some([outcome.right[0].reply, outcome.right[1]])
  return outcome.left._tag === 'UnexpectedStatus' ? O.some([outcome.left.head, outcome.left.head.jar]) : O.none
}

const concluded = async (terminal: Terminal.Terminal, outcome: E.Either<Exit.Failure, Ended>): Promise<number> => {
  if (E.isLeft(outcome)) {
    const code = Exit.ofFailure(outcome.left)
    const { _tag, message } = outcome.left
    await (code === Exit.INTERRUPTED
      ? Terminal.complain(terminal, 'interrupted')
      : Terminal.complain(terminal, `${_tag}: ${message}`))
    return code
  }
  const { reply } = outcome.right
  if (reply.status >= 400) {
    await Terminal.complain(
      terminal,
      `${`${reply.status} ${reply.reason}`.trim()} is the answer to ${show(reply.plan)}`,
    )
  }
  return Exit.ofStatus(reply.status)
}

/** What is sent with. */
export interface Sending {
  readonly options: Options
  readonly kept: SessionFile.Kept
  readonly environment: Environment
}

/** Sends, shows, saves; gives the exit code. */
export const send =
  (terminal: Terminal.Terminal, { options, kept, environment }: Sending) =>
  async (request: Request.Request): Promise<number> => {
    const isBeside = terminal.out.isTTY && options.output === undefined
    const progress = Progress.watch(terminal.err, terminal.clock, isBeside ? ['up'] : ['up', 'down'])
    const { session, jar } = kept
    const { clock, signal, transport } = terminal
    const outcome = await pipe(
      request,
      Request.withProgress(progress.onProgress),
      program(terminal, options),
      Client.use({ session, jar, environment, clock, signal, ...(transport === undefined ? {} : { transport }) }),
    )()
    await progress.clear()
    const ended = E.isLeft(outcome) ? outcome : E.right(outcome.right[0])
    if (options.verbose) await tell(terminal, ended)
    const code = await concluded(terminal, ended)
    const reply = answered(outcome)
    if (O.isNone(reply)) return code
    const keeping = await SessionFile.save(kept, reply.value[1], clock.now())
    if (E.isRight(keeping)) return code
    await Terminal.complain(terminal, `The session could not be saved, and its file is as it was: ${keeping.left}`)
    return Exit.KEEPING
  }

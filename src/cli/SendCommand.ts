/**
 * `send`: sends the request, writes the reply's body and saves the session.
 *
 * | the body goes to   | how                                                                                   |
 * |--------------------|---------------------------------------------------------------------------------------|
 * | a pipe or a file   | the bytes of the body, unchanged                                                      |
 * | a terminal         | head and text with control characters escaped; a binary body is not shown             |
 * | `--output FILE`    | to `FILE.part`, which is renamed to FILE once the body is complete                    |
 *
 * Everything else goes to the standard error: the story of `--verbose` or `--mermaid`, progress, notes and errors.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as Client from '../Client.js'
import type * as Jar from '../cookies/Jar.js'
import * as Http from '../Http.js'
import type * as HttpError from '../HttpError.js'
import * as Plan from '../Plan.js'
import * as Request from '../Request.js'
import * as Story from '../Story.js'
import * as Stream from '../Stream.js'
import { reasonOf } from '../session/auth/oauth2/ServerText.js'
import type { Environment } from '../session/Environment.js'
import { escapeControls } from '../values/Printable.js'
import * as Secret from '../values/Secret.js'
import * as RandomSource from '../wire/RandomSource.js'
import type { Source, Unread } from '../wire/Reply.js'
import type { Options } from './Arguments.js'
import * as Assemble from './Assemble.js'
import * as Exit from './Exit.js'
import * as Files from './Files.js'
import * as InteractiveLogin from './InteractiveLogin.js'
import type { Credential } from './OAuth2File.js'
import * as SessionToken from './SessionToken.js'
import * as Terminal from './Terminal.js'

/** The number of bytes written; `undefined` if the body was not read to its end. */
type WriteOutcome = E.Either<Exit.OutputFailed, number | undefined>

const failed = (message: string): WriteOutcome =>
  E.left({ _tag: 'OutputFailed', message: `Cannot write to the standard output: ${message}` })

const writeToPipe = async ({ out }: Terminal.Terminal, body: Source): Promise<WriteOutcome> => {
  let size = 0
  for await (const chunk of body) {
    const result = await out.write(chunk)
    if (result._tag === 'Failed') return failed(result.message)
    if (result._tag === 'Closed') return E.right(undefined)
    size += chunk.length
  }
  return E.right(size)
}

const headText = (terminal: Terminal.Terminal, { status, reason, headers }: Unread): string => {
  const { paint } = Terminal.styleOf(terminal, terminal.out)
  const statusLine = escapeControls(`${status} ${reason}`.trim())
  const fields = headers.fields.map(
    ([name, value]) => `${paint.name(escapeControls(name))}: ${escapeControls(Secret.show(value))}\n`,
  )
  return `${status < 400 ? paint.good(statusLine) : paint.bad(statusLine)}\n${fields.join('')}\n`
}

const writeToTerminal = async (terminal: Terminal.Terminal, head: Unread, body: Source): Promise<WriteOutcome> => {
  await terminal.out.write(headText(terminal, head))
  let size = 0
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      size += chunk.length
      yield chunk
    }
  }
  let lastCharacter = '\n'
  for await (const text of Stream.text(O.isSome(head.encoding) ? head.encoding.value : 'utf-8')(counted())) {
    if (text.includes('\0')) {
      await Terminal.printNote(terminal, 'the body is binary and is not shown: use --output FILE, or a pipe')
      return E.right(undefined)
    }
    const result = await terminal.out.write(Terminal.printable(text))
    if (result._tag === 'Failed') return failed(result.message)
    if (result._tag === 'Closed') return E.right(undefined)
    lastCharacter = text.at(-1) ?? lastCharacter
  }
  if (lastCharacter !== '\n') await terminal.out.write('\n')
  return E.right(size)
}

interface Completed {
  readonly reply: Unread
  /** In bytes; `undefined` if the body was not read to its end. */
  readonly size: number | undefined
}

const writeToOutput =
  (terminal: Terminal.Terminal) =>
  (reply: Unread, body: Source) =>
  async (): Promise<E.Either<Exit.OutputFailed, Completed>> => {
    const size = terminal.out.isTTY ? await writeToTerminal(terminal, reply, body) : await writeToPipe(terminal, body)
    return E.isLeft(size) ? size : E.right({ reply, size: size.right })
  }

const download =
  (path: string) =>
  (request: Request.Request): Http.Http<Exit.Failure, Completed> =>
  (jar) =>
  (client) =>
  async () => {
    const saved = await Stream.toFile(path)(request)(jar)(client)()
    if (E.isLeft(saved)) return saved
    const [{ head, size }, next] = saved.right
    return E.right([{ reply: head, size }, next])
  }

const program = (
  terminal: Terminal.Terminal,
  { output }: Options,
): ((request: Request.Request) => Http.Http<Exit.Failure, Completed>) =>
  output === undefined ? Http.stream(writeToOutput(terminal)) : download(output)

type Outcome = E.Either<Exit.Failure, Completed>

const isSendError = (failure: Exit.Failure): failure is HttpError.SendError => !('head' in failure) && 'plan' in failure

type StoryPrinter = (story: Story.Story) => string

const storyPrinter = (terminal: Terminal.Terminal, { verbose, mermaid }: Options): StoryPrinter | undefined => {
  if (mermaid) return Story.toMermaid
  return verbose ? Story.render(Terminal.styleOf(terminal, terminal.err)) : undefined
}

const printStory = async (terminal: Terminal.Terminal, render: StoryPrinter, outcome: Outcome): Promise<void> => {
  const print = (ended: E.Either<HttpError.SendError, Story.Ended>): Promise<void> =>
    Terminal.printLine(terminal, render(Story.ofOutcome(ended)))
  if (E.isRight(outcome)) {
    const { reply, size } = outcome.right
    await print(E.right(size === undefined ? reply : { ...reply, bytes: { length: size } }))
  } else if (outcome.left._tag === 'UnexpectedStatus') {
    await print(E.right(outcome.left.head))
  } else if (isSendError(outcome.left)) {
    await print(E.left(outcome.left))
  }
}

/** Prints the error of a failure or of a status of 400 or above. Returns the exit code. */
const reportOutcome = async (terminal: Terminal.Terminal, outcome: Outcome): Promise<number> => {
  if (E.isLeft(outcome)) {
    const code = Exit.ofFailure(outcome.left)
    const { _tag, message } = outcome.left
    await Terminal.printError(terminal, code === Exit.INTERRUPTED ? 'interrupted' : `${_tag}: ${message}`)
    return code
  }
  const { status, plan } = outcome.right.reply
  if (status >= 400) {
    const reason = reasonOf(outcome.right.reply)
    await Terminal.printError(terminal, `The server replied ${`${status} ${reason}`.trim()} to ${Plan.show(plan)}`)
  }
  return Exit.ofStatus(status)
}

/** What a command needs besides the terminal and the request. */
export interface Context {
  readonly options: Options
  readonly state: Files.SessionState
  readonly environment: Environment
  /** That of `--oauth2`. */
  readonly credential: Credential | undefined
}

/** Returns whether the outcome is that of an exchange that ended with a reply, whatever its status. */
const hasReply = (outcome: Outcome): boolean => E.isRight(outcome) || outcome.left._tag === 'UnexpectedStatus'

/** Saves a jar. Returns why it was not saved; `undefined` if it was. */
const problemOfSaving = async (
  { clock }: Terminal.Terminal,
  { state }: Context,
  jar: Jar.Jar,
): Promise<string | undefined> => {
  const saved = await Files.saveJar(state, jar, clock.now())
  return E.isLeft(saved) ? saved.left : undefined
}

/** The token of `--oauth2` in the session file; `undefined` without the option. */
const tokenFileOf = (
  { clock }: Terminal.Terminal,
  { state, credential }: Context,
): SessionToken.TokenFile | undefined =>
  credential === undefined ? undefined : SessionToken.fileOf(clock, state, credential.key)

const authorized = (
  terminal: Terminal.Terminal,
  { options, credential }: Context,
  file: SessionToken.TokenFile | undefined,
  request: Request.Request,
  program: Http.Http<Exit.Failure, Completed>,
): Http.Http<Exit.Failure, Completed> => {
  if (credential === undefined || file === undefined) return program
  const isReplayable = request.body._tag !== 'Once'
  const login = { terminal, credential, limit: Assemble.timeLimit(options), file, isReplayable }
  return SessionToken.saving(file)(InteractiveLogin.withLogin(login)(program))
}

/** Checks the request before a user logs in for it. Returns the exit code of a request that cannot be sent. */
const reportUnsendable = async (
  terminal: Terminal.Terminal,
  { state: { session, jar, path }, environment, credential }: Context,
  request: Request.Request,
): Promise<number | undefined> => {
  if (credential === undefined) return undefined
  const planned = Plan.plan({ session, jar, environment, now: terminal.clock.now(), entropy: RandomSource.seed() })(
    request,
  )
  if (E.isLeft(planned)) return reportOutcome(terminal, planned)
  const { grant, origins } = credential.options
  if (grant._tag === 'RefreshToken' && path === undefined) {
    const message = `The grant refresh_token of ${credential.path} needs --session FILE: a server may replace the refresh token, and only this file keeps the new one`
    await Terminal.printError(terminal, message)
    return Exit.USAGE
  }
  const { origin } = planned.right.url
  if (origins === undefined || origins.some((allowed) => new URL(allowed).origin === origin)) return undefined
  const message = `The token of ${credential.path} is not for ${origin}: add it to the origins in this file`
  await Terminal.printError(terminal, message)
  return Exit.USAGE
}

// --- send ----------------------------------------------------------------------------------------------------------

/** Sends the request, writes the body, saves the session, and returns the exit code. */
export const send =
  (terminal: Terminal.Terminal, context: Context) =>
  async (request: Request.Request): Promise<number> => {
    const unsendable = await reportUnsendable(terminal, context, request)
    if (unsendable !== undefined) return unsendable
    const { options, state, environment } = context
    const isBodyOnTerminal = terminal.out.isTTY && options.output === undefined
    const file = tokenFileOf(terminal, context)
    const progress = Terminal.startProgress(terminal.err, terminal.clock, isBodyOnTerminal ? ['up'] : ['up', 'down'])
    const { clock, signal, transport } = terminal
    const session = context.credential === undefined ? state.session : Assemble.withConnection(options)(state.session)
    const result = await pipe(
      Client.scoped({
        ...{ session, jar: state.jar, environment, clock, signal },
        ...(transport === undefined ? {} : { transport }),
      })((client) => async (): Promise<E.Either<never, readonly [Outcome, Jar.Jar]>> => {
        const main = pipe(request, Request.withProgress(progress.onProgress), program(terminal, options))
        const outcome = await Client.runIn(client)(authorized(terminal, context, file, request, main))()
        return E.right([outcome, Client.jar(client)()])
      }),
      TE.toUnion,
    )()
    await progress.clear()
    const [outcome, after] = result
    const render = storyPrinter(terminal, options)
    if (render !== undefined) await printStory(terminal, render, outcome)
    const code = await reportOutcome(terminal, outcome)
    // The last save has everything that an earlier one could not write.
    const problem = hasReply(outcome) ? await problemOfSaving(terminal, context, after) : file?.problem()
    if (problem === undefined) return code
    await Terminal.printError(terminal, `Cannot save the session; its file was not changed: ${problem}`)
    return Exit.NOT_WRITTEN
  }

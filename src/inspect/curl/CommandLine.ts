/** Finds the curl command in a line: `printf '…' | curl … | jq`, with or without a copied prompt. */
import * as E from 'fp-ts/lib/Either.js'
import * as Shell from '../Shell.js'
import * as CmdWords from './CmdWords.js'
import type { LeftOut } from './Options.js'
import * as Words from './Words.js'

export interface CurlCommand {
  /** The arguments of curl. */
  readonly words: ReadonlyArray<Words.Word>
  /** The output of a `printf` before curl. */
  readonly stdin: Shell.Octets | undefined
  /** The commands after curl. */
  readonly leftOut: ReadonlyArray<LeftOut>
}

const isCurl = ([name]: ReadonlyArray<Words.Word>): boolean =>
  name !== undefined && /^(?:.*[/\\])?curl(?:\.exe)?$/.test(name.octets)

/** Returns the curl command of a line for a POSIX shell or for cmd.exe, or an error message. */
export const parse = (line: string): E.Either<string, CurlCommand> => {
  // A byte order mark, and a prompt that was copied with the line.
  const text = line.replace(/^\ufeff?[ \t\r\n]*(?:[$>][ \t]+)?/, '')
  const parsed = CmdWords.isCmd(text) ? CmdWords.parse(text) : Words.parse(text)
  if (E.isLeft(parsed)) return parsed
  const commands = parsed.right
  const at = commands.findIndex(isCurl)
  if (at < 0) return E.left("it does not begin with curl; give the line from the word 'curl' on")
  const stdin = at === 1 ? Words.printfOf(commands[0] ?? []) : undefined
  if (at > 0 && stdin === undefined) {
    return E.left('the command before the | would have to be run; write the body with --data-raw')
  }
  const leftOut = commands.slice(at + 1).map(([name]) => ({
    option: `| ${Shell.toText(name?.octets ?? '') ?? ''}`,
    why: 'commands that read the output of curl are not part of the request',
  }))
  return E.right({ words: (commands[at] ?? []).slice(1), stdin, leftOut })
}

/**
 * Reads credentials from a file, the standard input or an environment variable. Every user of the machine can see the
 * arguments of a running command, so a password should not be one of them.
 *
 * | option                              | the credentials are                                       |
 * |-------------------------------------|-----------------------------------------------------------|
 * | `--auth USER:PASS`, `--bearer TOKEN` | the argument itself                                      |
 * | `--auth @FILE`, `--bearer @FILE`    | the text of a file, as in curl and in items; `@-` is stdin |
 * | `--auth-env NAME`, `--bearer-env NAME` | the value of an environment variable                   |
 *
 * One line end at the end of a file is removed. A user name that begins with `@` is written `\@name`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Checked, type Options, type Target, usageError } from './Arguments.js'
import * as Files from './Files.js'
import { printable, type Terminal } from './Terminal.js'

const MAX_CHARACTERS = 65_536

/** Returns the credentials in a text: one line. Errors name the source and never the text. */
export const singleLine = (source: string, text: string): Checked<string> => {
  const line = text.replace(/\r?\n$/, '')
  const problem =
    line === ''
      ? 'empty'
      : line.length > MAX_CHARACTERS
        ? `longer than ${MAX_CHARACTERS} characters`
        : /[\0\r\n]/.test(line)
          ? 'more than one line'
          : undefined
  return problem === undefined
    ? E.right(line)
    : usageError(`Invalid credentials in ${printable(source)}: they are ${problem}, and must be one line`)
}

const fromInput = async (input: () => AsyncIterable<Uint8Array>): Promise<Checked<string>> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of input()) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_CHARACTERS + 2) break
  }
  return singleLine('standard input', text + decoder.decode())
}

const fromFile = async (path: string): Promise<Checked<string>> => {
  const text = await Files.readText(path)
  return E.isLeft(text) ? text : singleLine(path, text.right)
}

const readsInput = (target: Target): boolean =>
  target._tag === 'Url' && target.items.some((item) => item._tag === 'Content' && item.path === '-')

const fromArgument = async (
  option: string,
  argument: string,
  target: Target,
  { input }: Terminal,
): Promise<Checked<string>> => {
  if (argument.startsWith('\\@')) return E.right(argument.slice(1))
  if (!argument.startsWith('@')) return E.right(argument)
  const path = argument.slice(1)
  if (path === '') return usageError(`Missing file name in --${option} @: write @FILE, or \\@ for a value of @`)
  if (path !== '-') return fromFile(path)
  return readsInput(target)
    ? usageError(`--${option} @- and the item @- both read the standard input: name a file for one of them`)
    : fromInput(input)
}

const fromVariable = (option: string, name: string, { variable }: Terminal): Checked<string> => {
  const value = variable(name)
  return value === undefined
    ? usageError(`The environment variable ${printable(name)} of --${option} is not set: set it, or name another one`)
    : singleLine(`the environment variable ${name}`, value)
}

/** Returns the options with `auth` and `bearer` replaced by the credentials that they refer to. */
export const resolve = async (target: Target, options: Options, terminal: Terminal): Promise<Checked<Options>> => {
  let resolved = options
  for (const name of ['auth', 'bearer'] as const) {
    const [argument, variable] = [options[name], options[`${name}-env`]]
    if (argument === undefined && variable === undefined) continue
    const credentials =
      argument === undefined
        ? fromVariable(`${name}-env`, variable ?? '', terminal)
        : await fromArgument(name, argument, target, terminal)
    if (E.isLeft(credentials)) return credentials
    resolved = { ...resolved, [name]: credentials.right }
  }
  return E.right(resolved)
}

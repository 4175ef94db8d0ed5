/**
 * Credentials that stand in no process list: what follows `--auth` and `--bearer` can be read by every user of the
 * machine as long as the command runs, so both may name a file, the standard input or a variable instead.
 *
 * | option                              | the credentials are                                       |
 * |-------------------------------------|-----------------------------------------------------------|
 * | `--auth USER:PASS`, `--bearer TOKEN` | what is written                                          |
 * | `--auth @FILE`, `--bearer @FILE`    | the text of a file, as in curl and in items; `@-` is stdin |
 * | `--auth-env NAME`, `--bearer-env NAME` | the value of an environment variable                   |
 *
 * One line end at the end of a file is removed. A name that begins with `@` is written `\@name`.
 */
import * as E from 'fp-ts/lib/Either.js'
import { type Options, type Target, type UsageError, usageError } from './Arguments.js'
import * as Files from './Files.js'
import { legible, type Terminal } from './Terminal.js'

type Read<A> = E.Either<UsageError, A>

const MAX_CHARACTERS = 65_536

const lineOf = (source: string, text: string): Read<string> => {
  const line = text.replace(/\r?\n$/, '')
  if (line === '') return usageError(`${legible(source)} is empty, and credentials are needed`)
  if (line.length > MAX_CHARACTERS) return usageError(`${legible(source)} is longer than ${MAX_CHARACTERS} characters`)
  return /[\0\r\n]/.test(line)
    ? usageError(`${legible(source)} has more than one line: credentials are one`)
    : E.right(line)
}

const fromInput = async (input: () => AsyncIterable<Uint8Array>): Promise<Read<string>> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of input()) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > MAX_CHARACTERS + 2) break
  }
  return lineOf('the standard input', text + decoder.decode())
}

const fromFile = async (path: string): Promise<Read<string>> => {
  const text = await Files.textOf(path)
  return E.isLeft(text) ? text : lineOf(path, text.right)
}

const readsInput = (target: Target): boolean =>
  target._tag === 'Url' && target.items.some((item) => item._tag === 'Content' && item.path === '-')

const ofOption = async (name: string, word: string, target: Target, { input }: Terminal): Promise<Read<string>> => {
  if (word.startsWith('\\@')) return E.right(word.slice(1))
  if (!word.startsWith('@')) return E.right(word)
  const path = word.slice(1)
  if (path === '') return usageError(`--${name} @ names no file; a value that begins with @ is written \\@`)
  if (path !== '-') return fromFile(path)
  return readsInput(target)
    ? usageError(`--${name} @- and the item @- both read the standard input: name a file for one of them`)
    : fromInput(input)
}

const ofVariable = (option: string, name: string, { variable }: Terminal): Read<string> => {
  const value = variable(name)
  return value === undefined
    ? usageError(`--${option} names the variable ${legible(name)}, which is not set`)
    : lineOf(`The variable ${name}`, value)
}

/** The options with the credentials that they name in place. */
export const resolve = async (target: Target, options: Options, terminal: Terminal): Promise<Read<Options>> => {
  let resolved = options
  for (const name of ['auth', 'bearer'] as const) {
    const [word, variable] = [options[name], options[`${name}-env`]]
    if (word === undefined && variable === undefined) continue
    const read =
      word === undefined
        ? ofVariable(`${name}-env`, variable ?? '', terminal)
        : await ofOption(name, word, target, terminal)
    if (E.isLeft(read)) return read
    resolved = { ...resolved, [name]: read.right }
  }
  return E.right(resolved)
}

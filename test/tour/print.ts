/** Prints values in at most 80 columns, with colours only on a terminal. */
import { Paint } from 'requests-ts'

const COLUMNS = 80

export const look: Paint.Look = {
  paint: Paint.forTerminal({ isTTY: process.stdout.isTTY, NO_COLOR: process.env['NO_COLOR'] }),
  columns: COLUMNS,
}
const { strong, faint: dim, bad: red } = look.paint ?? Paint.plain

export { dim, red }

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

/** Formats a name and a value in two columns. */
export const row = (name: string, value: string): string => `  ${dim(name.padEnd(16))} ${cut(value, COLUMNS - 19)}`

export const title = (text: string): string => `\n${strong(text)}`

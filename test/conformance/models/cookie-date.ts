/** Parses a date in a Set-Cookie field (RFC 6265 5.1.1). */

const DELIMITER = /[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/
const TIME = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D|$)/
const DAY = /^(\d{1,2})(?:\D|$)/
const YEAR = /^(\d{2,4})(?:\D|$)/
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

interface Found {
  readonly time?: readonly number[]
  readonly day?: number
  readonly month?: number
  readonly year?: number
}

/** Assigns a token to the first field that it matches and that is still missing. */
const take = (found: Found, token: string): Found => {
  const time = TIME.exec(token)
  if (found.time === undefined && time !== null) return { ...found, time: time.slice(1, 4).map(Number) }
  const day = DAY.exec(token)
  if (found.day === undefined && day !== null) return { ...found, day: Number(day[1]) }
  const month = MONTHS.indexOf(token.slice(0, 3).toLowerCase())
  if (found.month === undefined && month >= 0) return { ...found, month }
  const year = YEAR.exec(token)
  if (found.year === undefined && year !== null) return { ...found, year: fullYear(Number(year[1])) }
  return found
}

const fullYear = (year: number): number => (year <= 69 ? year + 2000 : year <= 99 ? year + 1900 : year)

/** Returns epoch milliseconds, or undefined if the text is not a date. */
export const cookieDate = (text: string): number | undefined => {
  const { time, day, month, year } = text.split(DELIMITER).reduce(take, {} as Found) // the cast: all fields are optional
  const [hour = 0, minute = 0, second = 0] = time ?? []
  if (time === undefined || day === undefined || month === undefined || year === undefined) return undefined
  if (day < 1 || day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59) return undefined
  const at = new Date(Date.UTC(year, month, day, hour, minute, second))
  return at.getUTCDate() === day ? at.getTime() : undefined
}

/** Replaces what a command writes into a page: everything between its mark and the next heading, or the end. */
export const replaceAfter =
  (mark: string) =>
  (page: string, written: string): string => {
    const [before, after] = page.split(mark)
    if (before === undefined || after === undefined) throw new Error(`The page has no line ${mark.trim()}`)
    const rest = after.search(/^## /m)
    return `${before}${mark}${written}\n${rest === -1 ? '' : `\n${after.slice(rest)}`}`
  }

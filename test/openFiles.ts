/** The files of a folder that this process has open, to notice what is not closed. */
import { existsSync, readdirSync, readlinkSync } from 'node:fs'

/** Returns their paths, on systems that list them. */
export const openFilesIn = (folder: string): ReadonlyArray<string> => {
  if (!existsSync('/proc/self/fd')) return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith(folder) ? [target] : []
    } catch {
      return [] // closed since the folder was listed
    }
  })
}

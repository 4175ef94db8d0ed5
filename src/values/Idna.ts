/** Internationalised host names in ASCII (UTS #46), by the URL parser of the runtime. */

/** Returns the host of a URL after a name was written into it. A name that is not valid leaves the host unchanged. */
const hostWith = (name: string, initial: string): string => {
  const url = new URL(`ws://${initial}`)
  url.hostname = name
  return url.hostname
}

/** Returns a host name in ASCII, or `undefined` if it is not valid. */
export const domainToAscii = (name: string): string | undefined => {
  const ascii = hostWith(name, 'x')
  return ascii === 'x' && hostWith(name, 'y') === 'y' ? undefined : ascii
}

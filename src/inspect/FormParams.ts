/**
 * Lists the fields of a form for HAR 1.2: decoded pairs of `application/x-www-form-urlencoded`, and parts of
 * `multipart/form-data` with name, filename and content type. Content that is not UTF-8 text is omitted.
 */
import * as Multipart from '../values/Multipart.js'

export interface FormParam {
  readonly name: string
  readonly value?: string
  readonly fileName?: string
  readonly contentType?: string
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const textOf = (latin1: string): string | undefined => {
  try {
    return UTF8.decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return undefined
  }
}

// Only quotes and line ends are percent-encoded in names (WHATWG HTML, multipart/form-data encoding).
const unescaped = (text: string): string =>
  text.replace(/%0a|%0d|%22/gi, (octet) => String.fromCharCode(Number.parseInt(octet.slice(1), 16)))

const parameter = (disposition: string, name: string): string | undefined => {
  const start = disposition.indexOf(`; ${name}="`)
  if (start < 0) return undefined
  const from = start + name.length + 4
  const end = disposition.indexOf('"', from)
  return end < 0 ? undefined : unescaped(textOf(disposition.slice(from, end)) ?? disposition.slice(from, end))
}

const field = (lines: ReadonlyArray<string>, name: string): string | undefined => {
  const line = lines.find((one) => one.toLowerCase().startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim()
}

const partOf = (part: string): FormParam | undefined => {
  const end = part.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const lines = part.slice(0, end).split('\r\n')
  const disposition = field(lines, 'content-disposition') ?? ''
  const name = parameter(disposition, 'name')
  if (name === undefined) return undefined
  const value = textOf(part.slice(end + 4))
  const fileName = parameter(disposition, 'filename')
  const contentType = field(lines, 'content-type')
  return {
    name,
    ...(value === undefined ? {} : { value }),
    ...(fileName === undefined ? {} : { fileName }),
    ...(contentType === undefined ? {} : { contentType }),
  }
}

const multipart = (bytes: Uint8Array, boundary: string): ReadonlyArray<FormParam> => {
  // The first delimiter is not preceded by a line end (RFC 2046 5.1.1).
  const [, ...parts] = `\r\n${Buffer.from(bytes).toString('latin1')}`.split(`\r\n--${boundary}`)
  return parts.flatMap((part) => {
    const found = part.startsWith('\r\n') ? partOf(part.slice(2)) : undefined
    return found === undefined ? [] : [found]
  })
}

/** Returns the fields of a form body; empty if the media type is not that of a form. */
export const ofBody = (mimeType: string, bytes: Uint8Array): ReadonlyArray<FormParam> => {
  if (/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(mimeType)) {
    return Array.from(new URLSearchParams(Buffer.from(bytes).toString('utf8')), ([name, value]) => ({ name, value }))
  }
  const boundary = /^multipart\/form-data\s*(?:;|$)/i.test(mimeType) ? Multipart.boundaryOf(mimeType) : undefined
  return boundary === undefined || boundary === '' ? [] : multipart(bytes, boundary)
}

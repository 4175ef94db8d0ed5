import { createHash, createHmac, verify as verifyWith } from 'node:crypto'

// Verifies HTTP message signatures (RFC 9421) as a server does, from what it receives. It shares no code with the library:
// it reads Signature-Input character by character, and uses the crypto module of Node.

/** A request as a server receives it. */
export interface Received {
  readonly scheme: 'http' | 'https'
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: Uint8Array
}

/** What the server knows about the signer. */
export type VerificationKey =
  | { readonly algorithm: 'hmac-sha256'; readonly secret: Uint8Array }
  | { readonly algorithm: 'ed25519'; readonly publicKey: string }

type Parameters = ReadonlyMap<string, string | number | true>
interface Item {
  readonly name: string
  readonly parameters: Parameters
  /** The item as it is written. */
  readonly text: string
}
interface SignatureInput {
  readonly items: ReadonlyArray<Item>
  readonly parameters: Parameters
  /** The whole value as it is written. */
  readonly text: string
}

/** Returns the value of one member of a dictionary, up to the comma that ends it. */
const memberOf = (dictionary: string, label: string): string | undefined => {
  let quoted = false
  let start = 0
  const members: string[] = []
  for (let at = 0; at <= dictionary.length; at += 1) {
    const character = dictionary[at] ?? ','
    if (quoted && character === '\\') at += 1
    else if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      members.push(dictionary.slice(start, at).trim())
      start = at + 1
    }
  }
  return members
    .filter((member) => member.startsWith(`${label}=`))
    .at(-1)
    ?.slice(label.length + 1)
}

/** A reader of structured fields, as far as Signature-Input needs them. It throws where the syntax is not valid. */
const reader = (text: string) => {
  let at = 0
  const expectNext = (expected: string): void => {
    if (text[at] !== expected) throw new Error(`expected ${expected} at ${at} of ${text}`)
    at += 1
  }
  const string = (): string => {
    expectNext('"')
    let value = ''
    while (text[at] !== '"') {
      if (at >= text.length) throw new Error('unclosed string')
      if (text[at] === '\\') at += 1
      value += text[at]
      at += 1
    }
    at += 1
    return value
  }
  const parameters = (): Parameters => {
    const found = new Map<string, string | number | true>()
    while (text[at] === ';') {
      const [, name = ''] = /^;([a-z*][a-z0-9_.*-]*)/.exec(text.slice(at)) ?? []
      if (name === '') throw new Error(`no parameter at ${at} of ${text}`)
      at += 1 + name.length
      if (text[at] !== '=') {
        found.set(name, true)
        continue
      }
      at += 1
      if (text[at] === '"') found.set(name, string())
      else {
        const [digits = ''] = /^-?\d{1,15}/.exec(text.slice(at)) ?? []
        if (digits === '') throw new Error(`no integer at ${at} of ${text}`)
        at += digits.length
        found.set(name, Number(digits))
      }
    }
    return found
  }
  const items = (): ReadonlyArray<Item> => {
    const list: Item[] = []
    expectNext('(')
    while (text[at] !== ')') {
      if (list.length > 0) expectNext(' ')
      const start = at
      const name = string()
      list.push({ name, parameters: parameters(), text: text.slice(start, at) })
    }
    at += 1
    return list
  }
  return {
    input: (): SignatureInput => {
      const read = { items: items(), parameters: parameters(), text }
      if (at !== text.length) throw new Error(`unexpected text at ${at} of ${text}`)
      return read
    },
  }
}

/** `application/x-www-form-urlencoded`, octet by octet. */
const formDecoded = (text: string): Buffer => {
  const octets: number[] = []
  for (let at = 0; at < text.length; at += 1) {
    const digits = /^%([0-9a-fA-F]{2})/.exec(text.slice(at))
    if (digits !== null) at += 2
    octets.push(digits !== null ? Number.parseInt(digits[1] ?? '', 16) : text[at] === '+' ? 0x20 : text.charCodeAt(at))
  }
  return Buffer.from(Buffer.from(octets).toString('utf8'))
}
const formEncoded = (octets: Buffer): string =>
  Array.from(octets, (octet) => {
    const character = String.fromCharCode(octet)
    return /[a-zA-Z0-9*._-]/.test(character) ? character : `%${octet.toString(16).padStart(2, '0').toUpperCase()}`
  }).join('')

const queryValues = (query: string, name: string): ReadonlyArray<string> =>
  query
    .split('&')
    .filter((piece) => piece !== '')
    .flatMap((piece) => {
      const equals = piece.indexOf('=')
      const [key, value] = equals < 0 ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)]
      return formEncoded(formDecoded(key)) === name ? [formEncoded(formDecoded(value))] : []
    })

const valueOf = ({ name, parameters }: Item, { scheme, method, target, headers }: Received): string => {
  const lines = (field: string): ReadonlyArray<string> =>
    headers.filter(([other]) => other.toLowerCase() === field).map(([, value]) => value.replace(/^[ \t]+|[ \t]+$/g, ''))
  const host = (lines('host')[0] ?? '').toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '')
  const question = target.indexOf('?')
  switch (name) {
    case '@method':
      return method
    case '@scheme':
      return scheme
    case '@authority':
      return host
    case '@target-uri':
      return `${scheme}://${host}${target}`
    case '@request-target':
      return target
    case '@path':
      return question < 0 ? target : target.slice(0, question)
    case '@query':
      return question < 0 ? '?' : target.slice(question)
    case '@query-param': {
      const values = queryValues(question < 0 ? '' : target.slice(question + 1), String(parameters.get('name')))
      if (values.length !== 1) throw new Error(`${values.length} parameters ${parameters.get('name')}`)
      return values[0] ?? ''
    }
    default: {
      if (name.startsWith('@') || name !== name.toLowerCase()) throw new Error(`component ${name}`)
      const found = lines(name)
      if (found.length === 0) throw new Error(`no field ${name}`)
      if (!parameters.has('bs')) return found.join(', ')
      return found.map((line) => `:${Buffer.from(line, 'latin1').toString('base64')}:`).join(', ')
    }
  }
}

/** Returns the covered components as written, and the signature parameters. Throws if there is no such signature. */
export const inputOf = (received: Received, label: string): SignatureInput => {
  const field = received.headers.filter(([name]) => name.toLowerCase() === 'signature-input').map(([, value]) => value)
  const member = memberOf(field.join(', '), label)
  if (member === undefined) throw new Error(`no signature ${label}`)
  return reader(member).input()
}

/** Returns the signature base of a request (RFC 9421 2.5). */
export const baseOf = (received: Received, label: string): string => {
  const input = inputOf(received, label)
  const texts = input.items.map(({ text }) => text)
  if (new Set(texts).size < texts.length) throw new Error('a component occurs twice')
  const lines = input.items.map((item) => `${item.text}: ${valueOf(item, received)}`)
  return [...lines, `"@signature-params": ${input.text}`].join('\n')
}

/** Checks the digest of the body, if the signature covers it (RFC 9530). */
const isDigestRight = ({ headers, body }: Received): boolean => {
  const field = headers.filter(([name]) => name.toLowerCase() === 'content-digest').map(([, value]) => value)
  const algorithms = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const
  const found = Object.entries(algorithms).flatMap(([name, algorithm]) => {
    const member = memberOf(field.join(', '), name)
    return member === undefined ? [] : [member === `:${createHash(algorithm).update(body).digest('base64')}:`]
  })
  return found.length > 0 && found.every((isRight) => isRight)
}

/** Returns whether the signature with this label is valid. Throws if the request has none, or if its fields are malformed. */
export const verify = (received: Received, key: VerificationKey, label = 'sig1'): boolean => {
  const field = received.headers.filter(([name]) => name.toLowerCase() === 'signature').map(([, value]) => value)
  const [, base64] = /^:([A-Za-z0-9+/]*={0,2}):$/.exec(memberOf(field.join(', '), label) ?? '') ?? []
  if (base64 === undefined) throw new Error(`no signature ${label}`)
  const signature = Buffer.from(base64, 'base64')
  const base = Buffer.from(baseOf(received, label), 'ascii')
  if (inputOf(received, label).items.some(({ name }) => name === 'content-digest') && !isDigestRight(received))
    return false
  if (key.algorithm === 'ed25519') return verifyWith(null, base, key.publicKey, signature)
  return createHmac('sha256', key.secret).update(base).digest().equals(signature)
}

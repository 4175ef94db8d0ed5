/** How the tour shows values: at most 80 columns, in colour only where a terminal asks for it. */
import * as O from 'fp-ts/lib/Option.js'
import { Body, Headers, type Jar, Jar as Jars, type Plan, Proxy, type Response } from 'requests-ts'

const COLUMNS = 80
const isColoured = process.stdout.isTTY === true && process.env['NO_COLOR'] === undefined

const paint =
  (code: number) =>
  (text: string): string =>
    isColoured ? `\u001b[${code}m${text}\u001b[0m` : text
export const bold = paint(1)
export const dim = paint(2)
export const red = paint(31)
export const green = paint(32)

const cut = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

/** A name and a value in two columns. */
export const row = (name: string, value: string): string => `  ${dim(name.padEnd(16))} ${cut(value, COLUMNS - 19)}`

export const title = (text: string): string => `\n${bold(text)}`

const sizeOf = (body: Body.Payload): string => {
  if (body._tag === 'Empty') return 'none'
  const size = Body.length(body)
  return O.isSome(size) ? `${size.value} octets` : 'a stream'
}

export const plan = ({ method, url, headers, body, route }: Plan.Plan): ReadonlyArray<string> => [
  row('request', `${method} ${url.href}`),
  ...Headers.toPairs(headers).map(([name, value]) => row(name, value)),
  row('body', sizeOf(body)),
  row('proxy', O.isSome(route.proxy) ? Proxy.show(route.proxy.value) : 'none'),
  row(
    'timeouts',
    Object.entries(route.timeouts)
      .map(([phase, ms]) => `${phase} ${ms} ms`)
      .join(', ') || 'none',
  ),
]

const hop = (asked: Plan.Plan, status: number, reason: string, cookies: number): string => {
  const mark = status < 400 ? green(String(status)) : red(String(status))
  const set = cookies === 0 ? '' : dim(`  (${cookies} cookies set)`)
  return `  ${mark} ${cut(`${reason.padEnd(10)} ${asked.method} ${asked.url.href}`, COLUMNS - 26)}${set}`
}

export const hops = (response: Response.Response): ReadonlyArray<string> =>
  [...response.history, { plan: response.plan, head: response }].map(({ plan: asked, head }) =>
    hop(asked, head.status, head.reason, Headers.valuesOf(head.headers, 'Set-Cookie').length),
  )

export const cookies = (jar: Jar.Jar): ReadonlyArray<string> => {
  const all = Jars.toArray(jar)
  if (all.length === 0) return [row('none', '')]
  return all.map(({ name, domain, path, expires }) => {
    const until = O.isSome(expires) ? `until ${new Date(expires.value).toISOString()}` : 'until the session ends'
    return row(name, `‹secret›  ${domain}${path}  ${until}`)
  })
}

export const text = (content: string, lines = 8): ReadonlyArray<string> => {
  const all = content.split('\n').map((line) => `  ${cut(line.replace(/\t/g, '  '), COLUMNS - 2)}`)
  return all.length <= lines ? all : [...all.slice(0, lines), dim(`  … and ${all.length - lines} more lines`)]
}

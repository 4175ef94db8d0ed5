/**
 * `netrc.json`: netrc files, the entry for a host, and the Authorization header of a plan.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { Environment, Netrc, Plan, Request, Secret, Session, Url } from 'requests-ts'
import { headerOf, mountForeign } from '../observe/plan.js'
import * as rules from '../rules/netrc.js'
import { reading } from '../shapes.js'
import type { Family } from '../subject.js'

const Input = t.intersection([
  t.type({ url: t.string }),
  t.partial({ netrc: t.union([t.string, t.null]), files: t.record(t.string, t.string) }),
])
export type Input = t.TypeOf<typeof Input>

const OptionalText = t.union([t.string, t.null])
const Output = t.type({
  auth: t.union([t.tuple([t.string, t.string]), t.null]),
  /** The exception for an invalid file. */
  raise_errors: OptionalText,
  authorization: OptionalText,
})
export type Output = t.TypeOf<typeof Output>

/** Runs with HOME set to a temporary folder with these files, and without NETRC. */
const atHome = <A>(files: Readonly<Record<string, string>>, run: () => A): A => {
  const { HOME, NETRC } = process.env
  const home = mkdtempSync(join(tmpdir(), 'netrc-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text)
    process.env['HOME'] = home
    delete process.env['NETRC']
    return run()
  } finally {
    if (HOME !== undefined) process.env['HOME'] = HOME
    if (NETRC !== undefined) process.env['NETRC'] = NETRC
    rmSync(home, { recursive: true })
  }
}

const environmentOf = ({ netrc, files }: Input): Environment.Environment => {
  if (files === undefined) return Environment.make({}, netrc ?? '')
  return atHome(files, () => Environment.make({}, Secret.reveal(Environment.read().netrc)))
}

/** Returns the host that is looked up in netrc, or undefined for a foreign scheme. */
const hostOf = (url: string): string | undefined => {
  const located = Url.parse(url)
  return E.isLeft(located) || !Url.isHttp(located.right.url) ? undefined : located.right.url.hostname
}

const authFor = (host: string, environment: Environment.Environment): Output['auth'] => {
  const found = Environment.credentialsFor(host)(environment)
  return O.isNone(found) ? null : [Secret.reveal(found.value.user), Secret.reveal(found.value.pass)]
}

const problemOf = ({ netrc }: Environment.Environment): string | null =>
  E.isLeft(Netrc.parse(Secret.reveal(netrc))) ? 'NetrcParseError' : null

const observe = (input: Input): Output => {
  const environment = environmentOf(input)
  const host = hostOf(input.url)
  const session = mountForeign(input.url)(Session.withAmbient({ netrc: true })(Session.empty))
  const plan = Plan.plan({ session, environment })(Request.get(input.url))
  return {
    auth: host === undefined ? null : authFor(host, environment),
    raise_errors: host === undefined ? null : problemOf(environment),
    authorization: E.isLeft(plan) ? plan.left._tag : (headerOf(plan.right, 'Authorization') ?? null),
  }
}

export const family: Family<Input, Output> = {
  name: 'netrc',
  input: reading(Input, (input) => input),
  output: reading(Output, (output) => output),
  observe: async ({ input }) => observe(input),
  rules: rules.all,
  excuses: [],
}

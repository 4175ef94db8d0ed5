/**
 * Prints a plan as canonical JSON, for snapshots: the same request gives the same text on every run and every machine.
 *
 * Keys have a fixed order, header names are in lower case, absent values are left out, and the random boundary of a
 * multipart body is `‹boundary›`. The provenance of the plan is not included. The text is redacted by default; with
 * `{ reveal: true }` it includes the body, as text if it is UTF-8, else as base64.
 *
 * Law: equal plans have equal texts; plans that differ in what is written here have different texts.
 *
 * @example
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { Plan, Request, Session } from 'requests-ts'
 *
 * const text = (entropy: string) => pipe(
 *   Request.post('https://example.com/'), Request.withMultipart({ a: 'b' }),
 *   Plan.plan({ session: Session.defaults, entropy }), E.map(Plan.canonical({ reveal: true })))
 * assert.deepEqual(text('one'), text('two'))
 */
import * as O from 'fp-ts/lib/Option.js'
import * as Headers from '../values/Headers.js'
import * as Multipart from '../values/Multipart.js'
import * as Secret from '../values/Secret.js'
import * as Url from '../values/Url.js'
import type { Plan } from '../wire/Plan.js'
import { revealed } from './explain/FieldContent.js'
import { label } from './explain/FieldLabel.js'
import type { Of } from './explain/PlanField.js'
import * as Reveal from './Reveal.js'
import * as Shell from './Shell.js'

type Json = string | number | boolean | { readonly [key: string]: Json } | ReadonlyArray<Json>

const BOUNDARY = '‹boundary›'

const boundaryOf = ({ headers }: Plan): string | undefined => {
  const type = Secret.reveal(Headers.find(headers, 'Content-Type') ?? '')
  return /^multipart\//i.test(type) ? Multipart.boundaryOf(type) : undefined
}

const headersOf = (plan: Plan, open: Reveal.Open): Json => {
  const boundary = boundaryOf(plan)
  return plan.headers.fields.map(([name, value]): Json => {
    const key = name.toLowerCase()
    const text = open(value)
    return `${key}: ${key === 'content-type' && boundary !== undefined ? text.replace(boundary, BOUNDARY) : text}`
  })
}

const bodyOf = (plan: Plan, options: Reveal.Reveal): Json => {
  const { body } = plan
  const described = label({ _tag: 'Body', body }).value
  if (body._tag !== 'Bytes' || !Reveal.isOpen(options)) return described
  const octets = Shell.ofBytes(Secret.open(body.bytes))
  const boundary = boundaryOf(plan)
  const known = boundary === undefined ? octets : octets.replaceAll(`--${boundary}`, `--${Shell.ofText(BOUNDARY)}`)
  const text = Shell.toText(known)
  return text === undefined ? { base64: Buffer.from(known, 'latin1').toString('base64') } : { text }
}

const routeOf = (plan: Plan, options: Reveal.Reveal): Json => {
  const { proxy, tls, timeouts, limits } = plan.route
  const shown = (part: Of<'Proxy' | 'Certificate'>): Json =>
    Reveal.isOpen(options) ? revealed(part) : label(part).value
  const { connect, read, total } = timeouts
  return {
    proxy: shown({ _tag: 'Proxy', proxy }),
    tls: {
      verify: tls.verify,
      ca: O.isSome(tls.ca) ? tls.ca.value : 'the built-in roots',
      certificate: shown({ _tag: 'Certificate', certificate: tls.certificate }),
    },
    timeouts: {
      ...(connect === undefined ? {} : { connect }),
      ...(read === undefined ? {} : { read }),
      ...(total === undefined ? {} : { total }),
    },
    limits: { body: limits.body },
  }
}

/** The text: JSON with two blanks for each level. Never fails. */
export const canonical =
  (options: Reveal.Reveal = {}) =>
  (plan: Plan): string => {
    const json: Json = {
      method: plan.method,
      url: Reveal.isOpen(options) ? Url.sentHref(plan.url) : plan.url.href,
      headers: headersOf(plan, Reveal.opening(options)),
      body: bodyOf(plan, options),
      route: routeOf(plan, options),
      cause: plan.cause,
    }
    return JSON.stringify(json, null, 2)
  }

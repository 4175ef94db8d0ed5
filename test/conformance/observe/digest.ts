/**
 * Requests with one digest credential, one after the other; the jar carries the challenges between them.
 *
 * Each answer is computed again from its own fields. Only where it is right for our cnonce is it written with the
 * vectors'; a wrong one is shown as it is, so that no case can pass with it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { Entropy, Environment, Jar, type Plan, Request, Session, Url } from 'requests-ts'
import type { Asked, Input, Output, Step, StepOutput } from '../families/digest.js'
import * as Model from '../models/digest.js'
import type { Failure, SessionSpec } from '../shapes.js'
import type { Subject } from '../subject.js'
import type { Py } from '../tagged.js'
import * as Cookies from '../translate/cookies.js'
import { session as sessionOf, request as translated } from '../translate/request.js'
import { bytesOf } from '../translate/values.js'
import { failureOf } from './errors.js'
import { headerOf, prepared } from './plan.js'
import * as Script from './script.js'

type Credentials = readonly [user: string, pass: string]

/** Credentials are text here; bytes are taken for its UTF-8. */
const textOf = (py: Py): string => Buffer.from(bytesOf(py)).toString('utf8')

const challengeOf = (fields: ReadonlyMap<string, string>): Model.Challenge => ({
  realm: fields.get('realm') ?? '',
  nonce: fields.get('nonce') ?? '',
  opaque: fields.get('opaque'),
  algorithm: fields.get('algorithm'),
  qop: fields.has('qop'),
})

const MOST_USES = 50

/** Without qop neither count nor cnonce is sent, though `-sess` uses both: they are found again among the draws. */
const uses = (fields: ReadonlyMap<string, string>, nonce: string): ReadonlyArray<readonly [number, string]> => {
  const [count, cnonce] = [fields.get('nc'), fields.get('cnonce')]
  if (count !== undefined && cnonce !== undefined) return [[Number.parseInt(count, 16), cnonce]]
  return Array.from({ length: MOST_USES }, (_, i) => [
    i + 1,
    Entropy.draw(Script.SEED, `cnonce ${nonce} ${i + 1}`).slice(0, 16),
  ])
}

const withTheirCnonce = (header: string, plan: Plan.Plan, [user, pass]: Credentials): string => {
  const fields = Model.read(header)
  const challenge = challengeOf(fields)
  const { nonce } = challenge
  for (const [count, cnonce] of uses(fields, nonce)) {
    const ours = { user, pass, challenge, method: plan.method, target: Url.target(plan.url), count, cnonce }
    const right = `response="${Model.response(ours)}"`
    if (!header.includes(right)) continue
    const theirs = { ...ours, cnonce: Model.cnonceFor(nonce, count) }
    return header
      .replace(right, `response="${Model.response(theirs)}"`)
      .replace(`cnonce="${cnonce}"`, `cnonce="${theirs.cnonce}"`)
  }
  return `WRONG ${header}`
}

const askedOf = async (plan: Plan.Plan, credentials: Credentials, boundary: string): Promise<Asked> => {
  const { method, url, body } = await prepared(plan, boundary)
  const header = headerOf(plan, 'Authorization')
  return {
    method,
    url,
    body,
    authorization:
      header?.startsWith('Digest ') === true ? withTheirCnonce(header, plan, credentials) : (header ?? null),
    cookie: headerOf(plan, 'Cookie') ?? null,
  }
}

/** A step's request; its own `auth` is the credential of the case. */
const requestOf = (
  { url, script: _, auth: __, ...content }: Step,
  below: SessionSpec,
): E.Either<Failure, Request.Request> =>
  translated({ url: { _tag: 'Str', text: url }, ...content }, below, 'session.request')

export const observe = async ({ input, meta }: Subject<Input>): Promise<Output> => {
  const { steps, session: spec = {}, session_auth = false } = input
  const auth = [textOf(input.auth[0]), textOf(input.auth[1])] as const
  const made = sessionOf(spec)
  const bare = E.isLeft(made) ? Session.empty : made.right
  const session = session_auth ? Session.withDigestAuth(...auth)(bare) : bare
  const held = Cookies.into(spec.cookies ?? [], steps[0]?.url ?? '')(Jar.empty)
  let jar = E.isLeft(held) ? Jar.empty : held.right
  const scripted = Script.open({ session, environment: Environment.empty, now: meta.now })
  const outputs: StepOutput[] = []
  for (const step of steps) {
    const request = requestOf(step, spec)
    if (E.isLeft(request)) {
      outputs.push({ error: request.left.error, requests: [] })
      continue
    }
    scripted.follow({ answers: step.script })
    const before = scripted.sent.length
    const signed = session_auth ? request.right : Request.withDigestAuth(...auth)(request.right)
    const { result, jar: after } = await Script.attempt(scripted, jar)(signed)
    jar = after
    const requests = await Promise.all(scripted.sent.slice(before).map((plan) => askedOf(plan, auth, meta.boundary)))
    outputs.push(
      E.isLeft(result)
        ? { ...failureOf(result.left), requests }
        : { requests, status: result.right.status, history: result.right.history.map(({ head }) => head.status) },
    )
  }
  return { steps: outputs }
}

/**
 * Sends several requests with the same digest credentials in turn. The jar stores the challenges.
 *
 * Each Authorization header is recomputed from its own fields. If it is correct for our cnonce, the cnonce of the vectors
 * replaces ours. An incorrect header is marked as WRONG, so that no case can pass with it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { Entropy, Environment, Jar, type Plan, Request, Session, Url } from 'requests-ts'
import type { Input, Output, SentRequest, Step, StepOutput } from '../families/digest.js'
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

/** Our credentials are text, so bytes are decoded as UTF-8. */
const textOf = (py: Py): string => Buffer.from(bytesOf(py)).toString('utf8')

const challengeOf = (fields: ReadonlyMap<string, string>): Model.Challenge => ({
  realm: fields.get('realm') ?? '',
  nonce: fields.get('nonce') ?? '',
  opaque: fields.get('opaque'),
  algorithm: fields.get('algorithm'),
  qop: fields.has('qop'),
})

const MAX_USES = 50

/** Without qop, count and cnonce are not sent, but `-sess` uses both. So the possible pairs are computed. */
const uses = (fields: ReadonlyMap<string, string>, nonce: string): ReadonlyArray<readonly [number, string]> => {
  const [count, cnonce] = [fields.get('nc'), fields.get('cnonce')]
  if (count !== undefined && cnonce !== undefined) return [[Number.parseInt(count, 16), cnonce]]
  return Array.from({ length: MAX_USES }, (_, i) => [
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

const sentRequestOf = async (plan: Plan.Plan, credentials: Credentials, boundary: string): Promise<SentRequest> => {
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

/** Returns the request of a step. Omits its `auth`, which is the credential of the case. */
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
    const requests = await Promise.all(
      scripted.sent.slice(before).map((plan) => sentRequestOf(plan, auth, meta.boundary)),
    )
    outputs.push(
      E.isLeft(result)
        ? { ...failureOf(result.left), requests }
        : { requests, status: result.right.status, history: result.right.history.map(({ head }) => head.status) },
    )
  }
  return { steps: outputs }
}

/** Sends several requests of one session in turn, and returns the Cookie headers and the final jar. */
import * as E from 'fp-ts/lib/Either.js'
import { Environment, Jar, Request, Session } from 'requests-ts'
import { type Input, isCollection, type Output, type Sequence, type Step } from '../families/cookies.js'
import type { Subject } from '../subject.js'
import * as Cookies from '../translate/cookies.js'
import { cookies as translatedCookies, headers as translatedHeaders } from '../translate/request.js'
import { collection } from './collection.js'
import { jarOf } from './jar.js'
import { headerOf } from './plan.js'
import * as Script from './script.js'

const requestOf = ({ url, cookies, headers = [] }: Step): Request.Request => {
  const request = Request.withoutRedirects(Request.get(url))
  const [fields, given] = [translatedHeaders(headers), translatedCookies(cookies)]
  const withFields = E.isLeft(fields) ? request : fields.right(request)
  return E.isLeft(given) ? withFields : given.right(withFields)
}

const answerOf = ({ set_cookie = [] }: Step): Script.Script => ({
  answers: [
    {
      status: 200,
      headers: set_cookie.map(
        (text) => ['Set-Cookie', { _tag: 'Str', text }] as [string, { _tag: 'Str'; text: string }],
      ),
    },
  ],
})

const sequence = async ({ steps, session_cookies = [] }: Sequence, now: number): Promise<Output> => {
  const settings = Cookies.settings(session_cookies)
  const session = E.isLeft(settings) ? Session.empty : settings.right(Session.empty)
  const made = Cookies.into(session_cookies, steps[0]?.url ?? '')(Jar.empty)
  let jar = E.isLeft(made) ? Jar.empty : made.right
  const scripted = Script.open({ session, environment: Environment.empty, now })
  const sent: Array<string | null> = []
  for (const step of steps) {
    scripted.advance(step.advance ?? 0)
    scripted.follow(answerOf(step))
    const before = scripted.sent.length
    const outcome = await Script.attempt(scripted, jar)(requestOf(step))
    const plan = scripted.sent[before]
    sent.push(plan === undefined ? null : (headerOf(plan, 'Cookie') ?? null))
    jar = outcome.jar
  }
  return { sent, jar: jarOf(jar, session) }
}

export const observe = async ({ input, meta }: Subject<Input>): Promise<Output> =>
  isCollection(input) ? collection(input, meta.now) : sequence(input, meta.now)

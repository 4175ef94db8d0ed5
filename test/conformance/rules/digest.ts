/**
 * Differences of Digest authentication.
 *
 * | rule | Python                                                   | here                                      |
 * |------|----------------------------------------------------------|-------------------------------------------|
 * | D14  | userinfo stays in the URL                                | removed                                   |
 * | D20  | the history of a redirected request omits the challenges | it lists every answered hop               |
 * | D30  | cookies without a domain keep the position of their dict | before the other cookies for the path `/` |
 * | D24  | any 4xx, any origin, text split at commas, no escaped quotes, a header after a redirect only for another 401 | RFC 7616 (`models/digest-client.ts`)      |
 */
import type { Input, Output, Step, StepOutput } from '../families/digest.js'
import { type Credentials, type Held, run } from '../models/digest-client.js'
import { heldOf, pairsOf, settingCookiesIn } from '../models/given-cookies.js'
import { onTheWire } from '../models/normal-url.js'
import { plainBody } from '../models/plain-request.js'
import type { Rule, Subject } from '../subject.js'
import type { Py } from '../tagged.js'
import { ourSpelling } from './body.js'
import { withoutUserinfo } from './url.js'

type R = Rule<Input, Output>

const mapSteps = (python: Output, change: (step: StepOutput, i: number) => StepOutput): Output => ({
  steps: python.steps.map(change),
})

const USERINFO: R = {
  id: 'D14',
  when: () => true,
  expect: (_, python) =>
    mapSteps(python, (step) => ({
      ...step,
      requests: step.requests.map((asked) => ({ ...asked, url: withoutUserinfo(asked.url) })),
    })),
}

const WHOLE_HISTORY: R = {
  id: 'D20',
  when: () => true,
  expect: ({ input }, python) =>
    mapSteps(python, (step, i) => {
      if (step.history === undefined) return step
      const statuses = (input.steps[i]?.script ?? []).map(({ status }) => status)
      return { ...step, history: statuses.slice(0, step.requests.length - 1) }
    }),
}

const textOf = (py: Py): string =>
  py._tag === 'Str' ? py.text : py._tag === 'Bytes' ? Buffer.from(py.bytes).toString('utf8') : ''

/** Returns the first request of a step, with Python's URL and body if Python sent it. */
const firstOf = ({ method, url, data, json, files }: Step, python: StepOutput | undefined) => {
  const [asked] = python?.requests ?? []
  const request = {
    method,
    url: { _tag: 'Str', text: url } as const,
    ...(data === undefined ? {} : { data }),
    ...(json === undefined ? {} : { json }),
    ...(files === undefined ? {} : { files }),
  }
  const written = ourSpelling(request, {
    method,
    url,
    headers: [],
    body: asked === undefined ? plainBody(request) : asked.body,
  })
  return {
    method: method.toUpperCase(),
    url: onTheWire(withoutUserinfo(asked?.url ?? url)),
    body: written.body,
    once: data?._tag === 'Iter',
  }
}

const isLocation = ([name]: readonly [string, Py]): boolean => name.toLowerCase() === 'location'

/** Removes the redirects from the script if they are not followed. */
const followed = ({ script, allow_redirects }: Step): Step['script'] =>
  allow_redirects === false
    ? script.map((answer) => ({ ...answer, headers: answer.headers.filter((pair) => !isLocation(pair)) }))
    : script

const ourOutput = ({ input, meta }: Subject<Input>, python: Output): Output => {
  const { auth, steps, session = {} } = input
  const credentials: Credentials = { user: textOf(auth[0]), pass: textOf(auth[1]) }
  const settingCookies = pairsOf(settingCookiesIn(session.cookies ?? []))
  let held: Held = { memory: [], cookies: heldOf(session.cookies ?? [], steps[0]?.url ?? ''), now: meta.now * 1000 }
  return mapSteps(python, (theirs, i) => {
    const step = steps[i]
    if (step === undefined) return theirs
    const [exchange, after] = run(held, credentials, firstOf(step, theirs), followed(step), settingCookies)
    held = after
    return exchange
  })
}

const sorted = (text: string | null): string => (text ?? '').split('; ').sort().join('; ')

const COOKIE_ORDER: R = {
  id: 'D30',
  when: () => true,
  expect: (subject, python) => {
    const ours = ourOutput(subject, python)
    return mapSteps(python, (step, i) => ({
      ...step,
      requests: step.requests.map((asked, n) => {
        const cookie = ours.steps[i]?.requests[n]?.cookie ?? null
        return sorted(cookie) === sorted(asked.cookie) ? { ...asked, cookie } : asked
      }),
    }))
  },
}

/** Without a challenge, RFC 7616 does not apply, so any difference has another reason. */
const isChallenged = ({ steps }: Input): boolean =>
  steps.some(({ script }) =>
    script.some(({ headers }) => headers.some(([name]) => name.toLowerCase() === 'www-authenticate')),
  )

const RFC_7616: R = { id: 'D24', when: ({ input }) => isChallenged(input), expect: ourOutput }

export const all: ReadonlyArray<R> = [USERINFO, WHOLE_HISTORY, COOKIE_ORDER, RFC_7616]

/**
 * The output of a redirect case as a list of hops that rules walk along: what was sent, and what would have been.
 *
 * The n-th answer of a script belongs to the n-th request, so a hop knows the answer before it.
 */
import type { Final, Input, Output, Sent } from '../families/redirect.js'
import { stripsAuth } from '../models/strip.js'
import type { AnswerSpec, Prepared } from '../shapes.js'
import type { Rule, Subject } from '../subject.js'

export type R = Rule<Input, Output>

/** A request, with how it travelled where it was sent. */
export type Hop = Prepared & Partial<Omit<Sent, keyof Prepared>>

const isSent = (hop: Hop): hop is Sent => 'verify' in hop

/** The sent requests, followed by `next`. */
export const hopsOf = ({ requests, final }: Output): ReadonlyArray<Hop> =>
  final?.next === undefined || final.next === null ? requests : [...requests, final.next]

const urlsIn = (final: Final, requests: ReadonlyArray<Sent>): Final => ({
  ...final,
  url: requests.at(-1)?.url ?? final.url,
  history_urls: requests.slice(requests.length - 1 - final.history_urls.length, -1).map(({ url }) => url),
})

/** Replaces the hops of the output. */
export const withHops = (output: Output, hops: ReadonlyArray<Hop>): Output => {
  const requests = hops.filter(isSent)
  const { final, error_response } = output
  const next = hops.find((hop) => !isSent(hop))
  return {
    ...output,
    requests,
    ...(final === undefined
      ? {}
      : { final: { ...urlsIn(final, requests), ...(final.next === undefined ? {} : { next: next ?? null }) } }),
    ...(error_response === undefined
      ? {}
      : { error_response: { ...error_response, url: requests.at(-1)?.url ?? error_response.url } }),
  }
}

export const mapHops = (output: Output, change: (hop: Hop, i: number) => Hop): Output =>
  withHops(output, hopsOf(output).map(change))

/** Walks along the hops; each sees the one before it as it is expected. */
export const walk = (output: Output, step: (hop: Hop, before: Hop, i: number) => Hop): Output => {
  const walked: Hop[] = []
  for (const [i, hop] of hopsOf(output).entries()) {
    const before = walked[i - 1]
    walked.push(before === undefined ? hop : step(hop, before, i))
  }
  return withHops(output, walked)
}

/** The answer that led to a hop, or that a request got. */
export const answerTo = ({ script, loop }: Input, i: number): AnswerSpec | undefined =>
  script[loop === true ? i % script.length : i]

/** Epoch milliseconds when a request was sent: every answer before it has moved the clock. */
export const timeOf = ({ input, meta }: Subject<Input>, i: number): number => {
  let seconds = meta.now
  for (let n = 0; n < i; n += 1) seconds += answerTo(input, n)?.advance ?? 0
  return seconds * 1000
}

/** Whether every hop up to this one stayed where credentials may go. */
export const isTrusted = (hops: ReadonlyArray<Hop>, i: number): boolean =>
  hops.slice(1, i + 1).every((hop, n) => stripsAuth(hops[n]?.url ?? '', hop.url) === false)

/** Ends an exchange with an error before the i-th request: it was not sent, and nothing came back. */
export const endedBefore = (output: Output, i: number, error: string): Output => ({
  requests: output.requests.slice(0, i),
  cookies: output.cookies,
  error,
})

/** A rule that only says what the output is; it applies where that is something else. */
export const rewriting = (id: string, rewrite: (python: Output, subject: Subject<Input>) => Output): R => ({
  id,
  when: () => true,
  expect: (subject, python) => rewrite(python, subject),
})

/**
 * The output of a redirect case as a list of hops: the sent requests, and the request that `next` would send.
 *
 * The n-th answer of a script belongs to the n-th request.
 */
import type { Final, Input, Output, Sent } from '../families/redirect.js'
import { stripsAuth } from '../models/strip.js'
import type { AnswerSpec, Prepared } from '../shapes.js'
import type { Rule, Subject } from '../subject.js'

export type R = Rule<Input, Output>

/** A request. If it was sent, it has the arguments of the adapter. */
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

/** Maps the hops in order. Each step receives the mapped hop before it. */
export const walk = (output: Output, step: (hop: Hop, before: Hop, i: number) => Hop): Output => {
  const walked: Hop[] = []
  for (const [i, hop] of hopsOf(output).entries()) {
    const before = walked[i - 1]
    walked.push(before === undefined ? hop : step(hop, before, i))
  }
  return withHops(output, walked)
}

/** Returns the answer to the i-th request. */
export const answerTo = ({ script, loop }: Input, i: number): AnswerSpec | undefined =>
  script[loop === true ? i % script.length : i]

/** Returns when the i-th request was sent, in epoch milliseconds. Each answer before it moves the clock. */
export const timeOf = ({ input, meta }: Subject<Input>, i: number): number => {
  let seconds = meta.now
  for (let n = 0; n < i; n += 1) seconds += answerTo(input, n)?.advance ?? 0
  return seconds * 1000
}

/** Returns whether no redirect up to this hop strips credentials. */
export const isTrusted = (hops: ReadonlyArray<Hop>, i: number): boolean =>
  hops.slice(1, i + 1).every((hop, n) => stripsAuth(hops[n]?.url ?? '', hop.url) === false)

/** Ends an exchange with an error before the i-th request is sent. */
export const endedBefore = (output: Output, i: number, error: string): Output => ({
  requests: output.requests.slice(0, i),
  cookies: output.cookies,
  error,
})

/** Returns a rule that rewrites the output and has no other condition. */
export const rewriting = (id: string, rewrite: (python: Output, subject: Subject<Input>) => Output): R => ({
  id,
  when: () => true,
  expect: (subject, python) => rewrite(python, subject),
})

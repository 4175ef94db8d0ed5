/** A transport over global fetch, written as well as possible, to test which laws fetch cannot satisfy. */
import * as E from 'fp-ts/lib/Either.js'
import type { Payload } from '../../../src/values/Body.js'
import * as Secret from '../../../src/values/Secret.js'
import * as Fault from '../../../src/wire/Fault.js'
import { type Plan, wire } from '../../../src/wire/Plan.js'
import { fromIterable, type Reply, receivedHeaders } from '../../../src/wire/Reply.js'
import { type SendControls, type Transport, withPlan } from '../../../src/wire/Transport.js'

/** The request body, and the error of its stream, because fetch replaces this error. */
const bodyOf = (
  body: Payload,
): { readonly sent: NonNullable<RequestInit['body']> | null; readonly failed: () => boolean } => {
  let isBroken = false
  async function* noting(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* source
    } catch (error) {
      isBroken = true
      throw error
    }
  }
  const streamed = (source: AsyncIterable<Uint8Array>) => ReadableStream.from(noting(source))
  const failed = (): boolean => isBroken
  switch (body._tag) {
    case 'Empty':
      return { sent: null, failed }
    case 'Bytes':
      return { sent: Buffer.from(Secret.open(body.bytes)), failed }
    case 'Stream':
      return { sent: streamed(body.open()), failed }
    case 'Once':
      return { sent: streamed(body.source), failed }
  }
}

const causeOf = (error: unknown): unknown => (error instanceof Error && error.cause !== undefined ? error.cause : error)
const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''

const REASONS: ReadonlyArray<unknown> = ['Aborted', 'DeadlineExceeded', 'ReadTimeout'] satisfies Fault.FaultTag[]
const isReason = (reason: unknown): reason is Fault.FaultTag => REASONS.includes(reason)

const faultOf = (error: unknown, signal: AbortSignal, isBodyBroken = false): Fault.Fault => {
  const cause = causeOf(error)
  const message = cause instanceof Error ? cause.message : String(cause)
  if (signal.aborted && isReason(signal.reason)) return Fault.make(signal.reason, message, cause)
  if (isBodyBroken) return Fault.make('RequestBodyFailed', message, cause)
  const isSocket = /^(ECONN|UND_ERR_SOCKET|UND_ERR_CONNECT)/.test(codeOf(cause))
  return Fault.make(isSocket ? 'ConnectFailed' : 'ProtocolError', message, cause)
}

/** Combines the user's signal, the deadline and the read timeout in one signal. */
const bounded = ({ route }: Plan, { signal, deadline, clock }: SendControls) => {
  const own = new AbortController()
  const abort = (): void => own.abort('Aborted')
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  const now = clock?.monotonic() ?? performance.now()
  const end = deadline === undefined ? undefined : setTimeout(() => own.abort('DeadlineExceeded'), deadline - now)
  let silence: NodeJS.Timeout | undefined
  const heard = (): void => {
    clearTimeout(silence)
    const { read } = route.timeouts
    if (read !== undefined) silence = setTimeout(() => own.abort('ReadTimeout'), read)
  }
  heard()
  const release = (): void => {
    clearTimeout(end)
    clearTimeout(silence)
    signal?.removeEventListener('abort', abort)
  }
  return { signal: own.signal, heard, release, abort }
}

async function* piecesOf(
  body: ReadableStream<Uint8Array> | null,
  { signal, heard, release, abort }: ReturnType<typeof bounded>,
): AsyncGenerator<Uint8Array> {
  let isWhole = false
  try {
    for await (const piece of body ?? []) {
      heard()
      yield piece
    }
    isWhole = true
  } catch (error) {
    isWhole = true
    throw faultOf(error, signal)
  } finally {
    release()
    if (!isWhole) abort()
  }
}

const replyOf = (response: Response, limits: ReturnType<typeof bounded>): Reply => {
  const body = fromIterable(piecesOf(response.body, limits))
  return {
    status: response.status,
    reason: response.statusText,
    headers: receivedHeaders([...response.headers]),
    elapsed: 0,
    body: {
      ...body,
      discard: async () => {
        await body.discard()
        limits.release()
        limits.abort()
      },
    },
  }
}

const send = async (plan: Plan, limits: SendControls): Promise<E.Either<ReturnType<typeof withPlan>, Reply>> => {
  const both = bounded(plan, limits)
  const { headers, url } = wire(plan)
  const { sent, failed } = bodyOf(plan.body)
  try {
    const response = await fetch(url, {
      method: plan.method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      redirect: 'manual',
      signal: both.signal,
      ...(sent === null ? {} : { body: sent, duplex: 'half' }),
    })
    return E.right(replyOf(response, both))
  } catch (error) {
    both.release()
    return E.left(withPlan(plan, faultOf(error, both.signal, failed())))
  }
}

export const overFetch = (): Transport => (plan, limits) => () => send(plan, limits)

// Traces each attempt with OpenTelemetry: a client span, and its context in the header fields of the request.
import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import { Client, Http, Observer, Plan, Session, Transport } from 'requests-ts'

/** The span of each exchange that waits for a reply. An exchange has at most one attempt at a time. */
type Spans = Map<string, Span>

const spanPerAttempt = (spans: Spans): Observer.Observer => ({
  onSend:
    ({ exchange, plan, resendCount }) =>
    () => {
      const attributes = {
        'http.request.method': plan.method,
        'url.full': plan.url,
        'server.address': plan.hostname,
        'server.port': plan.port,
        ...(resendCount === 0 ? {} : { 'http.request.resend_count': resendCount }),
      }
      const tracer = trace.getTracer('requests-ts')
      spans.set(exchange, tracer.startSpan(plan.method, { kind: SpanKind.CLIENT, attributes }))
    },
  onReply:
    ({ exchange, result }) =>
    () => {
      const span = spans.get(exchange)
      spans.delete(exchange)
      if (E.isRight(result)) span?.setAttribute('http.response.status_code', result.right.status)
      if (E.isLeft(result) || result.right.status >= 400) {
        span?.setAttribute('error.type', E.isLeft(result) ? result.left._tag : `${result.right.status}`)
        span?.setStatus({ code: SpanStatusCode.ERROR })
      }
      span?.end()
    },
})

const withPropagation = (spans: Spans) => (inner: Transport.Transport) =>
  Transport.around(inner)((plan, controls) => () => {
    const span = spans.get(Observer.exchangeOf(controls))
    const fields: Record<string, string> = {}
    propagation.inject(span === undefined ? context.active() : trace.setSpan(context.active(), span), fields)
    return inner(Plan.withHeaders(fields)(plan), controls)()
  })

export const run = (base: string, path: string) => {
  const spans: Spans = new Map()
  return pipe(
    Http.get(path),
    Http.ok,
    Http.map(({ status }) => status),
    Client.runWith({
      session: pipe(
        Session.at(base),
        Session.withBearer('t0ken'),
        Session.withSecretQuery('api_key', 'QSECRET'),
        Session.withObserver(spanPerAttempt(spans)),
      ),
      wrapTransport: flow(withPropagation(spans), Transport.withRetry({ base: 20 })),
    }),
  )
}

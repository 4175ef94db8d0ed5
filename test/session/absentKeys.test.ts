/** `undefined` in a record of settings or of a body: the key is missing, whatever the other keys are. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Plan from '../../src/Plan.js'
import * as Request from '../../src/Request.js'
import * as Session from '../../src/session/Session.js'
import { untyped } from '../untyped.js'

const NAMES = fc.constantFrom('a', 'B', 'c', 'http', 'https://h.test', 'connect', 'read', 'total', 'body', '__proto__')
const session = pipe(
  Session.defaults,
  Session.withHeaders({ a: 'session', B: 'session' }),
  Session.withQuery({ a: 'session', B: ['session'] }),
  Session.withProxy({ http: 'http://p.test' }),
  Session.withTimeouts({ read: 5 }),
  Session.withLimits({ body: 5 }),
)

const recordOf = <A>(value: fc.Arbitrary<A>): fc.Arbitrary<Record<string, A | undefined>> =>
  fc.dictionary(NAMES, fc.option(value, { nil: undefined }))
const withoutUndefined = <A>(record: Record<string, A | undefined>) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))

const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean())
const values = fc.oneof(fc.array(fc.option(scalar)), scalar, fc.constant(null))
const text = fc.oneof(fc.stringMatching(/^[a-z]{0,5}$/), fc.constant(null))
const part = fc.oneof(fc.string(), fc.record({ content: fc.string(), filename: fc.string() }), fc.constant(null))

type Configure = (record: never) => (request: Request.Request) => Request.Request
const RECORDS: ReadonlyArray<readonly [string, Configure, fc.Arbitrary<Record<string, unknown>>]> = [
  ['withQuery', Request.withQuery, recordOf(values)],
  ['withForm', Request.withForm, recordOf(values)],
  ['withHeaders', Request.withHeaders, recordOf(text)],
  ['withProxy', Request.withProxy, recordOf(text)],
  ['withMultipart', Request.withMultipart, recordOf(part)],
  ['withTimeouts', Request.withTimeouts, recordOf(fc.nat())],
  ['withLimits', Request.withLimits, recordOf(fc.nat())],
]

const planned = (configure: (request: Request.Request) => Request.Request) =>
  pipe(
    Request.post('http://h.test/'),
    configure,
    Plan.plan({ session }),
    E.map((plan) => ({ ...Plan.wire(plan), route: plan.route })),
  )

describe('undefined in a record', () => {
  it.each(RECORDS)('leads %s to the plan of the record without that key', (_, configure, records) => {
    fc.assert(
      fc.property(records, (record) => {
        expect(planned(configure(untyped(record)))).toEqual(planned(configure(untyped(withoutUndefined(record)))))
      }),
    )
  })
  it('is accepted by the types, so that an optional variable can be passed', () => {
    const page: number | undefined = untyped(undefined)
    const name: string | undefined = untyped(undefined)
    const configure = (request: Request.Request) =>
      pipe(
        request,
        Request.withQuery({ page, pages: [page, 1, null] }),
        Request.withHeaders({ 'X-A': name }),
        Request.withProxy({ http: name }),
        Request.withTimeouts({ read: page }),
        Request.withLimits({ body: page }),
      )
    expect(planned((request) => Request.withForm({ page })(configure(request)))).toEqual(
      planned((request) => pipe(request, Request.withQuery({ pages: 1 }), Request.withForm({}))),
    )
    expect(planned(Request.withMultipart({ name, page: undefined }))).toEqual(planned(Request.withMultipart({})))
  })
  it('does not remove what the session sets, as null does', () => {
    const search = (a: null | undefined) =>
      pipe(
        planned(Request.withQuery({ a })),
        E.map(({ url }) => url),
      )
    expect(search(undefined)).toEqual(E.right('http://h.test/?a=session&B=session'))
    expect(search(null)).toEqual(E.right('http://h.test/?B=session'))
  })
})

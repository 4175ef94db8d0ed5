import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Client, Clock, Environment, Fault, Http, Jar, Request, Session, Stream, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { type Emit, readEmitted } from '../src/program/Emission.js'
import type { StatusError } from '../src/wire/ResponseError.js'

interface Sent {
  readonly options: Client.Options
  readonly paths: Array<string>
}

/** Answers each request with a cookie of its own; `/fail` with 500. */
const recordingPaths = (): Sent => {
  const paths: Array<string> = []
  const transport = Transport.memory(({ url }) => {
    paths.push(url.pathname)
    const name = url.pathname.slice(1)
    return { status: name === 'fail' ? 500 : 200, headers: { 'set-cookie': `c${name}=1; Path=/` }, body: name }
  })
  const clock = Clock.fixed(new Date(0))
  return { options: { session: Session.empty, transport, environment: Environment.empty, clock }, paths }
}

const get = (name: string | number) => pipe(Http.get(`http://h.test/${name}`), Http.ok)

/** Sends a request for each number, and emits it. Then it ends or fails. */
const counting =
  (count: number, end: 'Ends' | 'Fails') =>
  (emit: Emit<number>): Http.Http<unknown, void> => {
    const from = (n: number): Http.Http<unknown, void> => {
      if (n >= count)
        return end === 'Ends'
          ? Http.of(undefined)
          : pipe(
              get('fail'),
              Http.map(() => undefined),
            )
      return pipe(
        get(n),
        Http.flatMap(() => Http.fromTask(emit(n))),
        Http.flatMap((isWanted) => (isWanted ? from(n + 1) : Http.of(undefined))),
      )
    }
    return from(0)
  }

const names = (jar: Jar.Jar): ReadonlyArray<string> => Jar.toArray(jar).map(({ name }) => name)
const upTo = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => i)

describe('a program that emits items', () => {
  it('sends what the reader asks for, and nothing more, with the jar of the program at its end', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(5), fc.constantFrom('Ends', 'Fails'), fc.nat(7), async (count, end, wanted) => {
        const { options, paths } = recordingPaths()
        const program = readEmitted(counting(count, end))((items) => pipe(items, Stream.take(wanted), Stream.toArray))
        const outcome = await Client.use(options)(program)()
        const seesTheEnd = wanted > count
        const fails = seesTheEnd && end === 'Fails'
        const requests = [...upTo(Math.min(wanted, count)), ...(fails ? ['fail'] : [])]
        expect(paths).toEqual(requests.map((name) => `/${name}`))
        if (fails) {
          expect(outcome).toMatchObject({ _tag: 'Left', left: { _tag: 'StatusError' } })
          return
        }
        expect(
          pipe(
            outcome,
            E.map(([items, jar]) => [items, names(jar)]),
          ),
        ).toEqual(E.right([upTo(Math.min(wanted, count)), requests.map((name) => `c${name}`)]))
      }),
    ))

  it('keeps every cookie in the error, also if the reader fails', async () => {
    const { options } = recordingPaths()
    const failing = readEmitted(counting(2, 'Fails'))((items) => pipe(items, Stream.toArray))
    const outcome = await pipe(
      failing,
      Http.orElse(() => Http.jar),
      Client.runWith(options),
    )()
    expect(outcome).toMatchObject({ _tag: 'Right' })
    if (E.isRight(outcome) && !Array.isArray(outcome.right)) {
      expect(names(outcome.right as Jar.Jar)).toEqual(['c0', 'c1', 'cfail'])
    }
    const refuseOne = (n: number) => (n < 1 ? TE.right(n) : TE.left('enough' as const))
    const reader = readEmitted(counting(3, 'Ends'))((items) => pipe(items, Stream.forEach(refuseOne)))
    const stopped = await pipe(
      reader,
      Http.orElse((error) =>
        pipe(
          Http.jar,
          Http.map((jar) => [error, names(jar)]),
        ),
      ),
      Client.runWith(options),
    )()
    expect(stopped).toEqual(E.right(['enough', ['c0', 'c1']]))
  })

  it('has the error of the program as its result, whatever the reader makes of the failure', async () => {
    const { options } = recordingPaths()
    const tolerant = readEmitted(counting(1, 'Fails'))((items) => async () => {
      const seen: Array<unknown> = []
      try {
        for await (const item of items) seen.push(item)
      } catch (cause) {
        expect(Fault.is(cause)).toBe(true)
      }
      return E.right(seen)
    })
    expect(await pipe(tolerant, Client.runWith(options))()).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'StatusError' },
    })
  })

  const everyReader = fc.constantFrom<(items: AsyncIterable<number>) => AsyncIterable<number>>(
    (items) => items,
    Stream.take(9),
    async function* (items) {
      for await (const item of items) yield item
    },
  )
  const looping = (items: AsyncIterable<number>) => async (): Promise<E.Either<never, number>> => {
    let read = 0
    for await (const _ of items) read += 1
    return E.right(read)
  }

  it('has the error of the program and its cookies as its result if a loop of the reader throws the failure', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(4), fc.constantFrom('Ends', 'Fails'), everyReader, async (count, end, through) => {
        const { options } = recordingPaths()
        const program = readEmitted(counting(count, end))((items) => looping(through(items)))
        const outcome = await Client.use(options)(program)()
        if (end === 'Ends') {
          expect(E.map(([read]: readonly [number, Jar.Jar]) => read)(outcome)).toEqual(E.right(count))
          return
        }
        expect(outcome).toMatchObject({ _tag: 'Left', left: { _tag: 'StatusError', response: { status: 500 } } })
        const error: Partial<StatusError> = E.isLeft(outcome) ? Object(outcome.left) : {}
        const jar = error.response?.jar ?? Jar.empty
        expect(names(jar)).toEqual([...upTo(count).map((n) => `c${n}`), 'cfail'])
      }),
    ))

  it('rejects with an exception of the reader, also after the program has failed', async () => {
    const { options } = recordingPaths()
    for (const mine of [new Error('of the reader'), undefined, Fault.make('BodyCut', 'of the reader')])
      for (const end of ['Ends', 'Fails'] as const) {
        const reader = readEmitted(counting(1, end))((items) => async () => {
          await looping(items)().catch(() => undefined)
          throw mine
        })
        expect(await Client.runWith(options)(reader)().catch((cause: unknown) => [cause])).toEqual([mine])
      }
  })

  it('sends nothing if the reader never reads, and ends a read that is pending when the reader returns', async () => {
    const { options, paths } = recordingPaths()
    const idle = readEmitted(counting(3, 'Ends'))(() => TE.right('idle'))
    expect(await Client.runWith(options)(idle)()).toEqual(E.right('idle'))
    expect(paths).toEqual([])
    let pending: Promise<IteratorResult<number>> | undefined
    const hasty = readEmitted(counting(3, 'Ends'))((items) => async () => {
      pending = items[Symbol.asyncIterator]().next()
      return E.right('hasty')
    })
    expect(await Client.runWith(options)(hasty)()).toEqual(E.right('hasty'))
    expect(await pending).toEqual({ done: true, value: undefined })
  })

  it('gives several pending reads their items in order', async () => {
    const { options } = recordingPaths()
    const eager = readEmitted(counting(2, 'Ends'))((items) => async () => {
      const iterator = items[Symbol.asyncIterator]()
      return E.right(await Promise.all([iterator.next(), iterator.next(), iterator.next()]))
    })
    expect(await Client.runWith(options)(eager)()).toMatchObject(E.right([{ value: 0 }, { value: 1 }, { done: true }]))
  })

  it('aborts the request in flight when the reader stops, and ignores its failure', async () => {
    let wasAborted = false
    const transport: Transport.Transport =
      (plan, { signal }) =>
      () =>
        new Promise((resolve) => {
          signal?.addEventListener('abort', () => {
            wasAborted = true
            resolve(E.left({ ...Fault.make('Aborted', 'aborted'), plan }))
          })
        })
    const program = readEmitted((emit: Emit<number>) =>
      pipe(
        Http.fromTask(emit(1)),
        Http.flatMap(() => Http.send(Request.get('http://h.test/'))),
        Http.map(() => undefined),
      ),
    )((items) => async () => {
      const iterator = items[Symbol.asyncIterator]()
      const first = await iterator.next()
      void iterator.next() // starts the request that never ends
      await new Promise((resolve) => setTimeout(resolve, 5))
      await iterator.return?.()
      return E.right(first.value)
    })
    expect(await Client.runWith({ transport, session: Session.empty })(program)()).toEqual(E.right(1))
    expect(wasAborted).toBe(true)
  })

  it('does not hide an exception of the reader or of the program', async () => {
    const { options } = recordingPaths()
    const reader = readEmitted(counting(1, 'Ends'))(() => {
      throw new Error('of the reader')
    })
    await expect(Client.runWith(options)(reader)()).rejects.toThrow('of the reader')
    const producer = readEmitted(
      (): Http.Http<never, void> => () => () => async () => {
        throw new Error('of the program')
      },
    )((items) => pipe(items, Stream.toArray))
    await expect(Client.runWith(options)(producer)()).rejects.toThrow('of the program')
  })
})

/** The handler interface of undici 7, and libraries that do not know it. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { ChannelRequest, type Controller, type RequestListener } from '../../src/transport/undici/Channel.js'
import { Http1, type Library } from '../../src/transport/undici/Http1.js'
import { Undici7Handler } from '../../src/transport/undici/Undici7Handler.js'

/** Records the calls of a handler, in order. */
const recorder = (): { readonly listener: RequestListener; readonly calls: string[]; controller: () => Controller } => {
  const calls: string[] = []
  let given: Controller | undefined
  const listener = {
    isOver: false,
    onRequestStart: (controller: Controller) => {
      given = controller
      calls.push('start')
    },
    onResponseStart: (controller: Controller, status: number) =>
      calls.push(`head ${status} ${String(controller.rawHeaders)}`),
    onResponseData: () => calls.push('data'),
    onResponseEnd: () => calls.push('end'),
    onResponseError: (_: unknown, error: unknown) => calls.push(`error ${String(error)}`),
    onRequestUpgrade: () => calls.push('upgrade'),
    onInterim: () => calls.push('interim'),
  }
  const controller = (): Controller => {
    if (given === undefined) throw new Error('the request was not started')
    return given
  }
  // The cast: a channel uses nothing else of an attempt.
  return { listener: listener as unknown as RequestListener, calls, controller }
}

const request = (listener: RequestListener): ChannelRequest =>
  new ChannelRequest(listener, 'http://h.test', 'GET', '/', [], null, 'h.test')

/** A library whose client dispatches with a function. */
const libraryOf = (dispatch: (handler: object) => void): Library => {
  class Client {
    dispatch(_: object, handler: object): void {
      dispatch(handler)
    }
  }
  // The cast: a channel uses nothing else of undici.
  return { Client } as unknown as Library
}

const channel = (library: Library): Http1 => {
  const socket = Object.assign(new EventEmitter(), { read: () => null })
  // The cast: the filter only uses `read`.
  return new Http1(library, socket as unknown as Socket, 'http://h.test', {
    streams: 1,
    maxHeaderSize: 1000,
    keepAlive: 1000,
  })
}

describe('Http1', () => {
  test('passes the handler of undici 7 to a library that accepts it', () => {
    const handlers: object[] = []
    const library = libraryOf((handler) => handlers.push(handler))
    channel(library).dispatch(request(recorder().listener))
    expect(handlers.map((handler) => handler instanceof Undici7Handler)).toEqual([true])
  })

  test('passes the listener to a library that refuses it, as undici 8 does, and does not try again', () => {
    const handlers: object[] = []
    const library = libraryOf((handler) => {
      handlers.push(handler)
      if ('onRequestStart' in handler) return
      throw Object.assign(new Error('invalid onRequestStart method'), { code: 'UND_ERR_INVALID_ARG' })
    })
    const [first, second] = [recorder(), recorder()]
    channel(library).dispatch(request(first.listener))
    channel(library).dispatch(request(second.listener))
    expect(handlers.map((handler) => handler instanceof Undici7Handler)).toEqual([true, false, false])
    expect(handlers.slice(1)).toEqual([first.listener, second.listener])
  })

  test.each(['onConnect', 'onError'] as const)('sends nothing again after %s was called', (name) => {
    let dispatched = 0
    const library = libraryOf((handler) => {
      dispatched += 1
      // The cast: the test calls it as undici 7 does.
      const { [name]: call } = handler as Record<typeof name, (argument: unknown) => void>
      call.call(handler, () => {})
      throw new Error('an exception of undici')
    })
    expect(() => channel(library).dispatch(request(recorder().listener))).toThrow('an exception of undici')
    expect(dispatched).toBe(1)
  })
})

describe('Undici7Handler', () => {
  test('reports a response, and keeps no raw header field', () => {
    const { listener, calls } = recorder()
    const handler = new Undici7Handler(listener)
    const raw = ['a', '1']
    handler.onConnect(() => {})
    expect(handler.onHeaders(200, raw, () => {}, 'OK')).toBe(true)
    expect(handler.onData(new Uint8Array(1))).toBe(true)
    handler.onComplete()
    expect(calls).toEqual(['start', 'head 200 a,1', 'data', 'end'])
    expect([raw, handler.rawHeaders]).toEqual([[], undefined])
  })

  test('aborts once', () => {
    const { listener, controller } = recorder()
    const reasons: unknown[] = []
    new Undici7Handler(listener).onConnect((reason) => reasons.push(reason))
    const [first, second] = [new Error('first'), new Error('second')]
    controller().abort(first)
    controller().abort(second)
    expect(reasons).toEqual([first])
  })

  test('stops undici while it is paused, and resumes once', () => {
    const { listener, controller } = recorder()
    const handler = new Undici7Handler(listener)
    let resumed = 0
    const resume = (): void => {
      resumed += 1
    }
    handler.onConnect(() => {})
    expect(handler.onHeaders(200, [], resume, 'OK')).toBe(true)
    controller().pause()
    expect(handler.onData(new Uint8Array(1))).toBe(false)
    controller().resume()
    controller().resume()
    expect(resumed).toBe(1)
    expect(handler.onData(new Uint8Array(1))).toBe(true)
  })
})

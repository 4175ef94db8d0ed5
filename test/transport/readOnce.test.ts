/** A body is read once, by any method and with any transport: the second reader gets `BodyCut` (D40). */
import * as E from 'fp-ts/lib/Either.js'
import { newIORef } from 'fp-ts/lib/IORef.js'
import { describe, expect, test } from 'vitest'
import * as Transport from '../../src/Transport.js'
import * as Tape from '../../src/transport/Tape.js'
import * as Fault from '../../src/wire/Fault.js'
import type { Plan } from '../../src/wire/Plan.js'
import type { Source } from '../../src/wire/Reply.js'
import { head, plan } from './plans.js'
import { ok, raw, transport } from './servers.js'

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('con')
  yield Buffer.from('tent')
}

const replying =
  (body: string | Uint8Array | AsyncIterable<Uint8Array>): Transport.Transport =>
  () =>
  async () =>
    E.right(Transport.reply({ status: 200, body }))

const taped = async (sent: Plan): Promise<Transport.Transport> => {
  const tape = newIORef(Tape.empty)()
  const recorder = Transport.record((entry) => tape.modify(Tape.append(entry)))
  const first = await head(recorder(Transport.memory(() => ({ status: 200, body: 'content' }))), sent)
  await first.body.gather(100)()
  return Transport.replay(tape.read())
}

const transports: ReadonlyArray<readonly [string, (sent: Plan) => Transport.Transport | Promise<Transport.Transport>]> =
  [
    ['undici', () => transport()],
    ['memory', () => Transport.memory(() => ({ status: 200, body: 'content' }))],
    ['a tape', taped],
    ['a reply of text', () => replying('content')],
    ['a reply of bytes', () => replying(Buffer.from('content'))],
    ['a reply in chunks', () => replying(chunks())],
    ['withLimit of memory', () => Transport.withLimit({})(Transport.memory(() => ({ status: 200, body: 'content' })))],
  ]

type Read = (source: Source) => Promise<E.Either<Fault.Fault, string>>

const gather: Read = async (source) => {
  const bytes = await source.gather(100)()
  return E.isLeft(bytes) ? bytes : E.right(Buffer.from(bytes.right).toString())
}
const iterate: Read = async (source) => {
  let text = ''
  try {
    for await (const piece of source) text += Buffer.from(piece).toString()
    return E.right(text)
  } catch (cause) {
    return Fault.is(cause) ? E.left(cause) : Promise.reject(cause)
  }
}
const stopEarly: Read = async (source) => {
  for await (const piece of source) return E.right(Buffer.from(piece).toString())
  return E.right('')
}
const discard: Read = async (source) => {
  await source.discard()
  return E.right('')
}

const READERS = { gather, iterate }
const FIRST = { ...READERS, stopEarly, discard }

describe.each(transports)('a body of %s cannot be read again', (_, make) => {
  const again = Object.entries(FIRST).flatMap(([name, first]) =>
    Object.entries(READERS).map(([then, second]) => [name, then, first, second] as const),
  )
  test.each(again)('after %s: %s', async (_name, _then, first, second) => {
    const server = await raw((socket) => socket.write(ok('content')))
    const sent = plan(server.url)
    const { body } = await head(await make(sent), sent)
    const before = await first(body)
    expect(E.isRight(before)).toBe(true)
    if (first === gather || first === iterate) expect(before).toEqual(E.right('content'))
    expect(await second(body)).toMatchObject({ left: { _tag: 'BodyCut' } })
    await body.discard()
  })
})

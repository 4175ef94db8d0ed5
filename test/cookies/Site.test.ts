import { describe, expect, it } from 'vitest'
import * as PublicSuffix from '../../src/cookies/PublicSuffix.js'
import * as Site from '../../src/cookies/Site.js'

describe('a host (specification)', () => {
  it('has a site and domains', () => {
    expect(PublicSuffix.siteOf('A.b.Example.co.uk.')).toEqual({
      host: 'a.b.example.co.uk.',
      name: 'example.co.uk.',
      domains: ['a.b.example.co.uk.', 'b.example.co.uk.', 'example.co.uk.'],
      isPublicSuffix: false,
      isLoopback: false,
    })
    expect(PublicSuffix.siteOf('[::1]')).toEqual({
      host: '::1',
      name: '::1',
      domains: ['::1'],
      isPublicSuffix: false,
      isLoopback: true,
    })
  })
  it.each([
    ['1.2.3.4', '1.2.3.4', ['1.2.3.4']],
    ['1.2.3', '2.3', ['1.2.3', '2.3']],
    ['1.2.3.4.5', '4.5', ['1.2.3.4.5', '2.3.4.5', '3.4.5', '4.5']],
    ['1.2.3.4.example.com', 'example.com', expect.arrayContaining(['4.example.com'])],
    ['example.com..', 'example.com..', ['example.com..']],
    ['.a', '.a', ['.a']],
    ['.a.test', 'a.test', ['.a.test', 'a.test']],
    ['%2Frun%2FA.b.sock', '%2Frun%2FA.b.sock', ['%2Frun%2FA.b.sock']],
  ])('%s belongs to %s', (hostname, name, domains) =>
    expect(PublicSuffix.siteOf(hostname)).toMatchObject({ name, domains }),
  )

  it.each([
    ['localhost', true],
    ['LOCALHOST.', true],
    ['a.b.localhost', true],
    ['127.0.0.1', true],
    ['127.255.255.255', true],
    ['[::1]', true],
    ['notlocalhost', false],
    ['localhost.test', false],
    ['localhost..', false],
    ['127.0.0.1.test', false],
    ['127.0.0', false],
    ['1127.0.0.1', false],
    ['128.0.0.1', false],
    ['[::2]', false],
    ['[1::1]', false],
    ['[::1:1]', false],
  ])('%s is a loopback host: %s', (hostname, expected) =>
    expect(PublicSuffix.siteOf(hostname).isLoopback).toBe(expected),
  )

  it('is looked up once', () => {
    const [one, two] = [PublicSuffix.siteOf('one.test'), PublicSuffix.siteOf('two.test')]
    expect([PublicSuffix.siteOf('one.test'), PublicSuffix.siteOf('two.test')]).toEqual([one, two])
    expect(PublicSuffix.siteOf('one.test')).toBe(one)
    expect(PublicSuffix.siteOf('two.test')).toBe(two)
  })
  it('is dropped from the memo after thousands of others', () => {
    const one = PublicSuffix.siteOf('one.test')
    for (let i = 0; i < 5000; i += 1) PublicSuffix.siteOf(`h${i}.test`)
    expect(PublicSuffix.siteOf('one.test')).not.toBe(one)
    expect(PublicSuffix.siteOf('one.test')).toEqual(one)
  })
})

describe('the canonical domain (specification)', () => {
  it.each([
    ['Example.COM', 'example.com'],
    ['example.com.', 'example.com.'],
    ['münchen.de', 'xn--mnchen-3ya.de'],
    ['[::1]', '::1'],
    ['10.0.0.1', '10.0.0.1'],
    ['', undefined],
    ['.example.com', undefined],
    [' example.com', undefined],
    ['example.com\t', undefined],
    ['exa mple.com', undefined],
  ])('%j is %s', (domain, expected) => expect(PublicSuffix.canonical(domain)).toBe(expected))
})

describe('a connection (specification)', () => {
  it.each([
    ['https:', 'a.test', true],
    ['wss:', 'a.test', true],
    ['http:', 'a.test', false],
    ['ws:', 'a.test', false],
    ['', 'a.test', false],
    ['http:', 'localhost', true],
    ['ws:', '[::1]', true],
  ])('by %s to %s is secure: %s', (protocol, hostname, expected) =>
    expect(Site.isSecure(protocol, PublicSuffix.siteOf(hostname))).toBe(expected),
  )
})

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as NoProxy from '../../src/session/NoProxy.js'

const bypasses = (text: string, host: string, port = '') => NoProxy.parse(text)({ hostname: host, port })

type Row = readonly [noProxy: string, hostname: string, port: string, isBypassed: boolean]

describe('a name', () => {
  it.each<Row>([
    ['example.com', 'example.com', '8080', true],
    ['example.com', 'www.example.com', '', true],
    ['example.com', 'a.b.example.com', '', true],
    ['example.com', 'nexample.com', '', false],
    ['example.com', 'example.com.evil.test', '', false],
    ['www.example.com', 'example.com', '', false],
    ['EXAMPLE.com', 'example.com', '', true],
    ['example.com', 'EXAMPLE.com', '', true],
    ['.example.com', 'example.com', '', true],
    ['..example.com', 'example.com', '', true],
    ['..example.com', 'www.example.com', '', true],
    ['example.com.', 'example.com', '', true],
    ['example.com', 'example.com.', '', true],
    ['example.com..', 'example.com', '', false],
    ['*.example.com', 'www.example.com', '', true],
    ['*.example.com', 'example.com', '', false],
    ['*.example.com', 'nexample.com', '', false],
    ['*example.com', 'nexample.com', '', false],
    ['localhost', '127.0.0.1', '', false],
    ['.', '.', '', false],
    ['*.', 'a..', '', false],
    ['http://x,[,%', 'x', '', false],
  ])('%j bypasses the proxy for %s:%s: %s', (text, host, port, expected) =>
    expect(bypasses(text, host, port)).toBe(expected),
  )

  it.each<Row>([
    ['straße.de', 'xn--strae-oqa.de', '', true],
    ['STRASSE.de,Straße.DE', 'www.xn--strae-oqa.de', '', true],
    ['..straße.de', 'xn--strae-oqa.de', '', true],
    ['*.straße.de', 'www.xn--strae-oqa.de', '', true],
    ['*.straße.de', 'xn--strae-oqa.de', '', false],
    ['straße.de:8080', 'xn--strae-oqa.de', '8080', true],
    ['straße.de:8080', 'xn--strae-oqa.de', '80', false],
    ['日本', 'xn--wgv71a', '', true],
    ['ü[', 'ü[', '', true],
  ])('%j (not ASCII) bypasses the proxy for %s:%s: %s', (text, host, port, expected) =>
    expect(bypasses(text, host, port)).toBe(expected),
  )
})

describe('a name with a port', () => {
  it.each<Row>([
    ['example.com:8080', 'example.com', '8080', true],
    ['example.com:8080', 'sub.example.com', '8080', true],
    ['*.example.com:8080', 'example.com', '8080', false],
    ['example.com:8080', 'other.test', '8080', false],
    ['example.com:8080', 'example.com', '', false],
    ['example.com:8080', 'example.com', '80', false],
    ['example.com:80', 'example.com', '8080', false],
    ['example.com:8080x', 'example.com', '8080', false],
    ['example.com:x', 'example.com', '', false],
    [':8080', 'example.com', '8080', false],
  ])('%j bypasses the proxy for %s:%s: %s', (text, host, port, expected) =>
    expect(bypasses(text, host, port)).toBe(expected),
  )
})

describe('an address', () => {
  it.each<Row>([
    ['10.0.0.1', '10.0.0.1', '443', true],
    ['10.0.0.1', '10.0.0.1.', '', true],
    ['10.0.0.1', '10.0.0.10', '', false],
    ['10.0.0.1', 'www.10.0.0.1.test', '', false],
    ['0.1', '10.0.0.1', '', false],
    ['127.1', '127.0.0.1', '', false],
    ['::1', '[::1]', '', true],
    ['::1', '::1', '', true],
    ['[::1]', '[::1]', '', true],
    ['0:0::1', '[::1]', '', true],
    ['::2', '[::1]', '', false],
    ['0[::1]', '[::1]', '', false],
    ['[::1]0', '[::10]', '', false],
    // Another family is another address, though one can be written in the other.
    ['10.0.0.1', '[::ffff:a00:1]', '', true],
    ['::ffff:10.0.0.1', '10.0.0.1', '', true],
    ['::10.0.0.1', '10.0.0.1', '', false],
    ['10.0.0.1:80', '10.0.0.1', '80', true],
    ['10.0.0.1:80', '10.0.0.1', '81', false],
    ['10.0.0.1:80', '10.0.0.2', '80', false],
    ['[::1]:80', '[::1]', '80', true],
    ['[::1]:80', '[::1]', '', false],
    ['[::ffff:10.0.0.1]:80', '10.0.0.1', '80', true],
    ['::1:80', '[::1:80]', '', true],
    ['fe80::1%eth0', '[fe80::1]', '', false],
  ])('%j bypasses the proxy for %s:%s: %s', (text, host, port, expected) =>
    expect(bypasses(text, host, port)).toBe(expected),
  )
})

describe('a network', () => {
  it.each<Row>([
    ['10.1.2.3/8', '10.9.9.9', '', true],
    ['10.1.2.3/8', '11.1.2.3', '', false],
    ['10.1.0.0/16', '10.1.9.9', '443', true],
    ['10.1.0.0/16', '10.2.0.1', '', false],
    ['10.0.0.0/1', '127.0.0.1', '', true],
    ['10.0.0.1/32', '10.0.0.1', '', true],
    ['10.0.0.1/32', '10.0.0.2', '', false],
    ['10.0.0.0/33', '10.0.0.0', '', false],
    ['0.0.0.0/0', '10.0.0.1', '', true],
    ['0.0.0.0/0', '[::ffff:a00:1]', '', true],
    ['0.0.0.0/0', '[::1]', '', false],
    ['0.0.0.0/0', 'h', '', false],
    ['::/0', '[2001:db8::1]', '', true],
    ['::/0', '10.0.0.1', '', false],
    ['10.0.0.0/8:80', '10.1.1.1', '80', true],
    ['fe80::/10', '[fe80::1]', '443', true],
    ['fe80::/10', '[2001:db8::1]', '', false],
    ['2001:db8::/64', '[2001:db8::1]', '', true],
    ['::1/128', '[::1]', '', true],
    ['::1/128', '[::2]', '', false],
    ['::1/129', '[::1]', '', false],
    ['10.0.0.0/8', '[::ffff:a00:1]', '', true],
    ['::ffff:a00:0/104', '10.0.0.1', '', true],
    ['10.0.0.0/8', '[::1]', '', false],
    ['10.0.0.0/8', 'a.test', '', false],
    ['10.0.0.0/', '10.0.0.0', '', false],
    ['/8', '10.0.0.0', '', false],
    ['a.test/8', '10.0.0.0', '', false],
    ['10.0.0.0/8x', '10.0.0.0', '', false],
    ['x/10.0.0.0/8', '10.0.0.0', '', false],
    ['10.0.0.0/0008', '10.0.0.0', '', false],
    ['10.0.0.0/99', '10.0.0.0', '', false],
  ])('%j bypasses the proxy for %s:%s: %s', (text, host, port, expected) =>
    expect(bypasses(text, host, port)).toBe(expected),
  )
})

describe('a list', () => {
  it.each<Row>([
    ['*', 'anything.test', '', true],
    ['*', '10.0.0.1', '443', true],
    ['a,*', 'b', '', true],
    ['a, * ,c', '10.0.0.1', '80', true],
    [' *', 'b', '', true],
    ['a,b', 'a', '', true],
    ['a,b', 'b', '', true],
    ['a,b', 'c', '', false],
    [' a , b ', 'b', '', true],
    ['\ta\t,\n10.0.0.1\n', '10.0.0.1', '', true],
    ['a b', 'a', '', true],
    ['a b', 'b', '', false],
    ['a b,c', 'c', '', false],
    [',a', 'a', '', true],
    ['', 'a', '', false],
    ['', '10.0.0.1', '', false],
    [',, ,', 'a', '', false],
    [',, ,', '10.0.0.1', '', false],
    ['a', '', '', true],
    ['', '', '', true],
  ])('%j bypasses the proxy for %s:%s: %s', (text, host, port, expected) =>
    expect(bypasses(text, host, port)).toBe(expected),
  )
})

const folder = process.env['REQUESTS_TS_VECTORS'] ?? join(import.meta.dirname, '../../../shared/vectors')
const path = join(folder, 'noproxy-curl.json')
it('agrees with curl on recorded cases', () => {
  if (!existsSync(path)) return console.log('SKIPPED noproxy-curl.json')
  interface Case {
    readonly host: string
    readonly noProxy: string
    readonly bypass: boolean
  }
  const { cases }: { readonly cases: ReadonlyArray<Case> } = JSON.parse(readFileSync(path, 'utf8'))
  expect(cases.filter(({ host, noProxy, bypass }) => bypasses(noProxy, host) !== bypass)).toEqual([])
  expect(cases.length).toBeGreaterThan(70)
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Link from '../../src/values/Link.js'

type Row = readonly [header: string, links: ReadonlyArray<readonly [target: string, ...parameters: string[]]>]

/** Links as a target and `name=value` for each parameter. */
const written = (header: string): ReadonlyArray<readonly [string, ...string[]]> =>
  Link.parse(header).map(({ target, parameters }) => [target, ...parameters.map(([name, value]) => `${name}=${value}`)])

describe('Link.parse', () => {
  it.each<Row>([
    ['</2>', [['/2']]],
    ['</2>; rel=next', [['/2', 'rel=next']]],
    ['</2>;rel=next;title=b', [['/2', 'rel=next', 'title=b']]],
    ['  </2>  ;  rel  =  next  ;  title  =  b  ', [['/2', 'rel=next', 'title=b']]],
    ['</2>; REL=Next', [['/2', 'rel=Next']]],
    ['</2>; rel="next"', [['/2', 'rel=next']]],
    ['</2>; title="a, b; c"; rel=next', [['/2', 'title=a, b; c', 'rel=next']]],
    ['</2>; title="say \\"a\\" \\\\"; rel=next', [['/2', 'title=say "a" \\', 'rel=next']]],
    ['</2>; title="open; rel=next', [['/2', 'title="open', 'rel=next']]],
    ['</2>; title="never closed', [['/2', 'title="never closed']]],
    ['</2>; crossorigin; rel=next', [['/2', 'crossorigin=', 'rel=next']]],
    ['</2>; crossorigin', [['/2', 'crossorigin=']]],
    ['</2>; title=; rel=next', [['/2', 'title=', 'rel=next']]],
    ['</2>; a=1 2; rel=next', [['/2', 'a=1 2', 'rel=next']]],
    ['</2>; ; rel=next', [['/2']]],
    ['</2>; =1; rel=next', [['/2']]],
    ['</2> rel=next', [['/2']]],
    ["</2>; title*=UTF-8''%e2%82%ac", [['/2', "title*=UTF-8''%e2%82%ac"]]],
    ['</2>; a=b=c', [['/2', 'a=b=c']]],
    ['</2>; a=x"y"', [['/2', 'a=x"y"']]],
  ])('parses %s', (header, links) => {
    expect(written(header)).toEqual(links)
  })
})

describe('Link.parse with several links', () => {
  it.each<Row>([
    ['', []],
    ['no angle bracket', []],
    ['<never closed', []],
    ['<>', [['']]],
    ['</1>, </2>', [['/1'], ['/2']]],
    [
      '</1>; rel=prev,</2>; rel=next',
      [
        ['/1', 'rel=prev'],
        ['/2', 'rel=next'],
      ],
    ],
    ['</1>; rel=prev</2>; rel=next', [['/1', 'rel=prev</2>', 'rel=next']]],
    ['</1>; a="<", </2>', [['/1', 'a=<'], ['/2']]],
    ['</1>; a</2>', [['/1', 'a='], ['/2']]],
    ['</1> lost </2>', [['/1'], ['/2']]],
    ['</1>, lost; rel=x, </2>', [['/1'], ['/2']]],
    ['lost </1>', [['/1']]],
    ['</1, </2>; rel=next', [['/1, </2', 'rel=next']]],
    ['</1>, </2', [['/1']]],
  ])('parses %s', (header, links) => {
    expect(written(header)).toEqual(links)
  })
})

describe('the relations of a link', () => {
  const rels = (header: string): ReadonlyArray<string> | undefined => Link.parse(header)[0]?.rels

  it.each<readonly [header: string, rels: ReadonlyArray<string>]>([
    ['</2>', []],
    ['</2>; rel', []],
    ['</2>; rel=""', []],
    ['</2>; rel=next', ['next']],
    ['</2>; rel="NEXT  Last"', ['next', 'last']],
    ['</2>; rel=" next "', ['next']],
    ['</2>; title=x; rel=next', ['next']],
    ['</2>; rel=next; rel=last', ['next']],
  ])('finds the relations of %s', (header, expected) => {
    expect(rels(header)).toEqual(expected)
  })
})

describe('Link.parameter', () => {
  it.each([
    ['</2>; anchor="#a"; rel=next', '#a'],
    ['</2>; Anchor=a; anchor=b', 'a'],
    ['</2>; anchor', ''],
    ['</2>; rel=next', undefined],
  ])('finds the anchor of %s', (header, anchor) => {
    expect(Link.parse(header).map(Link.parameter('anchor'))).toEqual([anchor])
  })
})

it('parses every quoted value back', () => {
  const target = fc.stringMatching(/^[a-z/?&=,;]{0,12}$/)
  const name = fc.stringMatching(/^[a-z]{1,6}$/)
  const value = fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', ';', '<', '>', '=', ' ') })
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
  const links = fc.array(fc.tuple(target, fc.array(fc.tuple(name, value), { maxLength: 3 })), { maxLength: 3 })
  fc.assert(
    fc.property(links, (all) => {
      const header = all.map(([to, pairs]) => `<${to}>${pairs.map(([n, v]) => `;${n}=${quoted(v)}`).join('')}`).join()
      expect(Link.parse(header).map((link) => [link.target, link.parameters])).toEqual(all)
    }),
  )
})

import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Response from '../../src/Response.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as Exchange from '../../src/stages/Exchange.js'
import { compact, parse } from '../../src/values/JsonText.js'
import * as BodyReaders from '../../src/wire/BodyReaders.js'

describe('JsonText.compact (specification)', () => {
  it.each([
    ['12345678901234567890', '12345678901234567890'],
    ['{"a": [1.10, -0.0, 1e400]}', '{"a":[1.10,-0.0,1e400]}'],
    ['"a \\" 1.0 \\u0041"', '"a \\" 1.0 A"'],
    [' [ true , null ] ', '[true,null]'],
  ])('keeps the numbers of %s', (text, expected) => expect(compact(text)).toEqual(E.right(expected)))

  it('equals JSON.stringify if the numbers are in their shortest form', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain = JSON.stringify(JSON.parse(text))
        expect(compact(JSON.stringify(JSON.parse(text), null, 2))).toEqual(E.right(plain))
      }),
    )
  })

  it('refuses text that is not JSON', () => expect(E.isLeft(compact('{a:1}'))).toBe(true))
})

describe('errors of JsonText.parse', () => {
  it.each([
    ['', /: it ends too early$/],
    ['{"a":', /: it ends too early$/],
    ['{a:1}', /, at position 1$/],
    ['hunter2', /JSON$/],
    ['["hunter2" at position 77]', /, at position 11$/],
    ['hunter2 at position 77', /JSON$/],
  ])('describe %j without quoting it: %s (specification)', (text, problem) => {
    expect(parse(text)).toEqual(E.left(expect.stringMatching(problem)))
  })

  it.each(['hunter2', '{"token": hunter2}', '{"token":"hunter2"', '{"token":"hunter2",}', '"hunter2" hunter2'])(
    'never quote the text %j',
    async (text) => {
      const trace = Exchange.simulate({ session: Session.empty })(() => ({ status: 200, body: text }))(
        Request.get('http://h.test/'),
      )
      const read = pipe(trace.outcome, E.flatMap(Response.json(E.right)))
      expect(E.isLeft(read) ? read.left.message : read).not.toContain('hunter')
      const lines: Array<unknown> = []
      async function* body() {
        yield Buffer.from(text)
      }
      for await (const line of BodyReaders.jsonLines(E.right)(body())) {
        if (E.isLeft(line) && '_tag' in line.left) lines.push(line.left.message)
      }
      expect(lines).toHaveLength(1)
      expect(String(lines)).not.toContain('hunter')
    },
  )
})

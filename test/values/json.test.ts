import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { describe, expect, it } from 'vitest'
import * as Exchange from '../../src/stages/Exchange.js'
import * as Response from '../../src/Response.js'
import * as Request from '../../src/session/Request.js'
import * as Session from '../../src/session/Session.js'
import * as JsonText from '../../src/values/JsonText.js'
import * as BodyReaders from '../../src/wire/BodyReaders.js'

describe('text that is no JSON', () => {
  it.each([
    ['', 'it is not JSON: it ends too early'],
    ['{"a":', 'it is not JSON: it ends too early'],
    ['{a:1}', 'it is not JSON, at position 1'],
    ['hunter2', 'it is not JSON'],
    ['["hunter2" at position 77]', 'it is not JSON, at position 11'],
    ['hunter2 at position 77', 'it is not JSON'],
  ])('%j: %s', (text, problem) => expect(JsonText.parse(text)).toEqual(E.left(problem)))

  it.each(['hunter2', '{"token": hunter2}', '{"token":"hunter2"', '{"token":"hunter2",}', '"hunter2" hunter2'])(
    '%j is in no message',
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

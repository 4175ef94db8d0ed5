/**
 * The JSON of a request body. A stream cannot be saved: it is a function, or can be read once. JSON is saved as the text that is
 * sent, octets as base64.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as Body from '../values/Body.js'
import * as JsonText from '../values/JsonText.js'
import type * as Multipart from '../values/Multipart.js'
import * as Octets from '../values/Octets.js'
import * as Printable from '../values/Printable.js'
import * as Secret from '../values/Secret.js'
import { Line, type Writer } from '../values/Serialization.js'

const object = <P extends t.Props>(props: P) => t.readonly(t.strict(props))

const Content = t.union([object({ text: t.string }), object({ base64: Line })])
type Content = t.TypeOf<typeof Content>

const PartJson = t.readonly(
  t.exact(
    t.intersection([
      t.type({ name: t.string, content: Content }),
      t.partial({
        filename: t.string,
        contentType: t.string,
        headers: t.readonlyArray(t.readonly(t.tuple([t.string, t.string]))),
      }),
    ]),
  ),
)
type PartJson = t.TypeOf<typeof PartJson>

/** The codec of a body. */
export const BodyJson = t.union([
  object({ kind: t.literal('Empty') }),
  object({ kind: t.literal('Bytes'), base64: Line }),
  object({ kind: t.literal('Text'), text: t.string }),
  object({ kind: t.literal('Json'), text: t.string }),
  object({ kind: t.literal('Form'), pairs: t.readonlyArray(t.readonly(t.tuple([t.string, t.string]))) }),
  object({ kind: t.literal('Multipart'), parts: t.readonlyArray(PartJson) }),
])
export type BodyJson = t.TypeOf<typeof BodyJson>

const NOTHING: BodyJson = { kind: 'Empty' }

/** A text that is not JSON could be sent, but not read again. */
const jsonTextOf = ({ text, value }: Body.Json): string | undefined => {
  const made = text === undefined ? JsonText.stringify(value) : E.right(text)
  return E.isRight(made) && E.isRight(Printable.parseJson(made.right)) ? made.right : undefined
}

const writeContent = (writer: Writer, path: string, content: Multipart.Content): Content => {
  if (typeof content === 'string') return { text: content }
  if (content instanceof Uint8Array) return { base64: Octets.toBase64(content) }
  writer.refuse(path)
  return { text: '' }
}

const writePart = (
  writer: Writer,
  { name, content, filename, contentType, headers }: Multipart.Part,
  i: number,
): PartJson => ({
  name,
  content: writeContent(writer, `body.parts[${i}].content (${name})`, content),
  ...(filename === undefined ? {} : { filename }),
  ...(contentType === undefined ? {} : { contentType }),
  ...(headers === undefined ? {} : { headers }),
})

/** Returns the JSON of a body. The writer refuses streams, octets that are not to be revealed, and what JSON cannot represent. */
export const write = (writer: Writer, body: Body.Body): BodyJson => {
  switch (body._tag) {
    case 'Empty':
      return NOTHING
    case 'Bytes':
      return {
        kind: 'Bytes',
        base64: writer.secret('body.bytes', Secret.make(Octets.toBase64(Secret.open(body.bytes)))),
      }
    case 'Text':
      return { kind: 'Text', text: body.text }
    case 'Json': {
      const text = jsonTextOf(body)
      if (text === undefined) writer.refuse('body')
      return { kind: 'Json', text: text ?? '' }
    }
    case 'Form':
      return { kind: 'Form', pairs: body.pairs }
    case 'Multipart':
      return { kind: 'Multipart', parts: body.parts.map((part, i) => writePart(writer, part, i)) }
    case 'Stream':
    case 'Once':
      writer.refuse('body')
      return NOTHING
  }
}

const readOctets = (path: string, base64: string): E.Either<string, Uint8Array> =>
  Octets.isBase64(base64) ? E.right(Octets.fromBase64(base64)) : E.left(`${path} is not base64`)

const readPart = ({ content, ...rest }: PartJson, i: number): E.Either<string, Multipart.Part> => {
  if ('text' in content) return E.right({ ...rest, content: content.text })
  const octets = readOctets(`body.parts.${i}.content`, content.base64)
  return E.isLeft(octets) ? octets : E.right({ ...rest, content: octets.right })
}

/** Returns the body that a JSON value represents, or what is wrong with it. */
export const read = (json: BodyJson): E.Either<string, Body.Body> => {
  switch (json.kind) {
    case 'Empty':
      return E.right(Body.empty)
    case 'Bytes':
      return E.map(Body.bytes)(readOctets('body', json.base64))
    case 'Text':
      return E.right(Body.text(json.text))
    case 'Json':
      return E.bimap(
        (problem: string) => `body: ${problem}`,
        (value) => Body.jsonText(json.text, value),
      )(Printable.parseJson(json.text))
    case 'Form':
      return E.right({ _tag: 'Form', pairs: json.pairs })
    case 'Multipart': {
      const parts: Multipart.Part[] = []
      for (const [i, part] of json.parts.entries()) {
        const one = readPart(part, i)
        if (E.isLeft(one)) return one
        parts.push(one.right)
      }
      return E.right({ _tag: 'Multipart', parts })
    }
  }
}

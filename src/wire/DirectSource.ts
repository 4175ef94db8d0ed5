/**
 * A body that reports its content without a promise. The bodies of the network are of this kind, because each promise
 * costs as much as a stage.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Source } from './BodySource.js'
import type * as Fault from './Fault.js'

/** Receives a whole body, once. */
export interface ContentListener {
  /** @param content - an `Either` of a fault and the bytes, but the body of a custom transport may be anything */
  onContent(content: unknown): void
  /** Reading the body has thrown or rejected. */
  onContentError(cause: unknown): void
}

/** What serves the one reader of a body. */
export interface DirectBody {
  /** Reads the whole body, and reports it, at once if it has arrived. */
  gatherTo(limit: number, listener: ContentListener): void
  iterate(): AsyncIterator<Uint8Array>
  discard(): Promise<void>
}

/** Its functions can be passed on separately. An object literal with a symbol as a key would take four times as long. */
export class DirectSource implements Source {
  readonly gather: Source['gather']
  readonly discard: Source['discard']
  declare readonly [Symbol.asyncIterator]: () => AsyncIterator<Uint8Array>
  readonly #body: DirectBody

  constructor(body: DirectBody) {
    this.#body = body
    this.gather = (limit) => () => gatherAll(body, limit)
    this.discard = () => body.discard()
    this[Symbol.asyncIterator] = () => body.iterate()
  }

  /** Returns the body of a source, unless the source is of another kind: a changed copy or a proxy may read in its own way. */
  static bodyOf(source: Source): DirectBody | undefined {
    return #body in source ? source.#body : undefined
  }
}

const gatherAll = (body: DirectBody, limit: number): Promise<Either<Fault.Fault, Uint8Array>> =>
  new Promise((resolve, reject) => {
    // The cast: an own body reports nothing else.
    const onContent = resolve as (content: unknown) => void
    body.gatherTo(limit, { onContent, onContentError: reject })
  })

/** Starts to read the whole body of any transport. */
export const startGathering = (source: Source, limit: number, listener: ContentListener): void => {
  const direct = DirectSource.bodyOf(source)
  if (direct !== undefined) {
    direct.gatherTo(limit, listener)
    return
  }
  const gathering = async (): Promise<unknown> => source.gather(limit)()
  gathering().then(
    (content) => listener.onContent(content),
    (cause) => listener.onContentError(cause),
  )
}

/** A body in chunks, and all items of an iterable. */

/** Yields the text in chunks that start at these offsets. */
export async function* cutAt(text: string, offsets: ReadonlyArray<number>): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  const edges = [0, ...offsets.map((offset) => offset % (bytes.length + 1)).sort((x, y) => x - y), bytes.length]
  for (let i = 1; i < edges.length; i++) yield bytes.subarray(edges[i - 1], edges[i])
}

export const collect = async <A>(items: AsyncIterable<A>): Promise<ReadonlyArray<A>> => {
  const all: A[] = []
  for await (const item of items) all.push(item)
  return all
}

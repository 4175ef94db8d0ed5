/** Ranges of the bytes of a file: what was received, what is missing, and how the missing bytes are divided into parts. */
import * as t from 'io-ts'

/** Positions of the first byte, and of the byte after the last. */
export type ByteRange = readonly [start: number, end: number]

/** The number of bytes from which on a part is worth a request of its own. */
export const MIN_PART_BYTES = 262_144

/** Ranges in a note. `areValid` checks their order. */
export const ByteRanges = t.readonlyArray(t.readonly(t.tuple([t.number, t.number])))

export const sizeOf = (ranges: ReadonlyArray<ByteRange>): number =>
  ranges.reduce((sum, [start, end]) => sum + end - start, 0)

/** Whether ranges are in order, do not touch each other, and lie within a file of that many bytes. */
export const areValid = (ranges: ReadonlyArray<ByteRange>, total: number): boolean =>
  ranges.every(([start, end], i) => {
    const isOfIntegers = Number.isSafeInteger(start) && Number.isSafeInteger(end)
    const [, before] = ranges[i - 1] ?? [-1, -1]
    return isOfIntegers && before < start && start < end && end <= total
  })

/** Returns the same bytes as valid ranges. Ranges may touch, be empty, or be in another order, but not overlap. */
export const joined = (ranges: ReadonlyArray<ByteRange>): ReadonlyArray<ByteRange> => {
  const sorted = ranges.filter(([start, end]) => start < end).sort(([x], [y]) => x - y)
  const found: ByteRange[] = []
  for (const [start, end] of sorted) {
    const last = found.at(-1)
    if (last !== undefined && last[1] === start) found[found.length - 1] = [last[0], end]
    else found.push([start, end])
  }
  return found
}

/** Returns the bytes of a file that valid ranges do not have. */
export const missing = (received: ReadonlyArray<ByteRange>, total: number): ReadonlyArray<ByteRange> => {
  const ends = [0, ...received.map(([, end]) => end)]
  const starts = [...received.map(([start]) => start), total]
  return ends.flatMap((end, i): ReadonlyArray<ByteRange> => {
    const next = starts[i] ?? total
    return end < next ? [[end, next]] : []
  })
}

/** Divides a range into ranges of almost the same size. */
const divide = ([start, end]: ByteRange, count: number): ReadonlyArray<ByteRange> => {
  const at = (i: number): number => start + Math.floor(((end - start) / count) * i)
  return Array.from({ length: count }, (_, i) => [at(i), i === count - 1 ? end : at(i + 1)])
}

/**
 * Divides ranges until there are `parts`, the largest first. None of the results is smaller than `MIN_PART_BYTES`, unless it is a
 * given range. There may be more ranges than parts.
 */
export const split = (ranges: ReadonlyArray<ByteRange>, parts: number): ReadonlyArray<ByteRange> => {
  const counts = ranges.map(() => 1)
  for (let sum = ranges.length; sum < parts; sum += 1) {
    const sizes = ranges.map(([start, end], i) => (end - start) / ((counts[i] ?? 0) + 1))
    const largest = Math.max(...sizes)
    if (largest < MIN_PART_BYTES) break
    const i = sizes.indexOf(largest)
    counts[i] = (counts[i] ?? 0) + 1
  }
  return ranges.flatMap((range, i) => divide(range, counts[i] ?? 1))
}

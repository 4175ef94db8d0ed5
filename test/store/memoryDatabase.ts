/** A database of records in memory, with the rules of those that are real. A turn passes before each operation. */
import type { JarRecord } from '../../src/store/JarRecord.js'
import type { RecordDatabase } from '../../src/store/RecordStore.js'
import type { Hands } from '../fleet/histories.js'

/** A database whose content a test can change. */
export interface MemoryDatabase extends RecordDatabase {
  readonly hands: Hands
  /** The records. A change of this map is not in what a partial reading returns. */
  readonly stored: Map<string, JarRecord>
  /** Sets its clock. */
  readonly setNow: (ms: number) => void
  /** How many readings had all records. */
  readonly completeReadings: () => number
}

const compare = (x: JarRecord, y: JarRecord): number =>
  x.time.ms - y.time.ms || x.time.n - y.time.n || Number(x.isRemoved) - Number(y.isRemoved)

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Returns an empty database. */
export const memoryDatabase = (): MemoryDatabase => {
  const stored = new Map<string, JarRecord>()
  /** What was written, by an ID of each write, as the store in Redis has it. */
  let changes: ReadonlyArray<readonly [id: string, key: string]> = []
  let saved = { records: [...stored], changes }
  let [ids, now, completeReadings] = [0, 0, 0]
  const set = (record: JarRecord): void => {
    ids += 1
    stored.set(record.key, { ...record, storedAt: now })
    changes = [...changes, [String(ids), record.key]]
  }
  const nth = (index: number): JarRecord | undefined => [...stored.values()][index % Math.max(stored.size, 1)]
  const fill = (records: Iterable<readonly [string, JarRecord]>): void => {
    stored.clear()
    for (const [key, record] of records) stored.set(key, record)
  }
  return {
    stored,
    setNow: (ms) => {
      now = ms
    },
    completeReadings: () => completeReadings,
    read: async (mark) => {
      await turn()
      const known = changes.findIndex(([id]) => id === mark)
      const isPartial = known >= 0
      if (!isPartial) completeReadings += 1
      const keys = new Set(isPartial ? changes.slice(known + 1).map(([, key]) => key) : stored.keys())
      const records = [...keys].flatMap((key) => stored.get(key) ?? [])
      return { records, isPartial, size: stored.size, mark: changes.at(-1)?.[0], now }
    },
    write: async (records) => {
      await turn()
      return records.flatMap((record) => {
        const old = stored.get(record.key)
        if (old === undefined || compare(old, record) < 0) set(record)
        return old !== undefined && compare(old, record) === 0 && old.text !== record.text ? [old] : []
      })
    },
    replace: async (replacements) => {
      await turn()
      for (const { old, by } of replacements) if (stored.get(old.key)?.text === old.text) set(by)
    },
    remove: async (records) => {
      for (const { key, text } of records) if (stored.get(key)?.text === text) stored.delete(key)
    },
    hands: {
      edit: async (index, change) => {
        const record = nth(index)
        if (record !== undefined) stored.set(record.key, { ...record, text: change(record.text) })
        changes = []
      },
      remove: async (index) => {
        stored.delete(nth(index)?.key ?? '')
      },
      clear: async () => {
        stored.clear()
        changes = []
      },
      copy: async () => {
        saved = { records: [...stored], changes }
      },
      restore: async () => {
        fill(saved.records)
        changes = saved.changes
      },
    },
  }
}

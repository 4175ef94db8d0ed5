/** A process that is killed at one of its effects: before or after one of its log operations or sends takes place. */
import type { Log, Transport } from 'requests-ts'

const never = <A>(): Promise<A> => new Promise<A>(() => {})

/** The effects of one process. */
export interface Mortal {
  readonly log: (log: Log.Log) => Log.Log
  readonly transport: (transport: Transport.Transport) => Transport.Transport
  /** Returns the result of a program, or `killed`. */
  readonly until: <A>(running: () => Promise<A>) => Promise<A | 'killed'>
  readonly effects: () => number
}

/** Returns a process that is killed at the given effect, which is counted from 0. */
export const killedAt = (moment: number): Mortal => {
  let count = 0
  let isDead = false
  let kill = (_: 'killed'): void => {}
  const death = new Promise<'killed'>((resolve) => {
    kill = resolve
  })
  const step = async (): Promise<void> => {
    if (count === moment) {
      isDead = true
      kill('killed')
    }
    count += 1
    if (isDead) await never()
  }
  const effect =
    <A>(run: () => Promise<A>) =>
    async (): Promise<A> => {
      await step()
      const result = await run()
      await step()
      return result
    }
  return {
    log: ({ read, append, drop, remove }) => ({
      read: (id) => effect(read(id)),
      append: (id, seq, events) => effect(append(id, seq, events)),
      drop: (before) => effect(drop(before)),
      remove: (id) => effect(remove(id)),
    }),
    transport: (inner) =>
      Object.assign(
        (...[plan, controls]: Parameters<typeof inner>) => effect(inner(plan, controls)),
        {},
      ) as typeof inner,
    until: (running) => Promise.race([running(), death]),
    effects: () => count,
  }
}

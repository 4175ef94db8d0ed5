/**
 * What a record says itself, whatever someone has put on `Object.prototype`: options and settings are read through this
 * at the border, so that a polluted prototype chooses no transport, opens no secret and sets no deadline.
 */

/** The value of a key of its own. */
export const get = <A extends object, K extends keyof A>(record: A, key: K): A[K] | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined

/**
 * The same record without a prototype, for taking it apart; one that has none already is given back. A copy that loses
 * its prototype stays a plain object to the engine; one made without is a hash table, twice as large and slow to read.
 */
export const of = <A extends object>(record: A): A => {
  if (Object.getPrototypeOf(record) === null) return record
  const bare: A = Object.setPrototypeOf({ ...record }, null)
  return bare
}

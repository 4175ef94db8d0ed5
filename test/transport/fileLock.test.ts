/** `withLock`, the lock file between processes (specification), and `Store` on top of it. */
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { Jar, Session, Store } from 'requests-ts'
import { beforeEach, expect, it } from 'vitest'
import { withLock } from '../../src/transport/download/FileLock.js'

let path = ''
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'requests-ts-lock-'))
  path = join(folder, 'file')
  return () => rmSync(folder, { recursive: true, force: true })
})

const files = (): ReadonlyArray<string> => readdirSync(join(path, '..'))

it('runs one section at a time', async () => {
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 8 }, () =>
      withLock(path)(async () => {
        inside += 1
        most = Math.max(most, inside)
        await new Promise((resolve) => setTimeout(resolve, 5))
        inside -= 1
      }),
    ),
  )
  expect([most, inside]).toEqual([1, 0])
  expect(files()).toEqual([])
})

it('is released when the section fails', async () => {
  await expect(withLock(path)(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(files()).toEqual([])
})

it.each([
  ['of a process that has ended', JSON.stringify({ token: 't', pid: 2 ** 30, host: hostname() }), 0],
  ['that is old', JSON.stringify({ token: 't', pid: process.pid, host: hostname() }), 120],
  ['of another host that is old', JSON.stringify({ token: 't', pid: 1, host: 'elsewhere' }), 120],
  ['that was never written', '', 10],
])('takes over a lock %s', async (_, text, ageSeconds) => {
  writeFileSync(`${path}.lock`, text)
  const then = Date.now() / 1000 - ageSeconds
  utimesSync(`${path}.lock`, then, then)
  expect(await withLock(path)(async () => 1)).toEqual(E.right(1))
  expect(files()).toEqual([])
})

it('keeps a lock of this process even if the file system reports an old time', async () => {
  let inside = 0
  let most = 0
  const section = async (): Promise<void> => {
    inside += 1
    most = Math.max(most, inside)
    const past = Date.now() / 1000 - process.uptime() - 3
    utimesSync(`${path}.lock`, past, past)
    await new Promise((resolve) => setTimeout(resolve, 60))
    inside -= 1
  }
  await Promise.all([withLock(path)(section), withLock(path)(section)])
  expect(most).toBe(1)
})

it('reports a lock that was taken over, and does not remove the new lock', async () => {
  const held = await withLock(path)(async ({ isHeld }) => {
    writeFileSync(`${path}.lock`, 'new owner')
    return isHeld()
  })
  expect(held).toEqual(E.right(false))
  expect(files()).toEqual(['file.lock'])
})

it('keeps the cookies of eight simultaneous calls of Store.save', async () => {
  const saves = Array.from({ length: 8 }, (_, i) => {
    const [jar] = Jar.absorb(new URL('https://h.test/'), [`c${i}=1`], new Date(i))(Jar.empty)
    return Store.save(path)({ session: Session.defaults, jar })()
  })
  expect((await Promise.all(saves)).every(E.isRight)).toBe(true)
  const loaded = await Store.load(path)()
  expect(E.isRight(loaded) && Jar.toArray(loaded.right.jar)).toHaveLength(8)
  await Store.replace(path)({ session: Session.defaults, jar: Jar.empty })()
  const replaced = await Store.load(path)()
  expect(E.isRight(replaced) && Jar.isEmpty(replaced.right.jar)).toBe(true)
  expect(files()).toEqual(['file'])
})

it('does not overwrite a file that is not a saved session', async () => {
  writeFileSync(path, '{}')
  expect(await Store.save(path)({ session: Session.defaults, jar: Jar.empty })()).toMatchObject({
    left: { _tag: 'Unreadable' },
  })
  expect(files()).toEqual(['file'])
})

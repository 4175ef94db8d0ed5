/**
 * A worker that shares a jar: visits a site again and again, and writes a line to a file for each visit whose cookies are saved.
 * Arguments: the kind of store, its port or path, the URL of the site, the name of the worker, how many visits, the file.
 */
import { appendFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { Client, Environment, Http, HttpError, JarStore, Session } from 'requests-ts'
import { connect } from './connections.js'

const [kind = '', place = '', site = '', worker = '', visits = '0', log = ''] = process.argv.slice(2)

/** Each worker sets cookies of its own again and again. */
const NAMES = 20

const connectionOf = (): Promise<{ readonly jarStore: JarStore.JarStore; readonly close: () => Promise<unknown> }> => {
  if (kind === 'file') return Promise.resolve({ jarStore: JarStore.file(place), close: async () => {} })
  const opened = kind === 'redis' ? connect.redis(Number(place)) : connect['pg.Pool'](Number(place))
  return opened.then(({ store, close }) => ({ jarStore: store('shop'), close }))
}

const { jarStore, close } = await connectionOf()
const client = Client.open({ jarStore, session: Session.at(site), environment: Environment.empty })()
console.log('ready')
for (let n = 1; n <= Number(visits); n += 1) {
  const name = `${worker}x${n % NAMES}`
  const outcome = await pipe(Http.get(`visit?name=${name}&n=${n}`), Http.ok, Client.runIn(client))()
  if (E.isLeft(outcome)) throw new Error(HttpError.show(outcome.left))
  appendFileSync(log, `${name} ${n}\n`)
}
await Client.close(client)()
await close()

import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import * as ProcessEnvironment from '../src/client/ProcessEnvironment.browser.js'
import { Client, Environment, Http, Request, Session, Transport } from '../src/index.js'
import * as NodeFiles from '../src/transport/download/NodeFiles.browser.js'
import * as Browser from '../src/transport/SystemTransport.browser.js'
import * as Compressor from '../src/wire/coding/Compressor.browser.js'
import { NO_FILE_SYSTEM } from '../src/wire/NodeModules.js'

// The modules that replace others in bundles for browsers: `X.browser.ts` next to `X.ts`. `test/real/browser` and
// `test/platforms/workerd.mjs` run them where they belong.

const src = fileURLToPath(new URL('../src', import.meta.url))
const replaced = readdirSync(src, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
  const [, module] = /^(.+)\.browser\.ts$/.exec(path) ?? []
  return module === undefined ? [] : [module]
})

describe('each module for browsers', () => {
  it('is found', () => expect(replaced.length).toBeGreaterThan(2))
  it.each(replaced)('%s exports what the module for Node exports', async (module) => {
    const [browser, node] = await Promise.all([import(`${src}/${module}.browser.ts`), import(`${src}/${module}.ts`)])
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort())
  })
})

describe('in a browser', () => {
  const http = Http.get('http://h.test/')

  it('Transport.undici refuses each plan, before anything is sent', async () => {
    const transport = Browser.undici({ connections: 1 })
    const sent = await pipe(http, Client.runWith({ session: Session.empty, transport }))()
    expect(sent).toMatchObject({ left: { _tag: 'Unsupported', unsupported: ['sockets'], unsent: true } })
    const planned = await pipe(Http.plan(Request.get('http://h.test/')), Client.runWith({ transport }))()
    expect(planned).toMatchObject({ left: { _tag: 'Unsupported' } })
    await Transport.close(transport)()
  })
  it('a body is not compressed: planning says what to do', () => {
    for (const coding of ['gzip', 'br', 'zstd']) expect(Compressor.missing(coding)).toContain('CompressionStream')
  })
  it('a wrapper of Transport.undici refuses too, and does not try again', async () => {
    const transport = Transport.withRetry({ attempts: 3 })(Browser.undici())
    const sent = await pipe(http, Client.runWith({ session: Session.empty, transport }))()
    expect(sent).toMatchObject({ left: { _tag: 'Unsupported' } })
  })
  it('the default transport sends with the fetch of that moment', async () => {
    const { fetch } = globalThis
    try {
      globalThis.fetch = async () => new globalThis.Response('from fetch')
      const transport = Browser.openDefault()
      const outcome = await pipe(http, Client.runWith({ session: Session.empty, transport }))()
      expect(outcome).toMatchObject({ _tag: 'Right', right: { status: 200 } })
    } finally {
      globalThis.fetch = fetch
    }
  })
  it('each function of files throws the reason', () => {
    const isFunction = (u: unknown): u is () => unknown => typeof u === 'function'
    const functions = Object.values<unknown>(NodeFiles).filter(isFunction)
    expect(functions.length).toBeGreaterThan(10)
    for (const call of functions) expect(call).toThrow(NO_FILE_SYSTEM)
  })
  it('the environment has the variables that a worker may have, and no netrc file', () => {
    const environment = ProcessEnvironment.read()
    expect(Environment.problems(environment)).toEqual([])
    expect(O.isNone(Environment.credentialsFor('h.test')(environment))).toBe(true)
    expect(environment.variables).toEqual(Environment.make(process.env).variables)
  })
  it('is empty without a process', () => {
    const { process: given } = globalThis
    try {
      Reflect.deleteProperty(globalThis, 'process')
      expect(ProcessEnvironment.read().variables.size).toBe(0)
    } finally {
      globalThis.process = given
    }
  })
})

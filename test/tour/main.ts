/**
 * A tour of the library: the plan, the exchange, the jar, the decoded page. `npm start` runs it against a local server;
 * `npm start -- URL` runs the command (`explain`, then `send --verbose`) with the given URL.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Client, Explain, Http, HttpError, Jar, Lint, Plan, Request, Response, Session, Story, Why } from 'requests-ts'
import * as Print from './print.js'
import { serve } from './server.js'

const print = (...lines: ReadonlyArray<string>): void => {
  for (const line of lines) console.log(line)
}

const printError = (error: HttpError.HttpError): number => {
  console.error(`${Print.red('error')} ${HttpError.show(error)}`)
  return 1
}

const Account = t.type({ name: t.string, since: t.number, roles: t.array(t.string) })

/** Logs in, follows the redirect, requests the page with the cookie, and decodes it. */
const tourLocally = async (): Promise<number> => {
  const server = await serve()
  const session = pipe(Session.defaults, Session.withBaseUrl(`${server.url}/v1`), Session.withBearer('a-token'))
  const login = pipe(Request.post('login'), Request.withForm({ user: 'ada', pass: 'analytical' }))
  const planned = Plan.plan({ session })(login)
  if (E.isLeft(planned)) return printError(planned.left)
  print(Print.title('1  The plan: nothing has been sent'), Explain.render(Print.look)(Plan.explain(planned.right)))
  print(Print.title('   The same as a curl line'), Plan.toCurl()(planned.right))
  print(Print.title('   Lint findings'), Lint.render(Print.look)(Plan.lint(planned.right)))

  const program = pipe(
    Http.Do,
    Http.bind('first', () => pipe(Http.send(login), Http.ok)),
    Http.bind('page', () => pipe(Http.get('account'), Http.ok)),
    Http.bind('account', ({ page }) => Http.fromEither(Response.json(Account.decode)(page))),
  )
  const outcome = await pipe(program, Client.use({ session }))()
  server.close()
  if (E.isLeft(outcome)) return printError(outcome.left)
  const [{ first, page, account }, jar] = outcome.right
  print(Print.title('2  The exchange: a login, a redirect, a page'))
  for (const response of [first, page]) print(Story.render(Print.look)(Story.ofOutcome(E.right(response))), '')
  print(
    Print.title('3  The jar: the cookies that the server set'),
    Why.render(Print.look)(Jar.why(page.plan.url, new Date())(jar)),
  )
  print(
    Print.title('4  The page, decoded'),
    ...Object.entries(account).map(([name, value]) => Print.row(name, String(value))),
  )
  print('', Print.dim('npm start -- URL does the same with another URL.'))
  return 0
}

const COMMAND = fileURLToPath(import.meta.resolve('requests-ts/package.json')).replace(/package\.json$/, 'dist/cli.js')

/** Runs the command, as `npx requests-ts` does. */
const command = (...words: ReadonlyArray<string>): number =>
  spawnSync(process.execPath, [COMMAND, ...words], { stdio: 'inherit' }).status ?? 1

/** Explains and sends a request to the given URL. */
const tourUrl = (url: string): number => {
  print(Print.title('The plan: nothing has been sent'))
  const explained = command('explain', '--', url)
  if (explained !== 0) return explained
  print(Print.title('The exchange'))
  return command('send', '--verbose', '--', url)
}

const [url] = process.argv.slice(2)
process.exitCode = url === undefined ? await tourLocally() : tourUrl(url)

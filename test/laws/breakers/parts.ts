/** Wrong authentication schemes, redirect policies and codecs. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Cookies from '../../../laws/arbitrary/Cookie.js'
import type { Codec, Scheme } from '../../../laws/ExtensionLaws.js'
import { replay } from '../../../laws/Jar.js'
import { auth, codec, redirectPolicy } from '../../../laws/rules/parts.js'
import * as Jar from '../../../src/cookies/Jar.js'
import * as RedirectPolicy from '../../../src/session/RedirectPolicy.js'
import * as Headers from '../../../src/values/Headers.js'
import * as Secret from '../../../src/values/Secret.js'
import type { Plan } from '../../../src/wire/Plan.js'
import type { Case } from './Lawbreaker.js'

const withSig =
  (text: string) =>
  (plan: Plan): Plan => ({
    ...plan,
    headers: Headers.upsertAt('X-Sig', Secret.make(text))(plan.headers),
  })
const scheme = (sign: Scheme['sign']): Scheme => ({ sign, headers: ['X-Sig'] })

let nonce = 0

export const schemes: Case = {
  set: 'auth',
  lawful: auth(scheme((plan) => withSig(plan.method)(plan))),
  breakers: [
    {
      mistake: 'a token in the query',
      history: 'signed URLs that end in logs and Referer',
      breaks: ['signing changes nothing but its headers'],
      rules: auth(scheme((plan) => withSig('1')({ ...plan, url: { ...plan.url, search: '?token=1' } }))),
    },
    {
      mistake: 'a nonce that is not derived from the plan',
      history: 'Date.now() and Math.random() in an interceptor',
      breaks: ['signing a plan again gives the same result'],
      rules: auth(
        scheme((plan) => {
          nonce += 1
          return withSig(`${nonce}`)(plan)
        }),
      ),
    },
    {
      mistake: 'base64 in lines of 76',
      history: 'Python’s base64.encodestring, used for Basic headers',
      breaks: ['a signed plan is valid HTTP'],
      rules: auth(scheme(withSig('QUJD\nREVG'))),
    },
    {
      mistake: 'a signature as plain text',
      history: 'axios #2602: errors and logs leak secrets',
      breaks: ['what signing adds is secret'],
      rules: auth(scheme((plan) => ({ ...plan, headers: Headers.upsertAt('X-Sig', 'plain')(plan.headers) }))),
    },
  ],
}

let asked = 0

export const policies: Case = {
  set: 'redirectPolicy',
  lawful: redirectPolicy(RedirectPolicy.sameOrigin),
  breakers: [
    {
      mistake: 'a list of hosts that throws for an unknown host',
      history: 'new URL and lookups without a default',
      breaks: ['every redirect attempt has a verdict'],
      rules: redirectPolicy(({ next }) => {
        if (next.url.hostname !== 'a.test') throw new Error('unknown host')
        return RedirectPolicy.toFollow
      }),
    },
    {
      mistake: 'a limit with a counter of its own',
      history: 'a counter in a closure: it counts the redirects of all requests',
      breaks: ['the same redirect attempt has the same verdict each time'],
      rules: redirectPolicy(() => {
        asked += 1
        return asked % 3 === 0 ? RedirectPolicy.toStop : RedirectPolicy.toFollow
      }),
    },
  ],
}

const jars = Cookies.history.map((history) => replay(Jar)(history)(Jar.empty))
const jarCodec: Codec<Jar.Jar> = {
  encode: (jar) => pipe(jar, Jar.encode({ reveal: true }), E.toUnion),
  decode: Jar.decode,
}

export const codecs: Case = {
  set: 'codec',
  lawful: codec(jarCodec, jars, Jar.Eq),
  breakers: [
    {
      mistake: 'session cookies are not saved',
      history: 'MozillaCookieJar.save',
      breaks: ['decode returns the value that was encoded'],
      rules: codec({ ...jarCodec, encode: (jar) => jarCodec.encode(Jar.clearSession(jar)) }, jars, Jar.Eq),
    },
    {
      mistake: 'logical times that reading changes',
      history: 'tough-cookie: creationIndex is not written',
      breaks: ['a decoded value is encoded as before'],
      rules: codec(
        {
          ...jarCodec,
          decode: (json) =>
            E.map((jar: Jar.Jar) => ({ ...jar, clock: { ms: jar.clock.ms + 1, n: 0 } }))(Jar.decode(json)),
        },
        jars,
        Jar.Eq,
      ),
    },
    {
      mistake: 'input that is not validated',
      history: 'tough-cookie validates nothing that it imports',
      breaks: ['invalid input is a Left'],
      // The cast is the mistake.
      rules: codec({ ...jarCodec, decode: (json) => E.right(json as Jar.Jar) }, jars, Jar.Eq),
    },
  ],
}

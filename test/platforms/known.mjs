// What Bun and Deno do differently from Node in our tests, by file and title. `npm run test:matrix` fails on any other failure.
// Most are differences of a test's own server or of wordings; the table of CONTRIBUTING names those that users can notice.

/** Bun 1.4. */
const BUN = [
  [
    'transport/{frames,http2,observed,streams}',
    /./,
    'HTTP/2 is Unsupported: its node:http2 ends a reset body as if it were whole',
  ],
  ['transport/timings', /and TLS|settings of its server/, 'HTTP/2 is Unsupported, which the test uses too'],
  ['transport/rotation', /client certificate|named pipe/, 'getPeerCertificate of a server returns an empty name'],
  ['laws/transport', /undici the reply is what/, 'its node:http server adds a reason phrase and sorts header fields'],
  [
    'transport/{timeouts,retry}',
    /connect timeout/,
    'a server cannot limit its backlog, so that connecting always succeeds',
  ],
  ['transport/attemptTimer', /stays alive/, 'process.getActiveResourcesInfo counts no timers'],
  [
    'transport/reading',
    /with a long rest/,
    'the whole body of the test arrives with its head, so that no rest is left',
  ],
  ['transport/tls', /not that of the Host header/, 'a server does not call SNICallback'],
  ['transport/tls', /1,000 failed handshakes/, 'a server does not report each failed handshake'],
  ['transport/coding', /thousands of gzip members/, 'many short calls of zlib cost more, compared with one stream'],
  ['faults/proxies', /sends garbage/, 'a TLS client waits for more after bytes that are not TLS: ConnectTimeout'],
  ['bad-input/pollution', /options on the prototype/, 'its own modules stop on a polluted prototype'],
  ['secrets', /no printer shows/, 'the method table of a new Console throws; battery.mjs checks Bun.inspect instead'],
  ['conformance/conformance', /netrc/, 'os.homedir() ignores a HOME that the program sets itself'],
  ['messages', /messages/, 'the engine words its errors differently'],
  ['values/{Body,Printable}', /Do not know|cycle|errors of parseJson/, 'the engine words its errors differently'],
  ['values/IpAddress', /agrees with Node/, 'net.isIP accepts other addresses than that of Node'],
  ['values/AddressPolicy', /all spellings/, 'its URL rejects IPv6 addresses such as 2600::1:2:3:1.2.3.4'],
  ['values/Idna', /agrees with Node/, 'its url.domainToASCII and its URL differ'],
  ['wire/Fault', /name, code and message: 4/, 'an AbortError has another message'],
]

/** Deno 2.9. */
const DENO = [
  ['transport/{frames,http2,observed,streams}', /./, 'HTTP/2 is Unsupported: its node:http2 loses bodies'],
  ['transport/timings', /and TLS|settings of its server/, 'HTTP/2 is Unsupported, which the test uses too'],
  [
    'transport/coding',
    /br ignores garbage/,
    'its Brotli decoder does not tell garbage after a body from a damaged body',
  ],
  [
    'transport/pool',
    /closed while it was idle/,
    'a busy program notices later that a connection is closed: ConnectFailed',
  ],
  ['transport/reading', /event loop/, 'zlib runs on the thread of the program'],
  ['transport/memory', /1 GiB up/, 'the garbage collector runs later'],
  ['transport/tls', /CERT_(?:HAS_EXPIRED|NOT_YET_VALID)/, 'TlsFailed has another code: UNABLE_TO_VERIFY…'],
  ['transport/tls', /a client certificate with/, 'an invalid client certificate is noticed only by the handshake'],
  ['messages', /messages/, 'runtime and engine word their errors differently'],
  ['transport/rotation', /that belong together/, 'a key of another certificate is noticed only by the handshake'],
  ['values/Idna', /agrees with Node/, 'its url.domainToASCII and its URL differ'],
  [
    'wire/eventStreamFormat',
    /mark (?:in the middle|in a value)/,
    'its TextDecoder drops a mark at the start of a later piece',
  ],
  ['wire/Fault', /name, code and message: 4/, 'an AbortError has another message'],
]

const FETCH = 'the test expects the fetch of Node; npm run test:fetch tests that of each runtime'

/** Both. */
const BOTH = [
  [
    'session/Environment.read',
    /the environment of the process/,
    'syncBuiltinESMExports does not replace os.homedir, as the test does',
  ],
  ['transport/retention', /keeps no request/, 'the test collects garbage by a flag of Node'],
  ['wire/memory', /the memory that each octet needs/, 'the test collects garbage by a flag of Node'],
  ['transport/options', /http2: (?:true|\{)/, 'HTTP/2 is Unsupported, which the test uses too'],
  ['laws/RuleSet', /node:test runs/, 'the flags and the output of node --test are those of Node only'],
  ['laws/transport', /over the fetch of Node/, FETCH],
  ['transport/fetch/network', /the column of this version of Node/, FETCH],
  ['transport/fetch/responses', /a coded body that fetch has decoded/, FETCH],
  ['transport/fetch/refusals', /fields that fetch writes itself/, FETCH],
  ['bad-input/pollution', /prototype/, 'the test starts a program with the flags of Node'],
]

const KNOWN = { bun: [...BUN, ...BOTH], deno: [...DENO, ...BOTH] }

const matches = (pattern, file) => {
  const [, before = '', names = pattern, after = ''] = /^(.*)\{(.*)\}(.*)$/.exec(pattern) ?? []
  return names.split(',').some((name) => file === `${before}${name}${after}.test.ts`)
}

/** Returns why a test fails on a runtime, or undefined if nobody knows. `file` is relative to `test`. */
export const reasonOf = (runtime, file, title) =>
  KNOWN[runtime]?.find(([pattern, titles]) => matches(pattern, file) && titles.test(title))?.[2]

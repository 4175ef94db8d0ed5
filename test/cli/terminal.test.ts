import { pipe } from 'fp-ts/lib/function.js'
import { Clock, Environment, Reply, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/Main.js'
import * as Progress from '../../src/cli/Progress.js'
import type { Sink, Terminal, Written } from '../../src/cli/Terminal.js'

interface Seen {
  readonly terminal: Terminal
  readonly out: () => string
  readonly err: () => string
}

interface Setting {
  readonly out?: Partial<Sink>
  readonly err?: Partial<Sink>
  readonly NO_COLOR?: string
  readonly signal?: AbortSignal
  readonly clock?: Clock.Clock
}

/** A terminal that remembers what was written, and a server behind it. */
const seeing = (server: Reply.Server, { out, err, NO_COLOR, signal, clock }: Setting = {}): Seen => {
  const sink = (given: Partial<Sink> = {}): readonly [Sink, () => string] => {
    const pieces: string[] = []
    const write = async (content: string | Uint8Array): Promise<Written> => {
      pieces.push(typeof content === 'string' ? content : Buffer.from(content).toString('latin1'))
      return { _tag: 'Written' }
    }
    return [{ isTTY: true, columns: 80, write, ...given }, () => pieces.join('')]
  }
  const [first, second] = [sink(out), sink(err)]
  const terminal: Terminal = {
    out: first[0],
    err: second[0],
    input: () => Reply.reply({ status: 200, body: 'typed' }).body,
    NO_COLOR,
    variable: () => undefined,
    environment: () => Environment.empty,
    clock: clock ?? Clock.fixed(new Date(0)),
    signal: signal ?? new AbortController().signal,
    transport: Transport.memory(server),
  }
  return { terminal, out: first[1], err: second[1] }
}

const PAGE: Reply.Server = {
  'GET /page': { status: 200, headers: { 'content-type': 'text/plain', 'set-cookie': 'sid=C4N4RY' }, body: 'welcome' },
  'GET /missing': { status: 404, body: 'no\n' },
  'GET /evil': { status: 200, reason: 'O\u001bK', body: 'a\r\nb\t\u001b[2Jc\u202ed\re' },
  'GET /latin': { status: 200, headers: { 'content-type': 'text/plain; charset=latin1' }, body: Buffer.from([0xe9]) },
  'GET /utf16': {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-16le' },
    body: Buffer.from('hé', 'utf16le'),
  },
  'GET /image': { status: 200, headers: { 'content-type': 'image/png' }, body: Buffer.from([137, 80, 0, 1]) },
}

const plainly = { NO_COLOR: '1' }
const send = async (seen: Seen, ...words: ReadonlyArray<string>): Promise<number> =>
  main(seen.terminal)(['send', ...words])

describe('on a terminal', () => {
  it('a reply is its head and its text', async () => {
    const seen = seeing(PAGE, plainly)
    expect(await send(seen, 'http://h.test/page')).toBe(0)
    expect(seen.out()).toBe('200 OK\ncontent-type: text/plain\nset-cookie: ‹secret›\n\nwelcome\n')
    expect(seen.err()).toBe('')
  })
  it('there is colour, and none with NO_COLOR or to a pipe', async () => {
    const colourful = seeing(PAGE)
    await send(colourful, 'http://h.test/page', '-v')
    expect(colourful.out()).toContain('\u001b[32m200 OK\u001b[0m')
    expect(colourful.err()).toContain('\u001b[1mGET http://h.test/page\u001b[0m')
    const explained = seeing(PAGE)
    await main(explained.terminal)(['explain', 'http://h.test/page'])
    expect(explained.out()).toContain('\u001b[36mmethod\u001b[0m')
    for (const setting of [plainly, { out: { isTTY: false }, err: { isTTY: false } }]) {
      const plain = seeing(PAGE, setting)
      await send(plain, 'http://h.test/missing', '-v')
      await main(plain.terminal)(['explain', 'http://h.test/page'])
      await main(plain.terminal)(['send', '--nonsense'])
      expect(`${plain.out()}${plain.err()}`).not.toContain('\u001b')
    }
  })
  it('no server moves the cursor', async () => {
    const seen = seeing(PAGE, plainly)
    await send(seen, 'http://h.test/evil', '-v')
    expect(seen.out()).toBe('200 O\\x1bK\n\na\nb\t\\x1b[2Jc\\u202ed\\x0de\n')
    expect(seen.err()).not.toMatch(/[^\n\x20-\x7e→]/)
  })
  it('but a pipe gets the octets', async () => {
    const seen = seeing(PAGE, { out: { isTTY: false } })
    await send(seen, 'http://h.test/evil')
    expect(seen.out()).toBe(Buffer.from('a\r\nb\t\u001b[2Jc\u202ed\re').toString('latin1'))
  })
  it.each([
    ['/latin', 'é'],
    ['/utf16', 'hé'],
  ])('text is in its charset: %s', async (path, text) => {
    const seen = seeing(PAGE, plainly)
    await send(seen, `http://h.test${path}`)
    expect(seen.out().split('\n\n')[1]).toBe(`${text}\n`)
  })
  it('what is no text is not shown', async () => {
    const seen = seeing(PAGE, plainly)
    expect(await send(seen, 'http://h.test/image', '--verbose')).toBe(0)
    expect(seen.out()).toBe('200 OK\ncontent-type: image/png\n\n')
    expect(seen.err()).toBe(
      'note the body is no text and is not shown: use --output FILE, or a pipe\n' +
        '1  GET http://h.test/image\n   200 OK\n   → done; the body was not read to its end\n',
    )
  })
  it('lines are as wide as it is', async () => {
    const seen = seeing(PAGE, { ...plainly, out: { columns: 50 } })
    await main(seen.terminal)(['explain', 'http://h.test/page', `X-Long:${'word '.repeat(40)}`])
    expect(
      seen
        .out()
        .split('\n')
        .filter((line) => line.length > 50),
    ).toEqual([])
  })
})

describe('an output that fails', () => {
  it('is 7', async () => {
    const write = async (): Promise<Written> => ({ _tag: 'Failed', message: 'no space left' })
    for (const isTTY of [true, false]) {
      const seen = seeing(PAGE, { ...plainly, out: { isTTY, write } })
      expect(await send(seen, 'http://h.test/page')).toBe(7)
      expect(seen.err()).toBe('error OutputFailed: The output cannot be written: no space left\n')
    }
  })
})

describe('an interrupt before anything is sent', () => {
  it('is 130', async () => {
    const seen = seeing(() => ({ status: 200 }), { ...plainly, signal: AbortSignal.abort() })
    expect(await send(seen, 'http://h.test/page')).toBe(130)
    expect(seen.err()).toBe('error interrupted\n')
  })
})

describe('progress', () => {
  const ticking = (): Clock.Clock => {
    let now = 0
    return { ...Clock.fixed(new Date(0)), monotonic: () => (now += 60) }
  }
  const total = 4 * Progress.LONG
  const watched = (sink: Partial<Sink>, directions: ReadonlyArray<'up' | 'down'>): Seen & Progress.Watch => {
    const seen = seeing(PAGE, { err: sink })
    return { ...seen, ...Progress.watch(seen.terminal.err, ticking(), directions) }
  }
  it('is one line, now and then, and is taken away', async () => {
    const { onProgress, clear, err } = watched({}, ['down'])
    for (const n of [1, 2, 3, 4]) onProgress({ direction: 'down', bytes: n * Progress.LONG, total })()
    expect(err()).toBe('\r\u001b[K↓ 1.0 MiB of 4.0 MiB, 25 %\r\u001b[K↓ 3.0 MiB of 4.0 MiB, 75 %')
    await clear()
    expect(err().endsWith('75 %\r\u001b[K')).toBe(true)
  })
  it('is not shown to a pipe, for what is short, or where it would disturb', async () => {
    const all = [watched({ isTTY: false }, ['up', 'down']), watched({}, ['up']), watched({}, [])]
    for (const { onProgress, clear, err } of all) {
      onProgress({ direction: 'down', bytes: Progress.LONG, total })()
      await clear()
      expect(err()).toBe('')
    }
    const short = watched({}, ['up', 'down'])
    short.onProgress({ direction: 'down', bytes: 10, total: 20 })()
    short.onProgress({ direction: 'up', bytes: 10 })()
    expect(short.err()).toBe('')
  })
  it('fits a narrow terminal', () => {
    const { onProgress, err } = watched({ columns: 10 }, ['up'])
    onProgress({ direction: 'up', bytes: Progress.LONG })()
    expect(err()).toBe('\r\u001b[K↑ 1.0 MiB')
  })
  it('counts in units that people read', () => {
    const sizes = [0, 1023, 1024, 1536, 1_048_576, 5e9, 2 ** 60]
    expect(pipe(sizes, (all) => all.map(Progress.size))).toEqual([
      '0 bytes',
      '1023 bytes',
      '1.0 KiB',
      '1.5 KiB',
      '1.0 MiB',
      '4.7 GiB',
      '1048576.0 TiB',
    ])
  })
})

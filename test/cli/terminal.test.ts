import { Clock, Environment, Reply, Transport } from 'requests-ts'
import { describe, expect, it } from 'vitest'
import { main } from '../../src/cli/Main.js'
import {
  MIN_PROGRESS_BYTES,
  type ProgressLine,
  progressLine,
  type Sink,
  startProgress,
  type Terminal,
  type WriteResult,
} from '../../src/cli/Terminal.js'

interface Recorded {
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

/** A terminal that records its output, connected to a mock server. */
const record = (server: Reply.Server, { out, err, NO_COLOR, signal, clock }: Setting = {}): Recorded => {
  const sink = (given: Partial<Sink> = {}): readonly [Sink, () => string] => {
    const pieces: string[] = []
    const write = async (content: string | Uint8Array): Promise<WriteResult> => {
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

const noColor = { NO_COLOR: '1' }
const send = async (recorded: Recorded, ...words: ReadonlyArray<string>): Promise<number> =>
  main(recorded.terminal)(['send', ...words])

describe('the command on a terminal (specification)', () => {
  it('prints the head and the text of a reply', async () => {
    const recorded = record(PAGE, noColor)
    expect(await send(recorded, 'http://h.test/page')).toBe(0)
    expect(recorded.out()).toBe('200 OK\ncontent-type: text/plain\nset-cookie: ‹secret›\n\nwelcome\n')
    expect(recorded.err()).toBe('')
  })
  it('prints no colours with NO_COLOR or to a pipe', async () => {
    const colourful = record(PAGE)
    await send(colourful, 'http://h.test/page', '-v')
    expect(colourful.out()).toContain('\u001b[32m200 OK\u001b[0m')
    expect(colourful.err()).toContain('\u001b[1mGET http://h.test/page\u001b[0m')
    const explained = record(PAGE)
    await main(explained.terminal)(['explain', 'http://h.test/page'])
    expect(explained.out()).toContain('\u001b[36mmethod\u001b[0m')
    for (const setting of [noColor, { out: { isTTY: false }, err: { isTTY: false } }]) {
      const plain = record(PAGE, setting)
      await send(plain, 'http://h.test/missing', '-v')
      await main(plain.terminal)(['explain', 'http://h.test/page'])
      await main(plain.terminal)(['send', '--nonsense'])
      expect(`${plain.out()}${plain.err()}`).not.toContain('\u001b')
    }
  })
  it('escapes control characters that a server sends', async () => {
    const recorded = record(PAGE, noColor)
    await send(recorded, 'http://h.test/evil', '-v')
    expect(recorded.out()).toBe('200 O\\x1bK\n\na\nb\t\\x1b[2Jc\\u202ed\\x0de\n')
    expect(recorded.err()).not.toMatch(/[^\n\x20-\x7e→]/)
  })
  it('writes the unchanged bytes to a pipe', async () => {
    const recorded = record(PAGE, { out: { isTTY: false } })
    await send(recorded, 'http://h.test/evil')
    expect(recorded.out()).toBe(Buffer.from('a\r\nb\t\u001b[2Jc\u202ed\re').toString('latin1'))
  })
  it.each([
    ['/latin', 'é'],
    ['/utf16', 'hé'],
  ])('decodes text with its charset: %s', async (path, text) => {
    const recorded = record(PAGE, noColor)
    await send(recorded, `http://h.test${path}`)
    expect(recorded.out().split('\n\n')[1]).toBe(`${text}\n`)
  })
  it('does not print a binary body', async () => {
    const recorded = record(PAGE, noColor)
    expect(await send(recorded, 'http://h.test/image', '--verbose')).toBe(0)
    expect(recorded.out()).toBe('200 OK\ncontent-type: image/png\n\n')
    expect(recorded.err()).toBe(
      'note the body is binary and is not shown: use --output FILE, or a pipe\n' +
        '1  GET http://h.test/image\n   200 OK\n   → done; the body was not read completely\n',
    )
  })
  it('wraps lines at the width of the terminal', async () => {
    const recorded = record(PAGE, { ...noColor, out: { columns: 50 } })
    await main(recorded.terminal)(['explain', 'http://h.test/page', `X-Long:${'word '.repeat(40)}`])
    expect(
      recorded
        .out()
        .split('\n')
        .filter((line) => line.length > 50),
    ).toEqual([])
  })
})

describe('a failing output (specification)', () => {
  it('ends with 7 and names the cause', async () => {
    const write = async (): Promise<WriteResult> => ({ _tag: 'Failed', message: 'no space left' })
    for (const isTTY of [true, false]) {
      const recorded = record(PAGE, { ...noColor, out: { isTTY, write } })
      expect(await send(recorded, 'http://h.test/page')).toBe(7)
      expect(recorded.err()).toBe('error OutputFailed: Cannot write to the standard output: no space left\n')
    }
  })
})

describe('an interrupt before anything is sent (specification)', () => {
  it('ends with 130', async () => {
    const recorded = record(() => ({ status: 200 }), { ...noColor, signal: AbortSignal.abort() })
    expect(await send(recorded, 'http://h.test/page')).toBe(130)
    expect(recorded.err()).toBe('error interrupted\n')
  })
})

describe('the progress line (specification)', () => {
  const ticking = (): Clock.Clock => {
    let now = 0
    return { ...Clock.fixed(new Date(0)), monotonic: () => (now += 60) }
  }
  const total = 4 * MIN_PROGRESS_BYTES
  const started = (sink: Partial<Sink>, directions: ReadonlyArray<'up' | 'down'>): Recorded & ProgressLine => {
    const recorded = record(PAGE, { err: sink })
    return { ...recorded, ...startProgress(recorded.terminal.err, ticking(), directions) }
  }
  it('redraws one line at most every 100 ms, and removes it', async () => {
    const { onProgress, clear, err } = started({}, ['down'])
    for (const n of [1, 2, 3, 4]) onProgress({ direction: 'down', bytes: n * MIN_PROGRESS_BYTES, total })()
    expect(err()).toBe('\r\u001b[K↓ 1.0 MiB of 4.0 MiB, 25 %\r\u001b[K↓ 3.0 MiB of 4.0 MiB, 75 %')
    await clear()
    expect(err().endsWith('75 %\r\u001b[K')).toBe(true)
  })
  it('prints nothing to a pipe, for short bodies, or for other directions', async () => {
    const all = [started({ isTTY: false }, ['up', 'down']), started({}, ['up']), started({}, [])]
    for (const { onProgress, clear, err } of all) {
      onProgress({ direction: 'down', bytes: MIN_PROGRESS_BYTES, total })()
      await clear()
      expect(err()).toBe('')
    }
    const short = started({}, ['up', 'down'])
    short.onProgress({ direction: 'down', bytes: 10, total: 20 })()
    short.onProgress({ direction: 'up', bytes: 10 })()
    expect(short.err()).toBe('')
  })
  it('cuts the line at the width of the terminal', () => {
    const { onProgress, err } = started({ columns: 10 }, ['up'])
    onProgress({ direction: 'up', bytes: MIN_PROGRESS_BYTES })()
    expect(err()).toBe('\r\u001b[K↑ 1.0 MiB')
  })
  it('formats sizes with units', () => {
    const sizes = [0, 1023, 1024, 1536, 1_048_576, 5e9, 2 ** 60]
    expect(sizes.map((bytes) => progressLine({ direction: 'up', bytes }))).toEqual([
      '↑ 0 bytes',
      '↑ 1023 bytes',
      '↑ 1.0 KiB',
      '↑ 1.5 KiB',
      '↑ 1.0 MiB',
      '↑ 4.7 GiB',
      '↑ 1048576.0 TiB',
    ])
  })
})

/**
 * The figures of the library, each with its goal and its barrier. `npm run bench`; a name picks some of them.
 *
 * A ratio fails when the lower end of its interval is above the barrier, and says nothing where the control, the base
 * against itself, is off by more than 8 %.
 */
import type { Ratio } from './measure.js'
import * as Network from './network.js'
import * as Pure from './pure.js'
import * as Server from './server.js'

const OFF = 0.08

const verdictOf = (ratio: Ratio, barrier: number, control: Ratio | undefined): string => {
  if (control !== undefined && Math.abs(control.median - 1) > OFF) return 'no verdict: the machine is too noisy'
  if (ratio.low > barrier) return 'FAILED'
  return ratio.high <= barrier ? 'ok' : 'undecided'
}

const pad = (text: string, width: number): string => text.padEnd(width)

const showRatio = (name: string, ratio: Ratio, goal: number, barrier: number, control?: Ratio): string => {
  const range = `[${ratio.low.toFixed(2)}..${ratio.high.toFixed(2)}]`
  const costs = `${ratio.candidate.toFixed(1)} / ${ratio.base.toFixed(1)} us`
  const aa = control === undefined ? '' : ` A/A ${control.median.toFixed(2)}`
  const limits = `goal ${goal.toFixed(2)} barrier ${barrier.toFixed(2)}`
  return `${pad(name, 34)}${ratio.median.toFixed(2)} ${pad(range, 14)}${pad(costs, 20)}${limits}  ${verdictOf(ratio, barrier, control)}${aa}`
}

const network = async (): Promise<void> => {
  const server = await Server.start()
  const bench = Network.open(server.url)
  try {
    for (const [name, path, concurrency, goal, barrier] of [
      ['session GET, sequential', '/json', 1, 1.1, 1.25],
      ['session GET, 64 at once', '/json', 64, 1.05, 1.2],
      ['redirect hop', '/redirect', 1, 1.15, 1.35],
      ['response with 10 Set-Cookie', '/cookies', 1, 1.3, 1.6],
    ] as const) {
      const control = await Network.control(bench, path, concurrency)
      console.log(showRatio(name, await Network.compare(bench, path, concurrency), goal, barrier, control))
    }
  } finally {
    await bench.stop()
    server.stop()
  }
}

const curve = async (): Promise<void> => {
  const server = await Server.start()
  for (const concurrency of [1, 4, 16, 64, 256, 1024]) {
    const bench = Network.open(server.url)
    const control = await Network.control(bench, '/json', concurrency)
    console.log(
      showRatio(
        `session GET, ${concurrency} at once`,
        await Network.compare(bench, '/json', concurrency),
        1.15,
        1.3,
        control,
      ),
    )
    await bench.stop()
  }
  server.stop()
}

const pure = async (): Promise<void> => {
  console.log(showRatio('POST planned / new Request', await Pure.preparation(), 0.6, 1))
  console.log(showRatio('GET planned / new Request', await Pure.bareGet(), 0.5, 0.8))
  const picks: number[] = []
  for (const cookies of [10, 1000, 10_000]) {
    const [pick, write] = [await Pure.pick(cookies), await Pure.write(cookies)]
    picks.push(pick)
    console.log(
      `${pad(`jar of ${cookies} cookies`, 34)}pick of 10 ${pick.toFixed(2)} us   write ${write.toFixed(2)} us   write: goal 3 barrier 6  ${write <= 6 ? 'ok' : 'FAILED'}`,
    )
  }
  const flat = Math.max(...picks) / Math.min(...picks)
  console.log(
    `${pad('pick, 10 to 10,000 held', 34)}${flat.toFixed(2)}  goal 1.25 barrier 1.50  ${flat <= 1.5 ? 'ok' : 'FAILED'}`,
  )
}

const PARTS: Readonly<Record<string, () => Promise<void>>> = { network, pure, curve }

const wanted = process.argv.slice(2)
for (const [name, run] of Object.entries(PARTS)) if (wanted.length === 0 || wanted.includes(name)) await run()

/**
 * Measures the library and compares each figure with its goal and its barrier: `npm run bench [network|pure|curve|stream]`.
 * The exit code is 1 if a figure is above its barrier.
 */
import * as Network from './network.js'
import * as Print from './print.js'
import * as Pure from './pure.js'
import * as Server from './server.js'
import * as Streams from './streams.js'

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
      console.log(Print.ratio(name, await Network.compare(bench, path, concurrency), { goal, barrier }, control))
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
    const measured = await Network.compare(bench, '/json', concurrency)
    console.log(Print.ratio(`session GET, ${concurrency} at once`, measured, { goal: 1.15, barrier: 1.3 }, control))
    await bench.stop()
  }
  server.stop()
}

const pure = async (): Promise<void> => {
  console.log(Print.ratio('POST planned / new Request', await Pure.preparation(), { goal: 0.6, barrier: 1 }))
  console.log(Print.ratio('GET planned / new Request', await Pure.bareGet(), { goal: 0.5, barrier: 0.8 }))
  const picks: number[] = []
  for (const cookies of [10, 1000, 10_000]) {
    const [pick, write] = [await Pure.pick(cookies), await Pure.write(cookies)]
    picks.push(pick)
    const costs = `pick of 10 ${pick.toFixed(2)} us   write ${write.toFixed(2)} us`
    const name = Print.pad(`jar of ${cookies} cookies`, 34)
    console.log(`${name}${costs}   write: goal 3 barrier 6  ${Print.verdict(write, 6)}`)
  }
  const flat = Math.max(...picks) / Math.min(...picks)
  const name = Print.pad('pick, 10 to 10,000 held', 34)
  console.log(`${name}${flat.toFixed(2)}  goal 1.25 barrier 1.50  ${Print.verdict(flat, 1.5)}`)
}

const stream = async (): Promise<void> => {
  const server = await Server.start()
  for (const [direction, goal, barrier] of [
    ['down', 1.1, 1.25],
    ['up', 1.15, 1.3],
  ] as const) {
    const { cpu, control, growth, baseGrowth } = await Streams.measure(server.url, direction)
    console.log(Print.ratio(`1 GiB ${direction}`, cpu, { goal, barrier }, control))
    const name = Print.pad(`maxRSS 1 GiB - 64 MiB, ${direction}`, 34)
    const figures = `${growth.toFixed(1)} MB (by hand ${baseGrowth.toFixed(1)})`
    console.log(`${name}${figures}  goal 32 barrier 64  ${Print.verdict(growth, 64)}`)
  }
  server.stop()
}

const PARTS: Readonly<Record<string, () => Promise<void>>> = { network, pure, curve, stream }

const wanted = process.argv.slice(2)
for (const [name, run] of Object.entries(PARTS)) if (wanted.length === 0 || wanted.includes(name)) await run()
process.exitCode = Print.failed() === 0 ? 0 : 1

/** The cost of selecting and storing cookies in jars of different sizes. */
import { Jar } from 'requests-ts'
import { compare, cpu, type Measured, repeatedly, sampled, type Work, warmUp } from './measure.js'

export const NOW = new Date()

/** Returns a jar with the given number of cookies, ten for each site. */
export const jarOf = (cookies: number): Jar.Jar => {
  const ten = Array.from({ length: 10 }, (_, i) => `name${i}=value-${i}; Path=/`)
  const sites = Array.from({ length: Math.max(1, cookies / 10) }, (_, i) => new URL(`https://host${i}.site${i}.com/`))
  return sites.reduce((jar, url) => Jar.absorb(url, ten, NOW)(jar)[0], Jar.empty)
}

const TARGET = new URL('https://host0.site0.com/a/b')
const TIMES = 10_000

/** Returns a work that selects ten cookies. Each path is new, so that no remembered header is used. */
const picking = (cookies: number): Work => {
  const jar = jarOf(cookies)
  let n = 0
  return repeatedly(() => {
    n = (n + 1) % 1_000_000
    Jar.header({ protocol: 'https:', hostname: TARGET.hostname, pathname: `/a/${n}` }, NOW)(jar)
  })
}

/** Compares selecting ten cookies from a jar with selecting the same ten from a jar that has only them. */
export const pick = async (cookies: number): Promise<Measured> => {
  const [few, fewAgain, many] = [picking(10), picking(10), picking(cookies)]
  await warmUp([few, many, fewAgain], 10 * TIMES)
  const [base, again, candidate] = [cpu(few, TIMES), cpu(fewAgain, TIMES), cpu(many, TIMES)]
  return compare({ base, again, candidate, rounds: 42 })
}

/** Returns the microseconds of CPU to store one Set-Cookie. */
export const write = async (cookies: number): Promise<Measured> => {
  const jar = jarOf(cookies)
  let n = 0
  const work = repeatedly(() => {
    n += 1
    Jar.absorb(TARGET, [`name${n % 10}=other-${n}; Path=/`], NOW)(jar)
  })
  await warmUp([work], 10 * TIMES)
  const costs: number[] = []
  for (let block = 0; block < 21; block++) costs.push(await cpu(work, TIMES)())
  return sampled(costs)
}

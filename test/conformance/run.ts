/** `npm run conformance -- DIR [--show]`: runs a folder of vectors and prints the results. Exits with 1 on a failure. */
import { hasFailed, isReport, line, runFolder, show, total } from './runner.js'

const [folder, ...options] = process.argv.slice(2)

if (folder === undefined) {
  console.error('usage: npm run conformance -- DIR [--show]')
  process.exit(2)
}

const runs = await runFolder(folder)
for (const run of runs) {
  console.log(line(run))
  if (isReport(run) && options.includes('--show')) for (const failed of run.failed) console.log(show(failed))
}
console.log(total(runs))
process.exit(hasFailed(runs) ? 1 : 0)

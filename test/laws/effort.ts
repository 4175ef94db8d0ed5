/** How many values a law tests: `wanted`, or LAW_RUNS if that is less. `npm run mutate` sets LAW_RUNS. */
export const runs = (wanted: number): number => Math.min(wanted, Number(process.env['LAW_RUNS'] ?? wanted))

/** How many values a law tries: as said, or fewer where LAW_RUNS says so, as `npm run mutate` does. */
export const runs = (wanted: number): number => Math.min(wanted, Number(process.env['LAW_RUNS'] ?? wanted))

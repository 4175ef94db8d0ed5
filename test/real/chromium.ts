/** The browser of the tests: Debian's Chromium, or the one that REAL_BROWSER names. */
import { type Browser, chromium } from 'playwright-core'

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env['REAL_BROWSER'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] })

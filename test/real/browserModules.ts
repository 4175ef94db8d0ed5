/** Bundles the sources as the package does it: with the modules for browsers (`*.browser.ts`). */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'esbuild'

export const browserModules: Plugin = {
  name: 'modules for browsers',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
      const forBrowsers = join(resolveDir, path.replace(/\.js$/, '.browser.ts'))
      return existsSync(forBrowsers) ? { path: forBrowsers } : undefined
    })
  },
}

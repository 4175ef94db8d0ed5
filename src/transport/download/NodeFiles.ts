/**
 * What stores and downloads use of Node. A bundle for a browser has `NodeFiles.browser.ts` instead, in which each function
 * throws: see the table in `.build/bundle.mjs`.
 */
export { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
export { constants } from 'node:fs'
export { lstat, mkdir, open, readdir, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
export { hostname } from 'node:os'
export { basename, dirname, join, resolve } from 'node:path'
export { setTimeout as delay } from 'node:timers/promises'

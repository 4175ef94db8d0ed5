/** The cookie jar, and its form as JSON. See `values/Jar.ts`. */
export * from './cookies/Jar.js'
export { decode, encode, JarJson } from './cookies/JarJson.js'

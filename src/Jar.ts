/** The cookie jar, and its form as JSON. See `values/Jar.ts`. */
export * from './values/Jar.js'
export { decode, encode, JarJson } from './values/JarJson.js'

/** The environment of a program, and how to read that of this process. See `session/Environment.ts`. */
export { read } from './client/ProcessEnvironment.js'
export * from './session/Environment.js'
export { decode, EnvironmentJson, encode } from './session/EnvironmentJson.js'

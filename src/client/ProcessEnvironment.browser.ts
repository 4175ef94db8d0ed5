/** `ProcessEnvironment` for a runtime without files: the variables, which a worker may have, and no netrc file. */
import { make } from '../session/Environment.js'
import type * as Node from './ProcessEnvironment.js'

export const read: typeof Node.read = () => make(globalThis.process?.env ?? {}, '', [])

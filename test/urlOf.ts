import * as E from 'fp-ts/lib/Either.js'
import { expect } from 'vitest'
import * as Url from '../src/values/Url.js'

/** Returns the parsed URL, and fails the test if it is not valid. */
export const urlOf = (href: string): Url.Url => {
  const parsed = Url.parse(href)
  return E.isRight(parsed) ? parsed.right.url : expect.fail(parsed.left.message)
}

import { STATUS_CODES } from 'node:http'
import { describe, expect, it } from 'vitest'
import * as Status from '../../src/values/Status.js'

const ALL = Array.from({ length: 700 }, (_, status) => status)

describe('Status', () => {
  it('follows five kinds of redirect', () => {
    expect(ALL.filter(Status.isRedirect)).toEqual([301, 302, 303, 307, 308])
  })
  it('finds two of them permanent', () => {
    expect(ALL.filter(Status.isPermanentRedirect)).toEqual([301, 308])
  })
  it('finds client errors from 400 and server errors from 500', () => {
    expect(ALL.filter(Status.isClientError)).toEqual(ALL.slice(400, 500))
    expect(ALL.filter(Status.isServerError)).toEqual(ALL.slice(500, 600))
  })
})

describe('Status.hasBody', () => {
  it('is false below 200, and for 204 and 304', () => {
    expect(ALL.filter((status) => !Status.hasBody('GET', status))).toEqual([...ALL.slice(0, 200), 204, 304])
  })
  it('is false for every reply to HEAD', () => {
    expect(ALL.filter((status) => Status.hasBody('HEAD', status))).toEqual([])
  })
})

it('returns the reason phrase, or an empty string for an unknown status', () => {
  expect([200, 404, 599, 0].map(Status.reason)).toEqual(['OK', 'Not Found', '', ''])
})

it('has the phrases of Node', () => {
  const phrases = ALL.flatMap((status) =>
    Status.reason(status) === '' ? [] : [[String(status), Status.reason(status)]],
  )
  expect(Object.fromEntries(phrases)).toEqual({ ...STATUS_CODES })
})

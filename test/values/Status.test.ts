import { describe, expect, it } from 'vitest'
import * as Status from '../../src/values/Status.js'

const ALL = Array.from({ length: 700 }, (_, status) => status)

describe('classes', () => {
  it('five statuses are redirects that are followed', () => {
    expect(ALL.filter(Status.isRedirect)).toEqual([301, 302, 303, 307, 308])
  })
  it('two of them are to be remembered', () => {
    expect(ALL.filter(Status.isPermanentRedirect)).toEqual([301, 308])
  })
  it('the errors are two hundreds, one behind the other', () => {
    expect(ALL.filter(Status.isClientError)).toEqual(ALL.slice(400, 500))
    expect(ALL.filter(Status.isServerError)).toEqual(ALL.slice(500, 600))
  })
})

describe('whether there is a body', () => {
  it('not before 200, nor with 204 and 304', () => {
    expect(ALL.filter((status) => !Status.hasBody('GET', status))).toEqual([...ALL.slice(0, 200), 204, 304])
  })
  it('never in a reply to HEAD', () => {
    expect(ALL.filter((status) => Status.hasBody('HEAD', status))).toEqual([])
  })
})

it('names a status, or says nothing of one that has no name', () => {
  expect([200, 404, 599, 0].map(Status.reason)).toEqual(['OK', 'Not Found', '', ''])
})

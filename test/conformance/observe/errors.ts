/**
 * Maps the tags of our errors to the names of Python exceptions.
 *
 * | ours                                   | Python's                                                          |
 * |----------------------------------------|-------------------------------------------------------------------|
 * | `MissingScheme`, `UnsupportedScheme`   | `MissingSchema`, `InvalidSchema`                                  |
 * | `InvalidUrl`, `InvalidRedirect`        | `InvalidURL`                                                      |
 * | `InvalidProxy`, `InvalidBody`          | `InvalidProxyURL`, `InvalidJSONError`                             |
 * | `UnrewindableBody`                     | `UnrewindableBodyError`                                           |
 * | `DecodingFailed`, `NotJson`, `BodyCut` | `ContentDecodingError`, `JSONDecodeError`, `ChunkedEncodingError` |
 * | `StatusError`                          | `HTTPError`                                                       |
 * | any other                              | unchanged                                                         |
 */
import { type Failure, failure } from '../shapes.js'

const PYTHON: Readonly<Record<string, string>> = {
  MissingScheme: 'MissingSchema',
  UnsupportedScheme: 'InvalidSchema',
  InvalidUrl: 'InvalidURL',
  InvalidRedirect: 'InvalidURL',
  InvalidProxy: 'InvalidProxyURL',
  InvalidBody: 'InvalidJSONError',
  UnrewindableBody: 'UnrewindableBodyError',
  DecodingFailed: 'ContentDecodingError',
  NotJson: 'JSONDecodeError',
  BodyCut: 'ChunkedEncodingError',
  StatusError: 'HTTPError',
}

export const pythonName = (tag: string): string => (Object.hasOwn(PYTHON, tag) ? (PYTHON[tag] ?? tag) : tag)

/** Converts one of our errors to the common form. */
export const failureOf = ({ _tag }: { readonly _tag: string }): Failure => failure(pythonName(_tag))

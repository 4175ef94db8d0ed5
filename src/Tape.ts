/** What went over a transport, as data, and as JSON in the shape of HAR. See `transport/Tape.ts`. */
export {
  type Answered,
  type Asked,
  append,
  asked,
  type End,
  type Entry,
  empty,
  key,
  Monoid,
  type Pairs,
  type Payload,
  REDACTED,
  type Tape,
} from './transport/Tape.js'
export { decode, encode, TapeJson } from './transport/TapeJson.js'

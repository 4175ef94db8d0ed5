/** `Hash` for browsers and workers, whose own hash functions are asynchronous. */
export { hex, hmac, toHex } from './PortableHash.js'

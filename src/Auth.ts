/** Authentication schemes: those that are data, signers, and tokens that are renewed. */
export * from './session/auth/Auth.js'
export { type AwsCredentials, type AwsSigV4Options, awsSigV4 } from './session/auth/AwsSigV4.js'
export {
  type Ed25519Key,
  type HmacKey,
  type KeyTask,
  type MessageSignatureOptions,
  type MessageSignatureTaskOptions,
  messageSignature,
  messageSignatureTask,
} from './session/auth/MessageSignature.js'
export * from './session/auth/Renewable.js'
export type { Coverage as SignatureCoverage, Parameter as SignatureParameter } from './session/auth/SignatureOptions.js'
export type { PathForm } from './values/AwsSignature.js'

/** OAuth 2.0 for `Auth.oauth2`: the grants, and the errors of an authorization server. */
export * from './session/auth/oauth2/Grants.js'
export {
  adviceFor,
  match as matchProblem,
  type Refused,
  type TokenProblem,
  type Unusable,
} from './session/auth/oauth2/TokenProblem.js'
export { read } from './session/auth/oauth2/TokenResponse.js'

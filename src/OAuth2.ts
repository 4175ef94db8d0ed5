/** OAuth 2.0: the grants and logins as data, and the programs that log a user in. */
export * from './program/Login.js'
export * from './session/auth/oauth2/OAuth2.js'

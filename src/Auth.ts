/** Authentication schemes: those that are data, signers, and tokens that are renewed. */
export * from './session/auth/Auth.js'
export * from './session/auth/Renewable.js'

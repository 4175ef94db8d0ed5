/**
 * Laws to test your own transports, policies, stores and programs with. See the README of this folder.
 *
 * | kind       | what it is                                                      | examples                              |
 * |------------|-----------------------------------------------------------------|---------------------------------------|
 * | law        | a predicate over any implementation                             | `JarLaws`, `TransportLaws`            |
 * | generator  | fast-check arbitraries of similar values                        | `Places`, `Cookies`, `Plans`, `Webs`  |
 * | rule set   | maps names of laws to properties; any test framework runs it    | `jar`, `transport`, `integration`     |
 *
 * @example
 * import { Jar } from 'requests-ts'
 * import { RuleSet, jar } from 'requests-ts/laws'
 *
 * const forgetful: typeof Jar = { ...Jar, join: (x) => x }
 * const found = await RuleSet.refutations({ numRuns: 100 })(jar(forgetful))
 * assert.equal(found.has('join is commutative'), true)
 */
export * as AddressLaws from './AddressLaws.js'
export * as Addresses from './arbitrary/Address.js'
export * as Calls from './arbitrary/Calls.js'
export * as Chain from './arbitrary/Chain.js'
export * as Cookies from './arbitrary/Cookie.js'
export * as Environments from './arbitrary/Environment.js'
export * as FaultInjections from './arbitrary/FaultInjection.js'
/** @deprecated Use `FaultInjections`. */
export * as Disturbances from './arbitrary/FaultInjection.js'
export * as Places from './arbitrary/Place.js'
export * as Plans from './arbitrary/Plan.js'
export * as Script from './arbitrary/Script.js'
export * as Sessions from './arbitrary/Settings.js'
/** @deprecated Use `Sessions`. */
export * as SettingsOf from './arbitrary/Settings.js'
export * as Signers from './arbitrary/Signer.js'
export * as Tokens from './arbitrary/Token.js'
export * as TokenClients from './arbitrary/TokenClient.js'
export * as TokenCrowds from './arbitrary/TokenCrowd.js'
export * as TokenServers from './arbitrary/TokenServers.js'
export * as TokenWebs from './arbitrary/TokenWeb.js'
export * as Webs from './arbitrary/Web.js'
export * as ExchangeLaws from './Exchange.js'
export * as ExplainLaws from './Explain.js'
export * as ExtensionLaws from './ExtensionLaws.js'
/** @deprecated Use `ExtensionLaws`. */
export * as PartLaws from './ExtensionLaws.js'
export * as FailureLaws from './FailureLaws.js'
/** @deprecated Use `FailureLaws`. */
export * as FailingLaws from './FailureLaws.js'
export * as HttpLaws from './Http.js'
export * as IntegrationLaws from './Integration.js'
export * as JarLaws from './Jar.js'
export * as JarStoreLaws from './JarStoreLaws.js'
export * as JarTokenLaws from './JarTokens.js'
export * as LogLaws from './LogLaws.js'
export * as MonoidLaws from './Monoid.js'
export * as PageLaws from './PageLaws.js'
export * as RecordingServer from './RecordingServer.js'
/** @deprecated Use `RecordingServer`. */
export * as Witness from './RecordingServer.js'
export * as RetryLaws from './Retry.js'
export * as RuleSet from './RuleSet.js'
export { addressPolicy } from './rules/addressPolicy.js'
export { exchange } from './rules/exchange.js'
export { explaining } from './rules/explain.js'
export { http } from './rules/http.js'
export { type IntegrationLaw, integration } from './rules/integration.js'
export { type JarLaw, jar } from './rules/jar.js'
export { jarStore } from './rules/jarStore.js'
export { log } from './rules/log.js'
export { monoid } from './rules/monoids.js'
export { pages } from './rules/pages.js'
export { attempt, auth, codec, redirectPolicy } from './rules/parts.js'
export { retry } from './rules/retry.js'
export { merging } from './rules/session.js'
export { tape } from './rules/tape.js'
export { template } from './rules/template.js'
export { signing, type TokenOperations, tokenPrograms, tokens } from './rules/tokens.js'
export { type Options as TransportOptions, serving, type TransportLaw, transport } from './rules/transport.js'
export * as SecretPrinting from './SecretPrinting.js'
export * as SessionLaws from './Session.js'
export * as SigningLaws from './SigningLaws.js'
export * as TapeLaws from './Tape.js'
export * as TemplateLaws from './TemplateLaws.js'
export * as TokenLaws from './TokenLaws.js'
export * as TokenSharing from './TokenSharing.js'
export * as TransportLaws from './Transport.js'
export * as Unsealed from './Unsealed.js'
/** @deprecated Use `Unsealed`. */
export * as Opened from './Unsealed.js'

/**
 * Laws that people run against their own parts: statements, generators, and rule sets that any test framework runs.
 *
 *     RuleSet.toTests(it)(jar(MyJar))
 */
export * as Calls from './arbitrary/Calls.js'
export * as Chain from './arbitrary/Chain.js'
export * as Cookies from './arbitrary/Cookie.js'
export * as Script from './arbitrary/Script.js'
export * as SettingsOf from './arbitrary/Settings.js'
export * as ExchangeLaws from './Exchange.js'
export * as ExplainLaws from './Explain.js'
export * as HttpLaws from './Http.js'
export * as JarLaws from './Jar.js'
export * as MonoidLaws from './Monoid.js'
export * as Opened from './Opened.js'
export * as RetryLaws from './Retry.js'
export * as RuleSet from './RuleSet.js'
export { exchange, http } from './rules/exchange.js'
export { explaining } from './rules/explain.js'
export { type JarLaw, jar } from './rules/jar.js'
export { monoid } from './rules/monoids.js'
export { retry } from './rules/retry.js'
export { merging } from './rules/session.js'
export { tape } from './rules/tape.js'
export * as SessionLaws from './Session.js'
export * as TapeLaws from './Tape.js'

/**
 * The laws of tokens and signatures, as rule sets over implementations of `Exchange.simulate` and of operations of
 * `Http`.
 */
import * as fc from 'fast-check'
import { type Crowd, crowd } from '../arbitrary/TokenCrowd.js'
import { signedBy, type TokenWeb, tokenWeb } from '../arbitrary/TokenWeb.js'
import type { Machine } from '../Exchange.js'
import type { RuleSet } from '../RuleSet.js'
import { type Printers, printers, printsNoSecret } from '../SecretPrinting.js'
import * as Signing from '../SigningLaws.js'
import * as Laws from '../TokenLaws.js'
import * as Sharing from '../TokenSharing.js'
import type { Violations } from '../Transport.js'
import { report, reportingProperty } from './reportingProperty.js'

type Law = (simulate: Machine) => (web: TokenWeb) => Violations

const holding = (law: Law, simulate: Machine, webs: fc.Arbitrary<TokenWeb> = tokenWeb) =>
  fc.property(webs, (web) => report(law(simulate)(web)))

/**
 * Returns the laws of renewable tokens, for an implementation of `Exchange.simulate`. `more` are printers of your
 * own.
 */
export const tokens = (simulate: Machine, more: Printers = {}): RuleSet => ({
  'a token reaches only the origins that it is for': holding(Laws.keepsTokensAtHome, simulate),
  'the secrets of a token request reach only its endpoint': holding(Laws.keepsGrantsAtHome, simulate),
  'a token request has nothing of the main request': holding(Laws.separatesTokenRequests, simulate),
  'each hop obtains one token if it needs one': holding(Laws.renewsOncePerHop, simulate),
  'a request has the newest token': holding(Laws.sendsNewestToken, simulate),
  'nothing is sent after a token that was not issued': holding(Laws.endsWithoutToken, simulate),
  'no cookie and no refresh token is lost': holding(Laws.losesNothing, simulate),
  'a renewal sends the newest refresh token': holding(Laws.renewsWithNewest, simulate),
  'nothing prints a token': holding(printsNoSecret({ ...printers, ...more }), simulate),
})

/** Returns the laws of signatures, for an implementation of `Exchange.simulate`. */
export const signing = (simulate: Machine): RuleSet => {
  const webs = signedBy('signer', 'signed token')
  return {
    'each attempt has a valid signature of its own time': holding(Signing.signsEachAttempt, simulate, webs),
    'no two attempts have the same nonce': holding(Signing.neverSignsTwiceAlike, simulate, webs),
    'a signature does not leave its origin': holding(Signing.keepsSignaturesHome, simulate, webs),
  }
}

/** The operations that the laws of `tokenPrograms` are about. */
export interface TokenOperations {
  readonly attempt: Signing.Attempt
  readonly sendAll: Sharing.SendAll
}

/** Returns the laws of programs with tokens and signatures, for operations with a client. */
export const tokenPrograms = ({ attempt, sendAll }: TokenOperations): RuleSet => {
  const shared = (law: (sendAll: Sharing.SendAll) => (given: Crowd) => Promise<Violations>) =>
    reportingProperty(crowd, law(sendAll), Sharing.PATIENCE)
  return {
    'attempt over memory is simulate, tokens included': fc.asyncProperty(tokenWeb, async (web) =>
      report(await Sharing.attemptIsSimulate(attempt)(web)),
    ),
    'each retry is signed again': fc.asyncProperty(
      signedBy('signed token', 'signer', 'signer task'),
      fc.array(fc.boolean(), { maxLength: 5 }),
      async (web, busy) => report(await Signing.signsEachRetry(attempt)(web, busy)),
    ),
    'programs share one token request': shared(Sharing.sharesOneRequest),
    'another program obtains the token if the first one is cut': shared(Sharing.survivesTheLeader),
    'a refusal is shared': shared(Sharing.sharesRefusals),
  }
}

/** The types that may have fields without a doc comment. A type that is not listed must explain all its fields. */

/** Types in one line, and unions whose members are in one line: the comment of the type explains them. */
const INLINE = [
  'requests-ts.Auth.Basic',
  'requests-ts.Auth.Bearer',
  'requests-ts.Auth.Digest',
  'requests-ts.Body.Bytes',
  'requests-ts.Body.Form',
  'requests-ts.Body.Json',
  'requests-ts.Body.Multipart',
  'requests-ts.Body.Text',
  'requests-ts.Diff.Difference',
  'requests-ts.Exchange.WithHistory',
  'requests-ts.Explain.FieldContents',
  'requests-ts.Multipart.Encoded',
  'requests-ts.Override.Layer',
  'requests-ts.Override.Set',
  'requests-ts.Prepare.Context',
  'requests-ts.Query.Source',
  'requests-ts.Range.RangeAnswer',
  'requests-ts.RedirectPolicy.Verdict',
  'requests-ts.Url.InvalidUrl',
  'requests-ts.Url.MissingScheme',
]

/** Some names say all, such as `secure` of a cookie, and some methods are those of `Map` or of every object. */
const NAMED = [
  'requests-ts.Cookie.Cookie',
  'requests-ts.Cookie.Input',
  'requests-ts.Cookie.InvalidCookie',
  'requests-ts.Cookie.RequestContext',
  'requests-ts.Jar.PersistentMap',
  'requests-ts.Secret.Sealed',
]

/** Models of the laws: their generators and the tables of their modules explain them. */
const LAWS = [
  'requests-ts/laws.Calls.Call',
  'requests-ts/laws.Chain.Chain',
  'requests-ts/laws.Environments.Ambient',
  'requests-ts/laws.ExtensionLaws.Codec',
  'requests-ts/laws.ExtensionLaws.Scheme',
  'requests-ts/laws.FaultInjections.FaultInjection',
  'requests-ts/laws.IntegrationLaws.Integration',
  'requests-ts/laws.JarLaws.ReceivedCookies',
  'requests-ts/laws.JarLaws.Step',
  'requests-ts/laws.Plans.Content',
  'requests-ts/laws.Plans.Sent',
  'requests-ts/laws.RecordingServer.Arrived',
  'requests-ts/laws.RecordingServer.Scene',
  'requests-ts/laws.RuleSet.Parameters',
  'requests-ts/laws.RuleSet.Verdict',
  'requests-ts/laws.Script.Counted',
  'requests-ts/laws.Script.Script',
  'requests-ts/laws.Script.Step',
  'requests-ts/laws.TapeLaws.Operations',
  'requests-ts/laws.TransportLaws.CallOutcome',
  'requests-ts/laws.TransportLaws.Subject',
  'requests-ts/laws.Webs.Page',
  'requests-ts/laws.Webs.Web',
]

export const SELF_EXPLANATORY: ReadonlyArray<string> = [...INLINE, ...NAMED, ...LAWS].sort()

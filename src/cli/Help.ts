/**
 * What `--help` and `--version` print.
 */
import { VERSION } from '../session/Session.js'

export const version = `requests-ts ${VERSION}`

export const help = `requests-ts: see a request before it leaves, and send it

  requests-ts plan|explain|curl|send [METHOD] URL [ITEM...] [OPTION...]
  requests-ts plan|explain|curl|send --curl LINE [OPTION...]

  plan      the HTTP message that would be sent
  explain   where everything in it comes from, what was dropped and why, what is odd
  curl      a curl line that sends the same
  send      sends it; the body goes to the standard output

Items
  name=value     a field: JSON, or with --form a form   name=@FILE   its text from a file
  name:=json     a JSON field that is no text: age:=29  name:=@FILE  its JSON from a file
  name==value    a query pair
  Name:value     a header; Name: removes one, Name; sends an empty one
  name@FILE      an upload (with --form); name@FILE;type=image/png names its type
  @FILE, @-      the whole body from a file, or from the standard input
  A backslash before : = @ ; or \\ makes it part of the name. Without METHOD: POST with a body, else GET.

Options
  -f, --form             fields are a form (multipart where there is a file)
      --multipart        fields are multipart/form-data
      --session FILE     goes on with a saved session and its cookies, and saves the cookies again;
                         begins one where there is no such file
  -a, --auth USER:PASS   basic authentication
      --bearer TOKEN     bearer authentication
      --follow           follows redirects: as ever, but HEAD too
      --no-follow        shows a redirect and does not follow it
      --proxy URL        http, https, socks4, socks4a, socks5 or socks5h; '' goes directly
      --no-verify        checks no certificate
      --cacert FILE      the roots of trust, in place of the built-in ones
      --cert FILE        a client certificate; --key FILE where its key is in another file
      --timeout SECONDS  for all of the exchange
      --curl LINE        takes the request from a curl line, such as browsers copy it
      --reveal           shows secrets (plan, curl)
      --json             for machines (plan, explain)
  -o, --output FILE      saves the body: whole, or not under that name (send)
  -v, --verbose          tells what happened on each hop (send)
  -h, --help   --version

Exit codes
  0  done; below 400        3  no plan can be made       6  status 400 or above
  1  a fault of this tool   4  transport                 7  the reply could not be kept
  2  usage, bad input       5  redirect                130  interrupted
  With 2 and 3 nothing is sent, and no file is written.`

/**
 * What `--help` and `--version` print.
 */
import { VERSION } from '../session/Session.js'

export const version = `requests-ts ${VERSION}`

export const help = `requests-ts: see a request before it leaves, and send it

  requests-ts plan|explain|curl|send [METHOD] URL [ITEM...] [OPTION...]
  requests-ts plan|explain|curl|send --curl LINE [OPTION...]

  plan      the HTTP message that would be sent
  explain   where everything in it comes from, what was dropped, what is odd
  curl      a curl line that sends the same
  send      sends it; the body goes to the standard output

Items
  name=value     a field: of JSON, or with --form of a form
  name:=json     a JSON field that is no text: age:=29
  name==value    a query pair
  Name:value     a header; Name: removes one, Name; sends an empty one
  name@FILE      an upload, with --form; name@FILE;type=image/png says its type
  name=@FILE     a field with its text, or name:=@FILE its JSON, from a file
  @FILE, @-      the whole body: from a file, or from the standard input
  A backslash before : = @ ; or \\ makes it a part of the name.
  Without METHOD it is POST where there is a body, else GET.

Options
  -f, --form            fields are a form (multipart where there is a file)
      --multipart       fields are multipart/form-data
      --session FILE    goes on with a saved session and its cookies, and saves
                        the cookies again; begins one where there is no file
  -a, --auth USER:PASS  basic authentication; @FILE reads it from a file, and
                        @- from the standard input
      --auth-env NAME   the same from an environment variable
      --bearer TOKEN    bearer authentication; @FILE and @- as above
      --bearer-env NAME the same from an environment variable
                        The words of a running command are open to every user
                        of the machine: keep secrets in a file or a variable
      --follow          follows redirects, which is the default but for HEAD
      --no-follow       shows a redirect and does not follow it
      --proxy URL       http, https, socks4, socks4a, socks5 or socks5h;
                        '' goes directly
      --no-verify       checks no certificate
      --cacert FILE     the roots of trust, in place of the built-in ones
      --cert FILE       a client certificate
      --key FILE        its key, where that is in another file
      --timeout SECONDS for all of the exchange
      --curl LINE       the request of a curl line, such as browsers copy it
      --reveal          shows secrets (plan, curl)
      --json            for machines (plan, explain)
  -o, --output FILE     saves the body: all of it, or nothing (send)
  -v, --verbose         tells what happened on each hop (send)
  -h, --help            this
      --version

Exit codes
  0  done; below 400         4  transport
  1  a fault of this tool    5  redirect
  2  usage or bad input      6  status 400 or above
  3  no plan can be made     7  the reply could not be kept
                           130  interrupted
  With 2 and 3 nothing is sent and no file is written.`

/**
 * The texts that `--help` and `--version` print.
 */
import { VERSION } from '../session/Session.js'

export const version = `requests-ts ${VERSION}`

export const help = `requests-ts: inspect an HTTP request before it is sent, and send it

  requests-ts plan|explain|curl|send [METHOD] URL [ITEM...] [OPTION...]
  requests-ts plan|explain|curl|send --curl LINE [OPTION...]

  plan      print the HTTP message that would be sent
  explain   print where each part comes from, what was dropped, and warnings
  curl      print an equivalent curl command
  send      send the request and write the response body to standard output

Items
  name=value     field of a JSON object; with --form, of a form
  name:=json     field with a JSON value: age:=29
  name==value    query parameter
  Name:value     header; "Name:" removes it, "Name;" sends it empty
  name@FILE      file upload, with --form; add ;type=image/png for its type
  name=@FILE     field whose text is in a file; name:=@FILE reads JSON
  @FILE, @-      request body from a file or from standard input
  Put a backslash before : = @ ; or \\ to use it in a name.
  The default METHOD is POST if there is a body, otherwise GET.

Options
  -f, --form            send fields as a form (multipart if it has a file)
      --multipart       send fields as multipart/form-data
      --session FILE    load a session and its cookies from FILE, and save the
                        cookies afterwards; FILE is created if it is missing
  -a, --auth USER:PASS  basic authentication; @FILE reads it from a file, and
                        @- from standard input
      --auth-env NAME   read USER:PASS from an environment variable
      --bearer TOKEN    bearer authentication; accepts @FILE and @- too
      --bearer-env NAME read TOKEN from an environment variable
                        Every user of this machine can see the arguments of a
                        running command: keep secrets in a file or a variable
      --follow          follow redirects (the default, except for HEAD)
      --no-follow       do not follow redirects
      --proxy URL       use a proxy: http, https, socks4, socks4a, socks5 or
                        socks5h; '' connects directly
      --no-verify       do not verify the server's certificate
      --cacert FILE     CA certificates to trust instead of the built-in ones
      --cert FILE       client certificate
      --key FILE        private key, if it is not in the --cert file
      --timeout SECONDS time limit for the whole exchange
      --curl LINE       read the request from a curl command
      --reveal          print secrets (plan, curl)
      --json            print JSON (plan, explain)
  -o, --output FILE     save the complete response body to FILE (send)
  -v, --verbose         print each hop to standard error (send)
  -h, --help            print this help
      --version         print the version

Exit codes
  0  success, status < 400   4  transport error
  1  internal error          5  redirect error
  2  invalid usage or input  6  status >= 400
  3  request cannot be sent  7  response could not be saved
                           130  interrupted
  With 2 and 3 nothing is sent and no file is written.`

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nameFailure } from "../../src/http/failures.ts";
import { connectionFailureOf, unreachable } from "../../src/http/unreachable.ts";

const url = new URL("https://reg.test/v2/");

describe("a failure of a connection", () => {
  // What the three runtimes say, and clients of HTTP in them.
  const said: [reason: string, text: RegExp, ...messages: [code: string | undefined, message: string][]][] = [
    [
      "no-address",
      /its name has no address$/,
      ["ENOTFOUND", "getaddrinfo ENOTFOUND reg.test"],
      [undefined, "client error (Connect): dns error: failed to lookup address information"],
      ["EAI_AGAIN", "getaddrinfo EAI_AGAIN reg.test"],
    ],
    [
      "refused",
      /the connection is refused$/,
      ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1"],
      [undefined, "client error (Connect): tcp connect error: Connection refused (os error 111)"],
      ["ECONNREFUSED", "ECONNREFUSED: Unable to connect. Is the computer able to access the url?"],
    ],
    [
      "certificate",
      /its certificate is not trusted: /,
      ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "unable to verify the first certificate"],
      [undefined, "client error (Connect): invalid peer certificate: UnknownIssuer"],
      ["SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in certificate chain"],
      ["ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames"],
      ["CERT_HAS_EXPIRED", "certificate has expired"],
    ],
    [
      "no-tls",
      /HTTPS is not spoken there$/,
      ["ERR_SSL_WRONG_VERSION_NUMBER", "SSL routines:tls_validate_record_header:wrong version number"],
      [undefined, "client error (Connect): received corrupt message of type InvalidContentType"],
      ["EPROTO", "EPROTO: The TLS handshake failed. Does the server speak TLS on this port?"],
    ],
    [
      "closed",
      /the connection broke$/,
      ["ECONNRESET", "read ECONNRESET"],
      ["UND_ERR_SOCKET", "other side closed"],
      [undefined, "client error (SendRequest): connection closed before message completed"],
      [undefined, "Connection reset by peer (os error 104)"],
      [undefined, "client error (Connect): tls handshake eof"],
    ],
    [
      "no-http",
      /HTTP is not spoken there$/,
      ["HPE_INVALID_CONSTANT", "Parse Error: Expected HTTP/, RTSP/ or ICE/"],
      [undefined, "client error (SendRequest): invalid HTTP version parsed"],
      ["Malformed_HTTP_Response", 'Malformed_HTTP_Response fetching "http://127.0.0.1:1/"'],
      [undefined, "Response does not match the HTTP/1.1 protocol (Expected HTTP/, RTSP/ or ICE/)"],
    ],
  ];
  for (const [reason, text, ...messages] of said) {
    it(`gives ${reason} one name, whatever the runtime calls it`, () => {
      for (const [code, message] of messages) {
        const made = unreachable("read a", url, Object.assign(new Error(message), { code }), nameFailure);
        assert.equal(connectionFailureOf(made)?.reason, reason, message);
        assert.match(made.message, text);
      }
    });
  }
});

/** What registries and token servers that want a login reply. */

import type { Credentials, RegistryOptions } from "../../src/registry/mod.ts";
import type { Reply, Seen } from "./fake.ts";

const manifest = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
export const found: Reply = {
  headers: { "content-type": "application/vnd.oci.image.index.v1+json" },
  body: manifest,
};
export const me: Credentials = { username: "me", password: "pässwörd:1" };
export const as = (credentials: Credentials): RegistryOptions => ({
  credentials: () => Promise.resolve(credentials),
});
export const challenge = (header: string, status = 401): Reply => ({
  status,
  headers: { "www-authenticate": header },
  body: '{"errors":[{"code":"UNAUTHORIZED","message":"log in"}]}',
});
export const bearer =
  'Bearer realm="https://auth.reg.test/token",service="reg.test",scope="repository:app:pull"';
export const realm = "GET https://auth.reg.test/token?service=reg.test&scope=repository%3Aapp%3Apull";
export const token = (value: string, more: object = {}): Reply => ({
  body: JSON.stringify({ token: value, ...more }),
});
export const get = "GET /v2/app/manifests/v1";
/** Answers those who have one of these tokens. */
export const guarded = (reply: Reply, ...tokens: string[]) => ({ headers }: Seen): Reply =>
  tokens.some((token) => headers.get("authorization") === `Bearer ${token}`) ? reply : challenge(bearer);

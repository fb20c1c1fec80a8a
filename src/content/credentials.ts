/** How to log in to a registry. */
export type Credentials =
  /** A name and a password, or a personal access token in its place. */
  | { username: string; password: string }
  /** A bearer token that is sent as it is. */
  | { registryToken: string }
  /** A refresh token that is exchanged for bearer tokens (OAuth2). */
  | { identityToken: string };

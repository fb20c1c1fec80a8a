/** How to log in to a registry. */
export type Credentials =
  /** A name and a password, or a personal access token in its place. */
  | { username: string; password: string }
  /** A bearer token that is sent as it is. */
  | { registryToken: string }
  /** A refresh token that is exchanged for bearer tokens (OAuth2). */
  | { identityToken: string };

/** What credentials are needed for. */
export interface CredentialsRequest {
  /** The registry, as users name it: `docker.io`, `localhost:5000`. */
  registry: string;
  /** The repository, without the registry; none for what concerns all of it, such as the list of repositories. */
  repository?: string | undefined;
  /** What is to be done there: `pull`, `push`, `delete`, `*`. */
  actions: readonly string[];
}

/** Finds the credentials for a request; none where there are none. Keychains are this. */
export type CredentialsProvider = (request: CredentialsRequest) => Promise<Credentials | undefined>;

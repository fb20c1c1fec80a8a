import type { Credentials } from "../content/credentials.ts";
import { GantryError } from "../errors.ts";
import { redact } from "../http/redact.ts";
import type { JsonObject } from "../spec/json.ts";
import type { Keychain } from "./chain.ts";
import { execute, type HelperOptions } from "./execute.ts";
import { Expiring } from "./refreshing.ts";
import { dockerKey } from "./server_key.ts";

/** How long an answer is kept: one command needs it for several repositories. */
const kept = 60_000;
/** What stands for the user's name where the secret is an identity token. */
const tokenUser = "<token>";

/**
 * The credentials that a helper program keeps, `docker-credential-NAME`. It is found in `PATH`.
 * https://github.com/docker/docker-credential-helpers
 *
 * @throws {GantryError} `invalid-name` for what is no name of a helper. The keychain throws `unavailable` where the helper is
 * missing, hangs or fails.
 *
 * @example
 * ```ts
 * import { credentialHelper } from "@gantry/oci/keychain";
 *
 * const keychain = credentialHelper("osxkeychain");
 * console.log(typeof keychain);
 * ```
 */
export function credentialHelper(name: string, options: HelperOptions = {}): Keychain {
  checkName(name);
  const ask = helperCache(options);
  return ({ registry }) => ask(name, dockerKey(registry));
}

/** Asks helpers, each once for one server: one that hangs must not hang again for the next repository. */
export function helperCache(
  options: HelperOptions,
): (name: string, server: string) => Promise<Credentials | undefined> {
  const answers = new Map<string, Expiring<() => Credentials | undefined>>();
  return async (name, server) => {
    const key = JSON.stringify([name, server]);
    let answer = answers.get(key);
    if (!answer) {
      const ask = async () => ({
        value: await getFromHelper(name, server, options).then((found) => () => found, rethrow),
        expires: Date.now() + kept,
      });
      answers.set(key, answer = new Expiring(ask));
    }
    return (await answer.get())();
  };
}

function rethrow(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** What a helper keeps for a server. */
export async function getFromHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const what = `get credentials for ${server} from ${programOf(name)}`;
  const output = await runHelper(name, "get", server, what, options);
  if (output === undefined) return undefined;
  const { Username, Secret } = parseAnswer(output, what);
  const [username, secret] = [Username ?? "", Secret ?? ""];
  if (typeof username !== "string" || typeof secret !== "string") {
    throw new GantryError("invalid-document", `${what}: Username and Secret are not strings`);
  }
  if (username === "" && secret === "") return undefined;
  return username === tokenUser ? { identityToken: secret } : { username, password: secret };
}

/** Has a helper keep credentials. */
export async function storeInHelper(
  name: string,
  server: string,
  credentials: { username: string; password: string } | { identityToken: string },
  options: HelperOptions,
): Promise<void> {
  const [Username, Secret] = "identityToken" in credentials
    ? [tokenUser, credentials.identityToken]
    : [credentials.username, credentials.password];
  const what = `store credentials for ${server} with ${programOf(name)}`;
  await runHelper(name, "store", JSON.stringify({ ServerURL: server, Username, Secret }), what, options);
}

/** Has a helper forget a server; it need not know it. */
export async function eraseFromHelper(name: string, server: string, options: HelperOptions): Promise<void> {
  await runHelper(
    name,
    "erase",
    server,
    `erase the credentials for ${server} from ${programOf(name)}`,
    options,
  );
}

function programOf(name: string): string {
  return `docker-credential-${name}`;
}

/** A name becomes a program: no paths, and nothing that a shell would understand. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) return;
  throw new GantryError(
    "invalid-name",
    `run the credential helper ${JSON.stringify(name)}: that is no name of one`,
  );
}

/** What a helper says when it has nothing. Each keychain has its words. */
const notFound =
  /credentials not found in native keychain|specified item could not be found in the keychain/i;

/** Runs a helper, and gives what it prints; undefined where it does not know the server. */
async function runHelper(
  name: string,
  action: "get" | "store" | "erase",
  input: string,
  what: string,
  options: HelperOptions,
): Promise<string | undefined> {
  checkName(name);
  const { code, stdout, stderr } = await execute(programOf(name), [action], input, what, options);
  if (code === 0) return stdout;
  // Errors come where the answer would be.
  const said = stdout.trim() || stderr.trim();
  if (notFound.test(said)) return undefined;
  throw new GantryError(
    "unavailable",
    `${what}: it ended with ${code ?? "a signal"}${said && `: ${redact(said)}`}`,
  );
}

/** Some print warnings before the answer. */
function parseAnswer(output: string, what: string): JsonObject {
  try {
    const answer: unknown = JSON.parse(
      output.slice(Math.max(0, output.indexOf("{")), output.lastIndexOf("}") + 1),
    );
    if (typeof answer === "object" && answer !== null) return answer as JsonObject;
  } catch {
    // What it printed may hold a secret.
  }
  throw new GantryError("invalid-document", `${what}: it printed no JSON object`);
}

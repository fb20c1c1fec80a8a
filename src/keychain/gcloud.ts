import { GantryError } from "../errors.ts";
import type { AccessTokenSource } from "./cloud.ts";
import { execute, type HelperOptions } from "./execute.ts";

/** Access tokens of whoever is logged in to `gcloud`, Google's program, which has to be installed. */
export function gcloud(options: HelperOptions = {}): AccessTokenSource {
  const what = "get an access token from gcloud";
  const args = ["config", "config-helper", "--force-auth-refresh", "--format=json(credential)"];
  return async () => {
    const { code, stdout } = await execute("gcloud", args, "", what, options);
    if (code !== 0) {
      throw new GantryError(
        "unavailable",
        `${what}: it ended with ${code ?? "a signal"}; log in with gcloud auth login`,
      );
    }
    try {
      const { access_token: token, token_expiry: expiry } = JSON.parse(stdout).credential;
      if (typeof token === "string" && token !== "") {
        return { token, expires: Date.parse(expiry) - 60_000 || 0 };
      }
    } catch {
      // What it printed may hold a token.
    }
    throw new GantryError("invalid-document", `${what}: it printed none`);
  };
}

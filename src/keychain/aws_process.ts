import process from "node:process";
import { utf8 } from "../bytes.ts";
import { GantryError } from "../errors.ts";
import { redact } from "../http/redact.ts";
import type { AwsCredentials } from "../http/sigv4.ts";
import { refreshed } from "./aws.ts";
import { type CloudOptions, objectIn, stringIn } from "./cloud.ts";
import { execute, type Variables } from "./execute.ts";

/** What the shell is told, and how. */
export interface AwsProcessOptions extends CloudOptions {
  /** A line for the shell. */
  command: string;
  /** What is being done, for messages. */
  what: string;
  env: Variables;
}

/** The program may ask its user something, in milliseconds. */
const timeout = 60_000;

/** The keys that a program prints: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
export function awsProcess({ command, what, env, now }: AwsProcessOptions): () => Promise<AwsCredentials> {
  const [shell, option] = process.platform === "win32" ? ["cmd.exe", "/C"] as const : ["sh", "-c"] as const;
  return refreshed(async () => {
    const { code, stdout, stderr } = await execute(shell, [option, command], "", what, { env, timeout });
    if (code !== 0) {
      throw new GantryError("unavailable", `${what}: it ended with ${code ?? "a signal"}: ${redact(stderr)}`);
    }
    const answer = objectIn(utf8(stdout), what);
    const { Version: version, SessionToken: sessionToken, Expiration: expiration } = answer;
    const expires = expiration === undefined ? Infinity : Date.parse(String(expiration));
    if (version !== 1 || Number.isNaN(expires)) {
      throw new GantryError("invalid-document", `${what}: its answer is not of version 1`);
    }
    const value = {
      accessKeyId: stringIn(answer, "AccessKeyId", what),
      secretAccessKey: stringIn(answer, "SecretAccessKey", what),
      ...(typeof sessionToken === "string" && { sessionToken }),
    };
    return { value, expires };
  }, { now });
}

import type { Command } from "commander";
import { GantryError } from "../../../../errors.ts";
import { login, parseServer } from "../../../../keychain/login.ts";
import type { CommandContext } from "../../../context.ts";
import { readStandardInput } from "../../../support/standard_input.ts";

interface LoginFlags {
  username?: string;
  password?: string;
  passwordStdin?: boolean;
}

/** `gantry auth login` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<server>", "a registry, such as ghcr.io; docker.io is Docker Hub")
    .option("-u, --username <username>", "the user's name")
    .option("-p, --password <password>", "the password, or a token in its place; others may see it here")
    .option("--password-stdin", "read the password from standard input")
    .action((server: string, flags: LoginFlags) => logIn(server, flags, context));
}

async function logIn(server: string, flags: LoginFlags, context: CommandContext): Promise<void> {
  const { signal, environment: { env } } = context;
  const { username = "" } = flags;
  const password = flags.passwordStdin
    ? (await readStandardInput("the password")).replace(/\r?\n$/, "")
    : flags.password ?? "";
  if (username === "" && password === "") {
    throw new GantryError(
      "unauthorized",
      `log in to ${server}: username and password required (-u, --password-stdin)`,
    );
  }
  const { registry } = parseServer(server);
  const credentials = { username, password };
  // A host that this one redirects to does not see them.
  const registries = await context.connect(({ registry: asking }) =>
    Promise.resolve(asking === registry ? credentials : undefined)
  );
  await registries.ping(registry, { signal });
  const { path, helper } = await login(server, credentials, { env, signal });
  await context.log(`logged in via ${helper === undefined ? path : `docker-credential-${helper}`}`);
}

import type { Command } from "commander";
import { goJson } from "../../../../archive/write/go_json.ts";
import type { Credentials } from "../../../../content/credentials.ts";
import { GantryError } from "../../../../errors.ts";
import { defaultKeychain } from "../../../../keychain/default.ts";
import { parseServer } from "../../../../keychain/login.ts";
import type { CommandContext } from "../../../context.ts";
import { AlreadyTold } from "../../../environment.ts";
import { readStandardInput } from "../../../support/standard_input.ts";

/** `gantry auth get`: what Docker asks a credential helper for. */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("[registry]", "a registry; default: a line of standard input, as helpers are asked")
    .action((server: string | undefined) => get(server, context));
}

async function get(given: string | undefined, context: CommandContext): Promise<void> {
  const server = given ?? (await readStandardInput("the name of a registry")).trim();
  const keychain = defaultKeychain({ env: context.environment.env });
  const credentials = await keychain({ ...parseServer(server), actions: ["pull"] });
  if (!credentials) {
    // Word for word what Docker expects of helpers, and where.
    await context.print("credentials not found in native keychain\n");
    throw new AlreadyTold();
  }
  await context.print(`${new TextDecoder().decode(goJson(helperAnswer(credentials, server)))}\n`);
}

function helperAnswer(credentials: Credentials, server: string): { Username: string; Secret: string } {
  if ("username" in credentials) return { Username: credentials.username, Secret: credentials.password };
  if ("identityToken" in credentials) return { Username: "<token>", Secret: credentials.identityToken };
  const problem = "they are a registry token, which helpers cannot give";
  throw new GantryError("unsupported", `get credentials for ${server}: ${problem}`);
}

import type { Command } from "commander";
import { goJson } from "../../../../archive/write/go_json.ts";
import type { CommandContext } from "../../../context.ts";

interface TokenFlags {
  header?: boolean;
  mount?: string[];
  push?: boolean;
}

/** `gantry auth token` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<repo>", "the repository that it is for")
    .option("-H, --header", "print it as a header of HTTP")
    .option(
      "-m, --mount <repos>",
      "another repository to mount from, several by commas",
      (names, before: string[] = []) => [...before, ...names.split(",")],
    )
    .option("--push", "ask for writing too")
    .action((repository: string, flags: TokenFlags) => getToken(repository, flags, context));
}

async function getToken(repository: string, flags: TokenFlags, context: CommandContext): Promise<void> {
  const { push, mount } = flags;
  const registries = await context.registries();
  const { token, answer } = await registries.token(repository, { push, mount, signal: context.signal });
  if (flags.header) return await context.print(`Authorization: Bearer ${token}`);
  const { token: written = token, access_token, refresh_token = "", expires_in = 0 } = answer;
  await context.print(goJson({ token: written, access_token, refresh_token, expires_in }));
  await context.print("\n");
}

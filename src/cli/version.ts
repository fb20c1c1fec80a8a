import type { Output } from "./environment.ts";

declare const GANTRY_COMMIT: string | undefined;

/** The version of Gantry, as deno.json tells it. */
export const version: string = "0.1.0";

/** The commit that an executable was made from; empty elsewhere. */
export const commit: string = typeof GANTRY_COMMIT === "string" ? GANTRY_COMMIT : "";

/** Prints the version, and the commit in an executable. */
export function print(output: Output): Promise<number> {
  const line = commit ? `${version} (${commit})\n` : `${version}\n`;
  return new Promise((resolve, reject) => output.write(line, (error) => error ? reject(error) : resolve(0)));
}

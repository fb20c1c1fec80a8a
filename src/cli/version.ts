declare const GANTRY_COMMIT: string | undefined;

/** The version of Gantry, as deno.json tells it. */
export const version: string = "0.1.0";

/** The commit that an executable was made from; empty elsewhere. */
export const commit: string = typeof GANTRY_COMMIT === "string" ? GANTRY_COMMIT : "";

/** What `gantry version` prints: the version, and in an executable the commit. */
export const versionLine: string = commit ? `${version} (${commit})\n` : `${version}\n`;

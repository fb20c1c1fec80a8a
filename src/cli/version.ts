import manifest from "../../deno.json" with { type: "json" };

/** The version of Gantry. */
export const version: string = manifest.version;

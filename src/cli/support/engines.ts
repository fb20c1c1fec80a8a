import process from "node:process";

/** Adds what decompresses and compresses zstd to a runtime that has nothing of its own: Node before 22.15. */
export async function addMissingEngines(): Promise<void> {
  // Deno and Bun have it. To load node:zlib for a look takes some milliseconds.
  if ("Deno" in globalThis || "Bun" in globalThis || process.versions["zstd"] !== undefined) return;
  const { registerDefaultEngines } = await import("../../engines.ts");
  registerDefaultEngines();
}

import process from "node:process";

/** Adds what decompresses and compresses zstd to a runtime that has nothing of its own: Node before 22.15. */
export async function addMissingEngines(): Promise<void> {
  // Deno and Bun have it, and Bun takes long to load node:zlib.
  if ("Deno" in globalThis || "Bun" in globalThis) return;
  if (process.getBuiltinModule?.("node:zlib").createZstdDecompress !== undefined) return;
  const { registerDefaultEngines } = await import("../../engines.ts");
  registerDefaultEngines();
}

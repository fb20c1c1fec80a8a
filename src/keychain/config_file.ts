import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { concat } from "../bytes.ts";
import type { Credentials, CredentialsRequest } from "../content/credentials.ts";
import { errno, ifThere, storageError } from "../disk/errors.ts";
import { GantryError } from "../errors.ts";
import { type ConfigDocument, credentialsAt, helperFor, parseConfigDocument } from "./config_document.ts";
import type { Variables } from "./execute.ts";

const mostBytes = 8 << 20;

/** Reads a small file that may not be there. A directory in its place is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  const action = `read ${JSON.stringify(path)}`;
  let file: FileHandle | undefined;
  try {
    file = await ifThere(open(path, "r"));
    if (!file || (await file.stat()).isDirectory()) return undefined;
    const chunks: Uint8Array[] = [];
    for (let size = 0;;) {
      // Not by its size, which pipes and devices do not have.
      const chunk = new Uint8Array(65_536);
      const { bytesRead } = await file.read(chunk, 0, chunk.byteLength, null);
      if (bytesRead === 0) return concat(chunks, size);
      chunks.push(chunk.subarray(0, bytesRead));
      if ((size += bytesRead) > mostBytes) {
        throw new GantryError("too-large", `${action}: more than ${mostBytes} bytes`);
      }
    }
  } catch (error) {
    if (errno(error) === "EISDIR") return undefined;
    throw storageError(action, error);
  } finally {
    await file?.close();
  }
}

/** The document of a file, if the file is there. */
export async function readConfigFile(path: string): Promise<ConfigDocument | undefined> {
  const bytes = await readIfThere(path);
  return bytes && parseConfigDocument(bytes, JSON.stringify(path));
}

/** What a document has for a request: from the helper that it names for the registry, else of its own. */
export async function credentialsFrom(
  document: ConfigDocument,
  request: CredentialsRequest,
  ask: (helper: string) => Promise<Credentials | undefined>,
): Promise<Credentials | undefined> {
  const helper = helperFor(document, request.registry);
  const kept = helper === undefined ? undefined : await ask(helper);
  return kept ?? credentialsAt(document, request);
}

/** The user's own directory. */
export function homeOf(env: Variables): string {
  return env["HOME"] || env["USERPROFILE"] || homedir();
}

/** Where Docker's `config.json` is. */
export function dockerConfigPath(env: Variables): string {
  return join(env["DOCKER_CONFIG"] || join(homeOf(env), ".docker"), "config.json");
}

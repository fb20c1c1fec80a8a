import { GantryError } from "../../errors.ts";
import { openRoot } from "../../image/open.ts";
import { selectImage } from "../../image/select.ts";
import { parsePlace } from "../../places/schemes.ts";
import { formatReference } from "../../spec/reference.ts";
import type { Part, Source } from "../../content/contracts.ts";
import type { Clients } from "../../places/scheme.ts";
import type { ImageVerifier, Store } from "../../store/mod.ts";
import { readSmall } from "../../disk/files.ts";
import type { CommandContext } from "../context.ts";
import type { ProgressFlags } from "./progress.ts";
import { imageName, platformsAsked, withStore } from "./store.ts";
import { transfer } from "./transfer.ts";

/** Pulls an image into the store, for this machine unless `--platform` says otherwise. */
export async function pullIntoStore(
  image: string,
  flags: ProgressFlags & { policy?: string },
  context: CommandContext,
): Promise<void> {
  const { reference, source } = registryPlace(image, "pull", "into what");
  await withStore(context, async (there) => {
    const from = source(await context.clients());
    const platforms = await platformsAsked(context);
    const verifiers = flags.policy === undefined ? [] : [await readPolicy(flags.policy)];
    const { image: { name: stored, target } } = await transfer(
      context,
      "pulled",
      flags,
      (options) => there.pull(from, reference, { platforms, verifiers, ...options }),
    );
    const pulled = { image: stored, digest: target.digest };
    await context.print(
      flags.json ? `${JSON.stringify({ type: "result", ...pulled })}\n` : `${stored}@${target.digest}\n`,
    );
  });
}

/**
 * Where an image of a registry comes from, and its name in full.
 *
 * @param action What is to be done with it; `missing`: what has to be said with an image of any other place.
 * @throws {GantryError} `invalid-name`.
 */
export function registryPlace(
  image: string,
  action: string,
  missing: string,
): { reference: string; source: (clients: Clients) => Source } {
  const place = parsePlace(image);
  const { reference, name } = place;
  if (reference && name !== undefined) {
    return { reference: formatReference(reference), source: (clients) => place.source(clients) };
  }
  throw notRegistry(image, action, missing);
}

/** The error for an image of any other place. */
export function notRegistry(image: string, action: string, missing: string): GantryError {
  const advice = `say ${missing}, or name an image of a registry`;
  return new GantryError("invalid-name", `${action} ${JSON.stringify(image)}: ${advice}`);
}

/**
 * The image of a name in the store, to be pushed: an index whole, or the one for the platform that is asked for.
 *
 * @throws {GantryError} `not-found`, also when not all of it is in the store.
 */
export async function openStored(there: Store, text: string, context: CommandContext): Promise<Part> {
  const { signal, platform } = context;
  const name = await imageName(there, text);
  const { target } = await there.images.get(name, { signal });
  const root = await openRoot(there.repository("any"), target, { signal });
  if (platform) return await selectImage(root, platform, { signal });
  const { complete, missing, required } = await there.check(name, { signal });
  if (complete) return root;
  const reason = `${missing.length} of ${required.length} parts are not in the store`;
  const advice = "pull it with --platform all, or push one of its images with --platform";
  throw new GantryError("not-found", `push ${JSON.stringify(name)}: ${reason}; ${advice}`);
}

/** The verifier that a policy file asks for. */
async function readPolicy(path: string): Promise<ImageVerifier> {
  const { parsePolicy, policyVerifier } = await import("../../store/mod.ts");
  const bytes = await readSmall(path, policyLimit);
  if (!bytes) throw new GantryError("not-found", `read ${JSON.stringify(path)}: no such file`);
  return policyVerifier(parsePolicy(bytes, path));
}

/** The largest policy that is read, in bytes. */
const policyLimit = 1024 * 1024;

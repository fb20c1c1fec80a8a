import type { Options, Part } from "../content/contracts.ts";
import { digesting } from "../digest/digesting.ts";
import { GantryError } from "../errors.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { isConfigType, isForeignType } from "../spec/media_type.ts";
import { readTar } from "../tar/read.ts";
import { Image } from "./image.ts";
import { Index } from "./index.ts";
import type { Layer } from "./layer.ts";

/** How to validate. */
export interface ValidateOptions extends Options {
  /** Only checks that the layers are there, and does not read them. Default: false. */
  fast?: boolean | undefined;
}

/**
 * Reads all of an image, or of an index and its images, and lists what is wrong, one sentence each: documents and blobs
 * that do not have their digest or size, layers that are no tars or not those that the config names. The list is empty
 * when nothing is wrong.
 *
 * @throws What does not come from the image, such as the reason of an abort.
 *
 * @example
 * ```ts
 * import { emptyImage, validate } from "@gantry/oci/image";
 *
 * console.log(await validate(emptyImage())); // []
 * ```
 */
export async function validate(image: Image | Index, options: ValidateOptions = {}): Promise<string[]> {
  const problems: string[] = [];
  await noteProblem("", problems, () => validatePart(image, options, problems));
  return problems;
}

async function validatePart(part: Part, options: ValidateOptions, problems: string[]): Promise<void> {
  const { signal } = options;
  if (part instanceof Image) return await validateImage(part, options, problems);
  if (!(part instanceof Index)) {
    const bytes = await (await part.content({ signal })).open({ signal });
    return await bytes.pipeTo(new WritableStream(), { signal });
  }
  const seen = new Set<Digest>();
  for (const child of await part.children({ signal })) {
    if (child.known && seen.has(child.known.digest)) continue; // an index may name an image twice
    if (child.known) seen.add(child.known.digest);
    const inChild: string[] = [];
    await noteProblem("", inChild, () => validatePart(child, options, inChild));
    problems.push(...inChild.map((problem) => `${child.known?.digest}: ${problem}`));
  }
}

async function validateImage(image: Image, options: ValidateOptions, problems: string[]): Promise<void> {
  const { signal } = options;
  const { config } = await image.manifest({ signal });
  const layers = await image.layers({ signal });
  let diffIDs: readonly Digest[] | undefined;
  await noteProblem("", problems, async () => {
    if (isConfigType(config.mediaType)) diffIDs = (await image.configFile({ signal })).rootfs.diff_ids;
    else await image.rawConfigFile({ signal });
  });
  if (diffIDs && diffIDs.length !== layers.length) {
    problems.push(`${layers.length} layers, but the config has ${diffIDs.length} diffIDs`);
  }
  for (const [i, layer] of layers.entries()) {
    if (isForeignType(layer.mediaType())) continue;
    const diffID = diffIDs?.[i];
    await noteProblem(
      `layer ${i}: `,
      problems,
      () =>
        options.fast || diffIDs === undefined
          ? validateBlob(layer, options)
          : validateLayer(layer, diffID, { signal }),
    );
  }
}

async function validateBlob(layer: Layer, { fast, signal }: ValidateOptions): Promise<void> {
  const bytes = await layer.compressed({ signal });
  await (fast ? bytes.cancel() : bytes.pipeTo(new WritableStream(), { signal }));
}

async function validateLayer(layer: Layer, diffID: Digest | undefined, options: Options): Promise<void> {
  const { stream, result } = digesting(diffID && algorithmOf(diffID));
  const tar = (await layer.uncompressed(options)).pipeThrough(stream);
  // This reads the tar to its end, and with it the blob, whose digest is verified there.
  for await (const _ of readTar(tar, { what: "its tar", ...options })) continue;
  const { digest } = await result;
  if (diffID === undefined || digest === diffID) return;
  throw new GantryError("digest-mismatch", `its diffID is ${digest}, the config says ${diffID}`);
}

/** Does some work, and adds the error that it throws to the problems. */
async function noteProblem(where: string, problems: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!GantryError.is(error)) throw error;
    problems.push(where + error.message);
  }
}

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
  /** Only looks whether the layers are there, and does not read them. */
  fast?: boolean | undefined;
}

/**
 * Reads all of an image, or of an index and its images, and tells what is wrong with it, one sentence each: documents and
 * blobs that are not what they are said to be, layers that are no tars or not those that the config names. Nothing is
 * wrong with what gives an empty list.
 *
 * @throws What is nobody's fault, such as the reason of an abort.
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
  await check("", problems, () => look(image, options, problems));
  return problems;
}

async function look(part: Part, options: ValidateOptions, problems: string[]): Promise<void> {
  const { signal } = options;
  if (part instanceof Image) return await lookAtImage(part, options, problems);
  if (!(part instanceof Index)) {
    const bytes = await (await part.content({ signal })).open({ signal });
    return await bytes.pipeTo(new WritableStream(), { signal });
  }
  const seen = new Set<Digest>();
  for (const child of await part.children({ signal })) {
    if (child.known && seen.has(child.known.digest)) continue; // an index may name an image twice
    if (child.known) seen.add(child.known.digest);
    const inChild: string[] = [];
    await check("", inChild, () => look(child, options, inChild));
    problems.push(...inChild.map((problem) => `${child.known?.digest}: ${problem}`));
  }
}

async function lookAtImage(image: Image, options: ValidateOptions, problems: string[]): Promise<void> {
  const { signal } = options;
  const { config } = await image.manifest({ signal });
  const layers = await image.layers({ signal });
  let diffIDs: readonly Digest[] | undefined;
  await check("", problems, async () => {
    if (isConfigType(config.mediaType)) diffIDs = (await image.configFile({ signal })).rootfs.diff_ids;
    else await image.rawConfigFile({ signal });
  });
  if (diffIDs && diffIDs.length !== layers.length) {
    problems.push(`${layers.length} layers, but the config has ${diffIDs.length} diffIDs`);
  }
  for (const [i, layer] of layers.entries()) {
    if (isForeignType(layer.mediaType())) continue;
    const diffID = diffIDs?.[i];
    await check(
      `layer ${i}: `,
      problems,
      () =>
        options.fast || diffIDs === undefined
          ? lookAtBlob(layer, options)
          : lookAtLayer(layer, diffID, { signal }),
    );
  }
}

async function lookAtBlob(layer: Layer, { fast, signal }: ValidateOptions): Promise<void> {
  const bytes = await layer.compressed({ signal });
  await (fast ? bytes.cancel() : bytes.pipeTo(new WritableStream(), { signal }));
}

async function lookAtLayer(layer: Layer, diffID: Digest | undefined, options: Options): Promise<void> {
  const { stream, result } = digesting(diffID && algorithmOf(diffID));
  const tar = (await layer.uncompressed(options)).pipeThrough(stream);
  // The tar is read to its end, and the blob with it, which is verified there.
  for await (const _ of readTar(tar, { what: "its tar", ...options })) continue;
  const { digest } = await result;
  if (diffID === undefined || digest === diffID) return;
  throw new GantryError("digest-mismatch", `its diffID is ${digest}, the config says ${diffID}`);
}

/** Does something, and notes what is wrong. */
async function check(where: string, problems: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!GantryError.is(error)) throw error;
    problems.push(where + error.message);
  }
}

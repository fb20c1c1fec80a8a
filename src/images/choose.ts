import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { Image } from "../image/image.ts";
import { Index } from "../image/index.ts";
import { defaultPlatform, type Platform } from "../spec/platform.ts";
import type { PlatformMatcher } from "../spec/platform_match.ts";

interface Offer {
  image: Image;
  platform: Platform;
}

/** The image that does best for a machine; what is no index is taken as it is. */
export async function chooseImage(
  root: Image | Index,
  platforms: PlatformMatcher,
  options: Options,
): Promise<Image> {
  if (root instanceof Image) return root;
  const offers: Offer[] = [];
  for await (const offer of offersOf(root, options)) {
    if (platforms.matches(offer.platform)) offers.push(offer);
  }
  const [best] = offers.sort((a, b) => platforms.compare(a.platform, b.platform));
  if (best) return best.image;
  throw new GantryError(
    "no-platform",
    `unpack index ${root.known?.digest}: it has no image for the platform`,
  );
}

async function* offersOf(index: Index, options: Options): AsyncGenerator<Offer, void, void> {
  for (const { part, platform } of await index.entries(options)) {
    if (part instanceof Index) yield* offersOf(part, options);
    if (part instanceof Image) yield { image: part, platform: platform ?? defaultPlatform };
  }
}

import type { Options } from "../content/contracts.ts";
import { GantryError } from "../errors.ts";
import { annotations } from "../spec/annotations.ts";
import type { ConfigFile } from "../spec/config.ts";
import { isConfigType } from "../spec/media_type.ts";
import type { Platform } from "../spec/platform.ts";
import { Image } from "./image.ts";
import { Index } from "./index.ts";
import type { IndexEntry } from "./index_body.ts";
import type { EditedIndexEntry } from "./index_edit.ts";
import type { ManifestMatcher } from "./manifest_matcher.ts";
import { replacedEntry } from "./replaced_entry.ts";

/** Which images of an index are edited. */
export interface MapPlatformsOptions {
  /** Which ones. Default: all. What is about another manifest is never among them. */
  matches?: ManifestMatcher | undefined;
  /** Is told of each attestation that goes, as the image that it is about has been changed. */
  onDropped?: ((entry: IndexEntry) => void) | undefined;
}

/** What becomes of what is in an index. */
export interface Mapping extends MapPlatformsOptions {
  /** An image after its edits; undefined leaves it as it is. */
  image(image: Image, entry: IndexEntry): Image | undefined | Promise<Image | undefined>;
  /** An index after its edit. */
  index(index: Index): Index;
}

/** The entries of an index after its images are edited, without attestations of images that have changed. */
export async function mapEntries(
  entries: readonly EditedIndexEntry[],
  mapping: Mapping,
  options: Options,
): Promise<EditedIndexEntry[]> {
  const after = await Promise.all(entries.map((entry) => mapEntry(entry, mapping, options)));
  const changed = await changedDigests(entries, after, options);
  return after.filter((entry) => {
    const subject = subjectOf(entry);
    if (subject === undefined || !changed.has(subject)) return true;
    mapping.onDropped?.(entry);
    return false;
  });
}

async function mapEntry(
  entry: EditedIndexEntry,
  { image, index, matches }: Mapping,
  options: Options,
): Promise<EditedIndexEntry> {
  const { part } = entry;
  if (part instanceof Index) {
    const inner = index(part);
    return await isChanged(part, inner, options) ? replacedEntry(entry, inner) : entry;
  }
  if (!(part instanceof Image) || subjectOf(entry) !== undefined) return entry;
  if (matches && !await matches(entry, options)) return entry;
  const edited = await image(part, entry);
  if (!edited || !await isChanged(part, edited, options)) return entry;
  const platform = await platformAfter(entry, edited, options);
  return { ...replacedEntry(entry, edited), platform };
}

/** The manifest that an attestation is about. */
function subjectOf({ annotations: notes, platform }: IndexEntry): string | undefined {
  const isAttestation = platform?.os === "unknown" || notes?.[annotations.attestationType] !== undefined;
  return isAttestation ? notes?.[annotations.attestationDigest] ?? "" : undefined;
}

async function changedDigests(
  before: readonly EditedIndexEntry[],
  after: readonly EditedIndexEntry[],
  { signal }: Options,
): Promise<Set<string>> {
  const digests = new Set<string>();
  for (const [i, entry] of after.entries()) {
    const { part } = before[i]!;
    if (entry !== before[i] && part instanceof Image) digests.add(await part.digest({ signal }));
  }
  return digests;
}

/** Whether an edit changes anything. What has other parts is not worked out further: that may be much work. */
async function isChanged(before: Image | Index, after: Image | Index, options: Options): Promise<boolean> {
  const [old, now] = [await before.children(options), await after.children(options)];
  const same = (from: number, to?: number) =>
    old.slice(from, to).every((part, i) => part === now.slice(from, to)[i]);
  const layers = before instanceof Image ? -1 : undefined; // the last part is the config
  if (old.length !== now.length || !same(0, layers)) return true;
  try {
    return await before.digest(options) !== await after.digest(options);
  } catch (error) {
    if (GantryError.is(error, "not-computed")) return true;
    throw error;
  }
}

/** The platform that the index is to name: another one where the edit changes what the config says. */
async function platformAfter(
  { part, platform }: EditedIndexEntry,
  edited: Image,
  options: Options,
): Promise<Platform | undefined> {
  if (!platform || !(part instanceof Image)) return platform;
  if (await part.configPart(options) === await edited.configPart(options)) return platform;
  if (!isConfigType((await part.manifest(options)).config.mediaType)) return platform;
  try {
    return followed(platform, await part.config(options), await edited.config(options));
  } catch (error) {
    if (GantryError.is(error, "not-computed")) return platform;
    throw error;
  }
}

const platformFields = ["os", "architecture", "variant", "os.version", "os.features"] as const;

/** A platform after what has changed from one config to the next. */
function followed(platform: Platform, before: ConfigFile, after: ConfigFile): Platform {
  const now: Record<string, unknown> = { ...platform };
  for (const field of platformFields) {
    if (String(before[field] ?? "") === String(after[field] ?? "")) continue;
    if (after[field]) now[field] = after[field];
    else delete now[field];
  }
  return now as unknown as Platform;
}

import type { Target } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { dockerArchiveScheme, ociArchiveScheme } from "./archive.ts";
import { daemonScheme } from "./daemon.ts";
import { dirScheme } from "./dir.ts";
import { ociScheme } from "./oci.ts";
import { registryScheme } from "./registry.ts";
import { s3Scheme } from "./s3.ts";
import { storeScheme } from "./store.ts";
import type { Clients, PathScheme, Place, Scheme } from "./scheme.ts";

/** The kinds of places, in the order in which messages list them. A new kind is a file beside this one and a line here. */
export const schemes: readonly Scheme[] = [
  registryScheme,
  ociScheme,
  dockerArchiveScheme,
  ociArchiveScheme,
  dirScheme,
  s3Scheme,
  daemonScheme,
  storeScheme,
];

const pathSchemes = schemes.filter((scheme): scheme is PathScheme => scheme.kind === "path");

/** What other tools take for a place; unless it is a kind of ours, it is not to be read as a reference. */
const otherKinds = /^(?:[a-z][a-z0-9+.-]*:\/\/|containers-storage:)/;

/** How places are written, for help. */
export const placeUsage: string = `REGISTRY/NAME:TAG, or ${pathUsage(schemes)}`;

/** How the kinds among these that have a path are written: `oci:, docker-archive:PATH[:NAME]`. */
export function pathUsage(of: readonly Scheme[] = schemes): string {
  const prefixes = of.filter(({ kind }) => kind === "path").flatMap(({ prefixes }) => prefixes);
  return `${prefixes.join(", ")}PATH[:NAME]`;
}

/**
 * The place that a string names. Without a prefix it is in a registry.
 *
 * @throws {GantryError} `invalid-name`, `invalid-digest`; `unsupported` for kinds that are not in the list.
 */
export function parsePlace(text: string): Place {
  const { scheme, rest } = schemeOf(text);
  return scheme.parse(rest, text);
}

/**
 * The place that a string names, where no image is named: a repository, or all of a layout.
 *
 * @throws {GantryError} What {@link parsePlace} throws; `invalid-name` also when an image is named.
 */
export function parseContainer(text: string): Place {
  const { scheme, rest } = schemeOf(text);
  return scheme.parseContainer(rest, text);
}

/** The place that a string names if it begins with the prefix of a kind that has a path. */
export function parsePathPlace(text: string): Place | undefined {
  const found = prefixOf(text);
  return found?.scheme.kind === "path" ? found.scheme.parse(found.rest, text) : undefined;
}

/** The place that a string names if it begins with a prefix. */
export function parsePrefixed(text: string): Place | undefined {
  const found = prefixOf(text);
  return found?.scheme.parse(found.rest, text);
}

/** What is at a path: the first kind in the list that recognizes it. */
export async function recognizePath(path: string): Promise<Place | undefined> {
  for (const scheme of pathSchemes) if (await scheme.recognizes(path)) return scheme.at(path);
  return undefined;
}

/**
 * Opens a place to write to.
 *
 * @throws {GantryError} `unsupported` for kinds that are written whole.
 */
export function targetOf(place: Place, text: string, clients: Clients): Target {
  if (place.target) return place.target(clients);
  throw new GantryError(
    "unsupported",
    `open ${JSON.stringify(text)}: ${place.scheme.noun}, which is read or written whole`,
  );
}

function schemeOf(text: string): { scheme: Scheme; rest: string } {
  const found = prefixOf(text);
  if (found) return found;
  if (!otherKinds.test(text)) return { scheme: registryScheme, rest: text };
  const kinds = ["registry/name:tag", ...schemes.flatMap(({ prefixes }) => prefixes)];
  throw new GantryError(
    "unsupported",
    `open ${JSON.stringify(text)}: no such kind of place; there are ${listed(kinds)}`,
  );
}

function prefixOf(text: string): { scheme: Scheme; rest: string } | undefined {
  for (const scheme of schemes) {
    for (const prefix of scheme.prefixes) {
      if (!text.startsWith(prefix)) continue;
      const rest = text.slice(prefix.length);
      // `oci://` is the prefix of a registry in other tools.
      if (prefix.endsWith("//") || !rest.startsWith("//")) return { scheme, rest };
    }
  }
  return undefined;
}

function listed(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

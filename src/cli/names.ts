import type { Target } from "../content/mod.ts";
import { GantryError } from "../errors.ts";
import { layout } from "../layout/mod.ts";
import { referenceOf, splitLayout } from "../places.ts";
import { parseReference, parseRepository } from "../spec/reference.ts";
import type { Cli } from "./cli.ts";

/** The name of the repository or layout of a place. */
export function repositoryNameOf(place: string): string {
  const at = splitLayout(place);
  if (at) return `oci:${at.directory}`;
  const { registry, repository } = parseReference(referenceOf(place));
  return `${registry}/${repository}`;
}

/** A repository, or a layout, by its name alone. */
export function repositoryOf(name: string, cli: Cli): { target: Target; name: string } {
  const at = splitLayout(name);
  if (at?.name !== undefined) {
    throw new GantryError(
      "invalid-name",
      `open ${JSON.stringify(name)}: a name where all of a layout is meant`,
    );
  }
  if (at) return { target: layout(at.directory), name };
  const { registry: host, repository } = parseRepository(referenceOf(name));
  const full = `${host}/${repository}`;
  return { target: cli.registry(full), name: full };
}

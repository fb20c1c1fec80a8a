import type { Command } from "commander";
import type { Part, Source } from "../../../content/mod.ts";
import { Image, Index, type IndexEntry, openRoot } from "../../../image/mod.ts";
import { openNamed } from "../../../places/open.ts";
import { parsePlace } from "../../../places/schemes.ts";
import { annotations } from "../../../spec/annotations.ts";
import type { Descriptor } from "../../../spec/descriptor.ts";
import { formatPlatform } from "../../../spec/platform.ts";
import type { CommandContext } from "../../context.ts";
import { jsonOption } from "../../support/options.ts";
import { formatBytes } from "../../support/table.ts";

/** What is in the graph, and what it leads to. */
interface Node {
  descriptor: Descriptor;
  /** What it is there: an image's platform, `config`, `layer`, `attestation of …`, `referrer`. */
  role: string;
  children: Node[];
}

interface TreeFlags {
  json?: boolean;
  referrers: boolean;
}

/** How many manifests may refer to one another in a row. */
const deepest = 8;

/** `gantry tree` */
export function define(command: Command, context: CommandContext): void {
  command
    .argument("<image>", "any place")
    .option("--no-referrers", "leave out what refers to it, such as signatures")
    .addOption(jsonOption())
    .action(async (from: string, flags: TreeFlags) => {
      const { signal } = context;
      const place = parsePlace(from);
      const source = place.source(await context.clients());
      const root = await openNamed({ source, name: place.name }, `open ${JSON.stringify(from)}`, { signal });
      const node = await new Growing(source, flags.referrers, signal).node(root, "", 0);
      if (flags.json) await context.printJson(node);
      else await context.print(lines(node).join("\n") + "\n");
    });
}

class Growing {
  readonly #source: Source;
  readonly #referrers: boolean;
  readonly #signal: AbortSignal;

  constructor(source: Source, referrers: boolean, signal: AbortSignal) {
    this.#source = source;
    this.#referrers = referrers && source.referrers !== undefined;
    this.#signal = signal;
  }

  async node(part: Part, role: string, depth: number): Promise<Node> {
    const signal = this.#signal;
    const { mediaType, digest, size } = await part.content({ signal });
    const descriptor = { mediaType, digest: digest!, size: size! };
    const children: Node[] = [];
    if (part instanceof Index) {
      for (const entry of await part.entries({ signal })) {
        children.push(await this.node(entry.part, roleOf(entry), depth));
      }
    }
    if (part instanceof Image) children.push(...await this.#partsOf(part));
    if (part.role === "manifest" && depth < deepest) {
      children.push(...await this.#referrersOf(descriptor, depth));
    }
    return { descriptor, role, children };
  }

  async #partsOf(image: Image): Promise<Node[]> {
    const { config, layers } = await image.manifest({ signal: this.#signal });
    const leaf = (descriptor: Descriptor, role: string): Node => ({ descriptor, role, children: [] });
    return [leaf(config, "config"), ...layers.map((layer) => leaf(layer, "layer"))];
  }

  async #referrersOf(descriptor: Descriptor, depth: number): Promise<Node[]> {
    if (!this.#referrers) return [];
    const signal = this.#signal;
    const found: Node[] = [];
    for await (const referrer of this.#source.referrers!(descriptor, { signal })) {
      const root = await openRoot(this.#source, referrer, { signal });
      found.push(await this.node(root, `referrer ${referrer.artifactType ?? ""}`.trim(), depth + 1));
    }
    return found;
  }
}

function roleOf({ platform, annotations: notes, artifactType }: IndexEntry): string {
  const subject = notes?.[annotations.attestationDigest];
  if (subject !== undefined) return `attestation of ${subject}`;
  return platform ? formatPlatform(platform) : artifactType ?? "";
}

function lines(node: Node): string[] {
  const { mediaType, digest, size } = node.descriptor;
  const all = [`${node.role && `${node.role} `}${digest} ${formatBytes(size)} ${mediaType}`];
  node.children.forEach((child, i) => {
    const last = i === node.children.length - 1;
    const [first, ...rest] = lines(child);
    all.push(`${last ? "└── " : "├── "}${first}`, ...rest.map((line) => `${last ? "    " : "│   "}${line}`));
  });
  return all;
}

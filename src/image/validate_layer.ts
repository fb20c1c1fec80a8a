import { type Bytes, chunksOf } from "../bytes.ts";
import { giveBack } from "../lent.ts";
import type { Options } from "../content/contracts.ts";
import { algorithmOf, type Digest } from "../spec/digest.ts";
import { linknameOf, pathOf, type TarHeader } from "../tar/header.ts";
import { decodeName } from "../tar/names.ts";
import { Scanner } from "../tar/scanner.ts";
import type { Finding } from "./finding.ts";
import { hashedTar } from "./hashed_tar.ts";
import type { Layer } from "./layer.ts";

/** How many names of one tar are told of. */
const mostNames = 20;

/** What is wrong with a layer; it is read once. */
export async function findInLayer(
  layer: Layer,
  diffID: Digest | undefined,
  options: Options,
): Promise<Finding[]> {
  const found: Finding[] = [];
  let digest: Digest | undefined;
  const tar = hashedTar(await layer.compressed(options), {
    what: layer.known ? `layer ${layer.known.digest}` : "layer",
    algorithm: diffID && algorithmOf(diffID),
    done: (is) => digest = is,
  });
  const seen = new Set<string>();
  const scanner = new Scanner("its tar");
  let last: Bytes | undefined;
  // This reads the tar to its end, and with it the blob, whose digest is verified there.
  for await (const chunk of chunksOf(tar, options.signal)) {
    scanner.feed(chunk);
    for (let head = scanner.next(); head; head = scanner.next()) {
      const path = decodeName(pathOf(head));
      if (found.length < mostNames) found.push(...findInEntry(path, head, seen));
      seen.add(path);
    }
    // The scanner may have had the end of the chunk before until now.
    if (last) giveBack(last);
    last = chunk;
  }
  scanner.finish();
  if (diffID !== undefined && digest !== diffID) {
    found.push({ code: "digest-mismatch", message: `its diffID is ${digest}, the config says ${diffID}` });
  }
  return found;
}

function* findInEntry(path: string, head: TarHeader, seen: ReadonlySet<string>): Generator<Finding> {
  const quoted = JSON.stringify(path);
  if (seen.has(path)) {
    yield { code: "duplicate-name", path, message: `${quoted} is in its tar more than once` };
  }
  if (leadsOut(path)) yield { code: "unsafe-name", path, message: `${quoted} in its tar leads out of it` };
  const linkname = head.type === "hardlink" ? decodeName(linknameOf(head)) : "";
  if (leadsOut(linkname)) {
    const target = JSON.stringify(linkname);
    yield {
      code: "unsafe-name",
      path,
      message: `${quoted} in its tar is a link to ${target}, which leads out of it`,
    };
  }
}

function leadsOut(path: string): boolean {
  if (!path.includes("..")) return false;
  let depth = 0;
  for (const step of path.split("/")) {
    if (step === "..") depth--;
    else if (step !== "" && step !== ".") depth++;
    if (depth < 0) return true;
  }
  return false;
}

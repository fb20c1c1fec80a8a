/**
 * Races the command against crane, oras, regctl and skopeo, whichever is installed, as whole processes over Debian's
 * `docker-registry`: `deno task bench:cli [JOB…]`. Contestants take turns, in another order each round; the table has
 * medians in milliseconds, and how many times as long as crane each took. It needs `dist/gantry`, which `deno task build`
 * makes.
 *
 * @module
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { copy, emptyImage, type Image, layer } from "../mod.ts";
import { writeTar } from "../src/tar/mod.ts";
import { randomBytes } from "../src/testing/content.ts";
import { startDockerRegistry } from "../tests/interop/docker_registry.ts";
import { executable, type Job, medianOf, raceCommands, root, scratch } from "./commands.ts";

const rounds = Number(process.env["ROUNDS"] ?? 9);

/** How each of them is called. */
const programs: Record<string, string> = {
  gantry: executable,
  "gantry in Deno": `deno run -A ${root}src/cli/main.ts`,
  "gantry in Bun": `bun ${root}src/cli/main.ts`,
  "gantry in Node": `node ${root}src/cli/main.ts`,
};

/** An image with layers that hardly compress, as those of real images once they are compressed. */
function image(layers: number, size: number): Image {
  let made = emptyImage();
  for (let i = 0; i < layers; i++) {
    const bytes = randomBytes(size, i);
    const tar = () =>
      writeTar([{ type: "file", path: `data-${i}`, size, readable: new Blob([bytes]).stream() }]);
    made = made.append(layer(tar, { compression: "gzip" }));
  }
  return made;
}

/** A job for all of them: `gantry` has the arguments of ours, `others` whole commands. */
function job(name: string, gantry: string, others: Record<string, string>): Job {
  const ours = Object.entries(programs).map(([label, program]) => [label, `${program} ${gantry}`]);
  return { name, commands: { ...others, ...Object.fromEntries(ours) } };
}

function jobs(host: string, other: string): Job[] {
  const [large, many] = [`${host}/large:v1`, `${host}/many:v1`];
  const pull = (image: string): Record<string, string> => ({
    crane: `crane pull --format oci ${image} OUT`,
    "crane, sync -f": `crane pull --format oci ${image} OUT && sync -f OUT`,
    oras: `oras copy --from-plain-http --to-oci-layout ${image} OUT:v1`,
    regctl: `regctl image copy --host reg=${host},tls=disabled ${image} ocidir://OUT:v1`,
    skopeo: `skopeo copy --src-tls-verify=false docker://${image} oci:OUT:v1`,
  });
  const layoutDirectory = join(scratch, "layout");
  return [
    job("version", "version", { crane: "crane version" }),
    job("digest", `digest ${large}`, { crane: `crane digest ${large}` }),
    job("pull to a layout", `pull --format oci ${large} OUT`, pull(large)),
    job("pull, 60 layers", `pull --format oci ${many} OUT`, pull(many)),
    job("pull as tarball", `pull ${large} OUT`, {
      crane: `crane pull ${large} OUT`,
      skopeo: `skopeo copy --src-tls-verify=false docker://${large} docker-archive:OUT`,
    }),
    job("push the layout", `push ${layoutDirectory} ${host}/NEW:v1`, {
      crane: `crane push ${layoutDirectory} ${host}/NEW:v1`,
      oras: `oras copy --to-plain-http --from-oci-layout ${layoutDirectory}:v1 ${host}/NEW:v1`,
      regctl:
        `regctl image copy --host reg=${host},tls=disabled ocidir://${layoutDirectory}:v1 ${host}/NEW:v1`,
      skopeo: `skopeo copy --dest-tls-verify=false oci:${layoutDirectory}:v1 docker://${host}/NEW:v1`,
    }),
    job("copy between repositories", `copy ${large} ${host}/NEW:v1`, {
      crane: `crane copy ${large} ${host}/NEW:v1`,
    }),
    job("copy between registries", `copy ${large} ${other}/NEW:v1`, {
      crane: `crane copy ${large} ${other}/NEW:v1`,
    }),
  ];
}

const [registry, other] = [await startDockerRegistry(), await startDockerRegistry()];
try {
  await copy(image(5, 24_000_000), `${registry.host}/large:v1`);
  await copy(image(60, 100_000), `${registry.host}/many:v1`);
  await copy(`${registry.host}/large:v1`, `oci:${join(scratch, "layout")}:v1`);
  await raceCommands(
    "the command",
    `The median of ${rounds} runs in milliseconds, and in brackets that ÷ crane's.`,
    {
      jobs: jobs(registry.host, other.host),
      columns: ["crane", "crane, sync -f", "oras", "regctl", "skopeo", ...Object.keys(programs)],
      rounds,
      cell(column, times) {
        if (!times.has(column)) return "";
        const took = medianOf(times, column);
        return `${took.toFixed(0)} (${(took / medianOf(times, "crane")).toFixed(2)})`;
      },
    },
  );
} finally {
  await Promise.all([registry.stop(), other.stop()]);
  rmSync(scratch, { recursive: true, force: true });
}

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { memory } from "../../src/content/mod.ts";
import { copy } from "../../src/copy/mod.ts";
import { hostsFrom, runtimeTransport } from "../../src/hosts/mod.ts";
import { openRoot } from "../../src/image/mod.ts";
import { registries } from "../../src/registry/mod.ts";
import { rejects } from "../../src/testing/errors.ts";
import { madeUp } from "../crash/made_up.ts";
import { inDirectory } from "../support/directory.ts";
import { needsDockerRegistry, startDockerRegistry } from "./docker_registry.ts";

/** What says that `reg.test` has a mirror and is at another host itself, in each of the ways that we read. */
const files: Record<string, (mirror: string, own: string) => [name: string, content: string]> = {
  "a file of our own": (mirror, own) => [
    "hosts.json",
    JSON.stringify({ hosts: { "reg.test": { url: `http://${own}`, mirrors: [`http://${mirror}`] } } }),
  ],
  "hosts.toml": (mirror, own) => [
    "certs.d/reg.test/hosts.toml",
    `server = "http://${own}"\n[host."http://${mirror}"]\ncapabilities = ["pull", "resolve"]\n`,
  ],
  "registries.conf": (mirror, own) => [
    "registries.conf",
    `[[registry]]\nprefix = "reg.test"\nlocation = "${own}"\ninsecure = true\n` +
    `[[registry.mirror]]\nlocation = "${mirror}"\ninsecure = true\n`,
  ],
};

describe("a docker-registry as a mirror of another", needsDockerRegistry, () => {
  for (const [how, fileOf] of Object.entries(files)) {
    it(`told by ${how}, gives what it has, and leaves the rest to the other`, () =>
      inDirectory(async (directory) => {
        const [mirror, own] = [await startDockerRegistry(), await startDockerRegistry()];
        try {
          const [name, content] = fileOf(mirror.host, own.host);
          const path = join(directory, name.split("/")[0]!);
          await mkdir(join(directory, name, ".."), { recursive: true });
          await writeFile(join(directory, name), content);
          const open = registries({
            endpoints: hostsFrom({ files: [path] }),
            transport: runtimeTransport(),
            retry: { retries: 0 },
          });
          const image = await openRoot(await madeUp(7, 5), "v1");
          // A push goes to the registry itself, since the mirror takes none.
          await copy(image, open("reg.test/app"), { name: "v1" });
          await rejects(registries()(`${mirror.host}/app`).resolve("v1"), "not-found");
          const pulled = await copy(await openRoot(open("reg.test/app"), "v1"), memory(), { name: "v1" });
          assert.equal(pulled.descriptor.digest, await image.digest());
          await copy(image, registries()(`${mirror.host}/app`), { name: "v1" });
          await own.stop();
          await copy(await openRoot(open("reg.test/app"), "v1"), memory(), { name: "v1" });
          await rejects(
            open("reg.test/other").resolve("v1"),
            "unavailable",
            /mirrors: 127\.0\.0\.1:\d+: 404/,
          );
        } finally {
          await Promise.all([mirror.stop(), own.stop()]);
        }
      }));
  }
});

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { copy } from "../../src/copy/mod.ts";
import { imageOf, type RegistryFixture, withRegistry, writeIndex } from "./gantry.ts";

/** A command line that cannot work, and what it must say: one line that names the thing and the reason. */
interface Case {
  args: (fixture: RegistryFixture & { closed: string }) => string[];
  says: (fixture: RegistryFixture & { closed: string }) => string[];
}

const zeros = `sha256:${"0".repeat(64)}`;

const cases: Record<string, Case> = {
  "a registry that cannot be reached": {
    args: ({ closed }) => ["digest", `${closed}/app:v1`],
    says: ({ closed }) => [`${closed}/app:v1`],
  },
  "a registry that cannot be reached to push to": {
    args: ({ host, closed }) => ["copy", `${host}/app:v1`, `${closed}/app:v1`],
    says: ({ closed }) => [closed],
  },
  "a missing tag": {
    args: ({ host }) => ["copy", `${host}/app:nope`, `${host}/to:v1`],
    says: ({ host }) => [`${host}/app:nope`, "MANIFEST_UNKNOWN"],
  },
  "a missing repository": {
    args: ({ host }) => ["manifest", `${host}/nothing/here:v1`],
    says: ({ host }) => [`${host}/nothing/here:v1`, "404"],
  },
  "a missing blob": {
    args: ({ host }) => ["blob", `${host}/app@${zeros}`],
    says: () => [zeros, "404"],
  },
  "a blob that is not named by its digest": {
    args: ({ host }) => ["blob", `${host}/app:v1`],
    says: ({ host }) => [`${host}/app:v1`, "not REPOSITORY@DIGEST"],
  },
  "a reference that is none": {
    args: () => ["digest", "UPPER/x:y:z"],
    says: () => ["UPPER/x:y:z", '"y:z" is no tag'],
  },
  "an empty reference": {
    args: () => ["digest", ""],
    says: () => ['""', "no repository name"],
  },
  "a digest that is none": {
    args: ({ host }) => ["manifest", `${host}/app@sha256:123`],
    says: () => ["sha256:123"],
  },
  "a place of a kind that is not there": {
    args: ({ host }) => ["copy", "containers-storage:app", `${host}/to:v1`],
    says: () => [`open "containers-storage:app"`, "there are registry/name:tag", "docker-archive:"],
  },
  "an archive that is not there": {
    args: ({ host }) => ["copy", "docker-archive:app.tar", `${host}/to:v1`],
    says: () => ['open archive "app.tar": no such file'],
  },
  "a file that is no archive": {
    args: ({ host }) => ["copy", "oci-archive:file", `${host}/to:v1`],
    says: () => ['open archive "file": not a tar'],
  },
  "an archive where a repository is meant": {
    args: () => ["blob", "docker-archive:file"],
    says: () => ["docker-archive:file", "an archive"],
  },
  "a name that Docker does not take": {
    args: ({ host }) => ["copy", `${host}/app:v1`, `docker-archive:out:app@${zeros}`],
    says: () => [`app@${zeros}`, "a tag alone"],
  },
  "a pull into a file in a directory that is not there": {
    args: ({ host }) => ["pull", `${host}/app:v1`, "nowhere/out"],
    says: () => ['"nowhere/out"'],
  },
  "a pull into a directory": {
    args: ({ host }) => ["pull", `${host}/app:v1`, "empty"],
    says: () => ['"empty": a directory'],
  },
  "a digest of nothing": { args: () => ["digest"], says: () => ["an image is needed without --tarball"] },
  "a full reference of what has none": {
    args: () => ["digest", "--full-ref", "--tarball", "file"],
    says: () => ["no full reference"],
  },
  "a validation of what is not there": {
    args: () => ["validate", "--tarball", "nowhere.tar"],
    says: () => ['open archive "nowhere.tar": no such file'],
  },
  "a repository with a tag": {
    args: ({ host }) => ["ls", `${host}/app:v1`],
    says: () => ["app:v1", "no repository name"],
  },
  "a registry that is none": {
    args: ({ host }) => ["catalog", `${host}/app`],
    says: ({ host }) => [`${host}/app`],
  },
  "an unknown platform": {
    args: ({ host }) => ["digest", "--platform", "a/b/c/d", `${host}/app:v1`],
    says: () => ["--platform", '"a/b/c/d"'],
  },
  "a platform that an index does not have": {
    args: ({ host }) => ["pull", "--format", "oci", "--platform", "linux/s390x", `${host}/multi:v1`, "out"],
    says: () => ["linux/s390x", "linux/amd64, linux/arm64"],
  },
  "a pull of what is not there, after what is": {
    args: ({ host }) => ["pull", "--format", "oci", `${host}/app:v1`, `${host}/app:nope`, "out"],
    says: ({ host }) => [`${host}/app:nope`],
  },
  "a place for another format": {
    args: ({ host }) => ["pull", "--format", "tarball", `${host}/app:v1`, "oci:out"],
    says: () => ['"oci:out"', "not a place for tarball"],
  },
  "a format that is none": {
    args: ({ host }) => ["pull", "--format", "zip", `${host}/app:v1`, "out"],
    says: () => ['"zip"'],
  },
  "a directory that is no layout": {
    args: ({ host }) => ["push", "empty", `${host}/to:v1`],
    says: () => ["empty"],
  },
  "a directory that is not there": {
    args: ({ host }) => ["push", "nowhere", `${host}/to:v1`],
    says: () => ['push "nowhere"', "no such file or directory"],
  },
  "a file where a layout is meant": {
    args: ({ host }) => ["push", "file", `${host}/to:v1`],
    says: () => ['open archive "file": not a tar'],
  },
  "a layout with a broken index": {
    args: ({ host }) => ["push", "broken", `${host}/to:v1`],
    says: () => ["broken/index.json", "unexpected end"],
  },
  "a copy to a digest that it does not have": {
    args: ({ host }) => ["copy", `${host}/app:v1`, `${host}/to@${zeros}`],
    says: () => [`copy to ${zeros}`],
  },
  "a tag that is none": {
    args: ({ host }) => ["tag", `${host}/app:v1`, "no tag"],
    says: ({ host }) => [`tag ${host}/app:v1`, '"no tag"'],
  },
  "a deletion of what is not there": {
    args: ({ host }) => ["delete", `${host}/app:nope`],
    says: () => ["nope", "404"],
  },
  "too few arguments": { args: () => ["copy", "one"], says: () => ["missing required argument"] },
  "too many arguments": { args: () => ["digest", "one", "two"], says: () => ["too many arguments"] },
  "an unknown command": { args: () => ["cpoy"], says: () => ["unknown command", "copy"] },
  "an unknown option": { args: () => ["digest", "--nope", "x"], says: () => ["unknown option", "--nope"] },
  "a number of jobs that is none": {
    args: () => ["copy", "-j", "0", "one", "two"],
    says: () => ["--jobs", "1 to 9999"],
  },
  "an address that cannot be listened on": {
    args: () => ["registry", "serve", "--address", "nonsense"],
    says: () => ['"nonsense"', "HOST:PORT"],
  },
};

describe("gantry, given bad input, says in one line what and why, and leaves nothing:", () => {
  for (const [name, { args, says }] of Object.entries(cases)) {
    it(name, () =>
      withRegistry(async (fixture) => {
        const { directory, gantry, repository } = fixture;
        await copy(imageOf("one"), repository("app"), { name: "v1" });
        await writeIndex(repository("multi"), "v1");
        await mkdir(join(directory, "empty"));
        await mkdir(join(directory, "broken"));
        await writeFile(join(directory, "broken/oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
        await writeFile(join(directory, "broken/index.json"), '{"schemaVersion":2,');
        await writeFile(join(directory, "file"), "a file");
        const known = { ...fixture, closed: await closedPort() };

        const { code, stdout, stderr } = await gantry(...args(known));
        assert.equal(code, 1, stderr);
        assert.equal(stdout, "");
        assert.match(stderr, /^Error: [^\n]+\n$/);
        for (const words of says(known)) assert.ok(stderr.includes(words), `${stderr} tells of ${words}`);

        assert.ok(!existsSync(join(directory, "out")), "nothing was made");
        assert.deepEqual(await readdir(join(directory, "empty")), []);
        const tags = [];
        for await (const tag of repository("to").names()) tags.push(tag);
        assert.deepEqual(tags, []);
      }));
  }
});

/** Host and port where nobody listens. */
async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

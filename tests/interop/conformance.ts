/** The distribution specification's conformance suite. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { accessSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";

const install = "go install github.com/opencontainers/distribution-spec/conformance@97274622c111";
const program = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go", "bin")]
  .map((place) => join(place, "conformance"))
  .find((path) => {
    try {
      accessSync(path);
      return true;
    } catch {
      return false;
    }
  });
if (!program && process.env["CI"]) throw new Error(`CI needs the conformance suite: ${install}`);

/** Why tests that need it are left out. */
export const needsConformance: string | false = program
  ? false
  : `the conformance suite is not installed here: ${install}`;

/** Fails unless the registry there conforms. What may be left out is one test: mounting without a repository. */
export async function assertConforms(host: string, login: Record<string, string> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "gantry-conformance-"));
  try {
    const { code, output } = await conform(host, directory, login);
    assert.equal(code, 0, output);
    assert.deepEqual([countOf(output, "FAIL"), countOf(output, "Error")], [0, 0], output);
    assert.ok(countOf(output, "Pass") > 800, output);
    // Whoever knows a digest would learn whether any repository has it.
    for (const line of output.match(/^.*: +Skip$/gm) ?? []) assert.match(line, /anonymous/);
    return `${countOf(output, "Pass")} passed, ${countOf(output, "Skip")} skipped`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** How many tests came to this. */
function countOf(output: string, result: string): number {
  return Number(new RegExp(`^  ${result}\\.+: +(\\d+)$`, "m").exec(output)?.[1]);
}

function conform(
  host: string,
  directory: string,
  login: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn(program!, [], {
    cwd: directory,
    env: { PATH: process.env["PATH"], HOME: directory, OCI_REGISTRY: host, OCI_TLS: "disabled", ...login },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Uint8Array) => output += new TextDecoder().decode(chunk));
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
}

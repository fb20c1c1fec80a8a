/** Finds the shared fixtures: real images and tables of cases, kept beside the checkout and never inside it. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../shared/fixtures/", import.meta.url));

/** Whether the fixtures are there; CI has them. */
export const haveFixtures: boolean = existsSync(root);

if (!haveFixtures && globalThis.process?.env["CI"]) throw new Error(`CI needs the fixtures at ${root}`);

/** The path of a fixture. */
export function fixture(path: string): string {
  return root + path;
}

/** One of the tables of cases. */
export function table<Case>(name: string): Case[] {
  return (JSON.parse(readFileSync(fixture(`tables/${name}.json`), "utf8")) as { cases: Case[] }).cases;
}

/** Option for `describe`: says why a suite is left out where the fixtures are not there. */
export const needsFixtures: { skip: string | false } = {
  skip: haveFixtures ? false : "the shared fixtures are not beside this checkout",
};

import { utf8 } from "../bytes.ts";
import { digestBytes } from "../digest/mod.ts";
import { hexOf } from "../spec/digest.ts";

/** How the sessions of writers are called. */
export const newSession = /^ref-[0-9a-f]{64}$/;

/** The session under which the bytes of a writer are, whatever its ref is made of. */
export async function sessionOf(namespace: string, ref: string): Promise<string> {
  return `ref-${hexOf(await digestBytes(utf8(`${namespace}\0${ref}`)))}`;
}

import type { Temporary } from "../disk/temporary.ts";

/** The tars of layers, each in its layer's place, where they are kept. */
export type Tars = (Temporary | undefined)[];

/** Closes tars. */
export async function closeTars(tars: Tars): Promise<void> {
  await Promise.all(tars.map((tar) => tar?.close()));
}

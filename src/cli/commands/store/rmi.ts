/** `gantry rmi`, by which users of Docker know `gantry images rm`. */

export { define } from "./images_rm.ts";

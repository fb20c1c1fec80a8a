/**
 * The Docker engine, and podman's service that speaks like it, over its socket: images out and in as tars.
 *
 * @module
 */

export { Daemon, daemon, type DaemonImage } from "./daemon.ts";
export type { DaemonOptions } from "./connect.ts";

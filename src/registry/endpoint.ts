/** The host that serves a registry. */
export function endpointOf(registry: string): string {
  return registry === "docker.io" ? "registry-1.docker.io" : registry;
}
